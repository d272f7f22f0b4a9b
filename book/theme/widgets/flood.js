// <wirebook-flood>: frames without a purpose, and the two budgets of the connection that gets them.
import { count, h } from '../kit/dom.js';
import { plot } from '../kit/plot.js';
import { rule } from '../kit/spans.js';
import { StepWidget } from '../kit/step-widget.js';

const time = (ms) => (ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`);

customElements.define('wirebook-flood', class extends StepWidget {
  heads = ['times', 'at', 'resets left', 'idle frames left', 'what is new'];
  log = true;

  above() {
    this.lines = h('div');
    this.fault = h('div', { class: 'wb-fault', hidden: true });
    return [this.lines, this.fault];
  }

  live() {
    return "this server's own connection, in virtual time";
  }

  moments({ moments }) {
    return moments;
  }

  cells({ sent, ms, resets, idle, news }) {
    return [sent, time(ms), resets, idle, news.join(', ') || '–'];
  }

  about() {
    const { flood } = this.state;
    return { id: flood, name: flood, key: `flood ${flood}` };
  }

  sentence({ sent, ms, resets, idle }, at, { moments, end, held }) {
    const behind = `After it was sent ${count(sent, 'time')}, at ${time(ms)}`;
    if (at < moments.length) return `${behind}: ${resets} resets and ${idle} idle frames are left.`;
    if (!end) return `${behind}, the connection still lives: so slow a flood costs less than it gives back.`;
    const kept = held ? ` It had to keep ${count(held, 'byte')} of unfinished frames at most.` : '';
    return `${behind}, the connection ends.${kept}`;
  }

  show(answer) {
    super.show(answer);
    const { moments, end, full } = answer;
    const line = (name, key) => ({ name, points: moments.map((moment) => [moment.sent, moment[key]]) });
    this.lines.replaceChildren(plot({
      title: `The budgets over the flood: ${this.note.textContent}`, x: 'times', now: moments[this.at - 1]?.sent,
      lines: [line(`resets, of ${full[0]}`, 'resets'), line(`idle frames, of ${full[1]}`, 'idle')],
    }));
    this.fault.hidden = !end;
    if (!end) return;
    const { name, rule: broken, section, code } = end;
    this.fault.replaceChildren(h('b', {}, name), `: ${broken} (`, rule(section), `). GOAWAY says ${code}.`);
  }
});
