// <wirebook-farewell>: a server that leaves, in four phases: a lane for each of its connections.
import { h } from '../kit/dom.js';
import { breadth, drawing, sample, svg } from '../kit/plot.js';
import { StepWidget } from '../kit/step-widget.js';

const [LEFT, ROW, TOP, APART] = [104, 30, 24, 14];
const HOW = 'a letter a connection: i idles, b comes back, r asks each second, s is slow, l lasts, e never ends';
const seconds = (time) => `${time.toFixed(1)} s`;

customElements.define('wirebook-farewell', class extends StepWidget {
  defaults = { at: 1 };
  heads = ['time', 'who', 'what happens'];
  log = true;

  above() {
    this.field = h('input', {
      type: 'text', 'aria-label': 'the connections', spellcheck: 'false', autocapitalize: 'off', maxlength: 16,
      oninput: ({ target }) => this.change({ connections: target.value, ...this.defaults }),
    });
    this.lanes = h('div');
    return [h('div', { class: 'wb-cut' }, h('label', {}, HOW, ' ', this.field)), this.lanes];
  }

  sync() {
    super.sync();
    if (document.activeElement !== this.field) this.field.value = this.state.connections;
  }

  live({ end }) {
    return `simulated by this server: all have left after ${seconds(end)}`;
  }

  moments({ moments }) {
    return moments;
  }

  who({ lane }, { lanes }) {
    return lane === null ? 'the server' : `${lane + 1}: ${lanes[lane].name}`;
  }

  cells(moment, answer) {
    return [seconds(moment.at), this.who(moment, answer), moment.what];
  }

  about({ what }) {
    const [name] = what.split(':');
    return { key: `moment ${name}`, name };
  }

  sentence(moment, at, answer) {
    const { lane } = moment;
    const who = lane === null ? 'The server' : `Connection ${lane + 1}, which ${answer.lanes[lane].name}`;
    return `After ${seconds(moment.at)}. ${who}: ${moment.what}.`;
  }

  fill(answer, moments, at) {
    super.fill(answer, moments, at);
    const { lanes, phases, end } = answer;
    const now = moments[at - 1];
    const width = breadth();
    const across = (time) => LEFT + ((time + 1) / (Math.max(end, 1) + 1)) * (width - LEFT - 12);
    const height = TOP + lanes.length * ROW + 26;
    const upright = (time, style) => svg('line', {
      x1: across(time), x2: across(time), y1: TOP - 6, y2: height - 22, class: style,
    });
    const rows = lanes.flatMap(({ name, waits, end: over }, index) => {
      const y = TOP + index * ROW;
      const text = svg('text', {
        x: LEFT - 8, y: y + 15, 'text-anchor': 'end', class: index === now?.lane ? 'wb-marked' : '',
      }, `${index + 1} ${name}`);
      const open = svg('line', {
        x1: across(-1), x2: across(over), y1: y + 11, y2: y + 11, class: 'wb-line-3', 'stroke-width': 2,
      });
      const busy = waits.map(([from, until]) => svg('rect', {
        x: across(from), y: y + 5, width: Math.max(2, across(until) - across(from)), height: 12, class: 'wb-bar-two',
      }));
      return [text, open, ...busy];
    });
    // Phases may begin together: their numbers stand beside each other then.
    const places = phases.map(([time]) => across(time));
    for (let at = places.length - 2; at >= 0; at -= 1) places[at] = Math.min(places[at], places[at + 1] - APART);
    const numbers = places.map((x, index) => svg('text', { x, y: 14, 'text-anchor': 'middle' }, index + 1));
    const names = phases.map(([, name], index) => `${index + 1} ${name}`).join(' · ');
    const foot = (x, anchor, text) => svg('text', { x, y: height - 6, 'text-anchor': anchor }, text);
    const bar = svg('rect', { x: 1, y: 0, width: 32, height: 9, class: 'wb-bar-two' });
    const line = svg('line', { x1: 1, x2: 33, y1: 5, y2: 5, class: 'wb-line-3', 'stroke-width': 2 });
    this.lanes.replaceChildren(drawing(
      [sample(bar, 'waits for an answer'), sample(line, 'is open'), h('span', {}, names)],
      svg(
        'svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `A farewell. ${this.live(answer)}` },
        ...phases.map(([time]) => upright(time, 'wb-axis')), ...rows, ...numbers,
        upright(now?.at ?? 0, 'wb-now'), foot(across(0), 'middle', '0'), foot(width - 12, 'end', seconds(end)),
      ),
    ));
  }
});
