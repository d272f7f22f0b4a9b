// <wirebook-windows>: the totals of a window as staircases: what was granted, what came, what was read.
import { h } from '../kit/dom.js';
import { plot } from '../kit/plot.js';
import { StepWidget } from '../kit/step-widget.js';

const bytes = (number) => number.toLocaleString('en');

customElements.define('wirebook-windows', class extends StepWidget {
  heads = ['ms', 'granted', 'received', 'read', 'room', 'unread', 'what is new'];
  log = true;

  above() {
    this.lines = h('div');
    return [this.lines];
  }

  live() {
    return "this server's own connections, in virtual time";
  }

  moments({ moments }) {
    return moments;
  }

  cells({ ms, granted, received, read, news }) {
    const totals = [ms, granted, received, read, granted - received, received - read].map(bytes);
    return [...totals, news.join('; ') || '–'];
  }

  about() {
    const { reader } = this.state;
    return { id: reader, name: `who ${reader}`, key: `reader ${reader}` };
  }

  sentence({ ms, granted, received, read }, at, { stood }) {
    const room = granted - received;
    const may = room > 0 ? `${bytes(room)} bytes may still come` : 'the window is shut';
    const still = stood > 1000 ? ` For ${(stood / 1000).toFixed(0)} s nothing could move.` : '';
    return `At ${bytes(ms)} ms: ${may}, and ${bytes(received - read)} lie here unread.${still}`;
  }

  show(answer) {
    super.show(answer);
    const { moments } = answer;
    const line = (name) => ({ name, steps: true, points: moments.map((moment) => [moment.ms, moment[name]]) });
    this.lines.replaceChildren(plot({
      title: `The totals of ${this.state.shown}: ${this.note.textContent}`, x: 'ms', now: moments[this.at - 1]?.ms,
      lines: ['granted', 'received', 'read'].map(line),
    }));
  }
});
