// <wirebook-lanes>: a page over one connection of HTTP/2 and over six of HTTP/1.1: when each file was asked for, and
// when pieces of it came.
import { h } from '../kit/dom.js';
import { breadth, drawing, sample, svg } from '../kit/plot.js';
import { StepWidget } from '../kit/step-widget.js';

const [LEFT, ROW, TOP] = [100, 34, 8];
const HOW = 'a file a line: its name, KiB, and its priority; the first is the page that names the others';
const ms = (number) => `${number.toFixed(0)} ms`;
const done = ({ asked, pieces }) => pieces.at(-1)?.[1] ?? asked;

customElements.define('wirebook-lanes', class extends StepWidget {
  defaults = { at: 1 };
  heads = ['file', 'priority', 'HTTP/2', 'HTTP/1.1', 'connection'];

  above() {
    this.area = h('textarea', {
      class: 'wb-area', rows: 8, 'aria-label': 'the files', spellcheck: 'false', autocapitalize: 'off',
      oninput: ({ target }) => this.change({ lines: target.value, ...this.defaults }),
    });
    this.paper = h('pre', { class: 'wb-paper' });
    this.lanes = h('div');
    return [h('span', { class: 'wb-label-line' }, HOW), this.area, this.paper, this.lanes];
  }

  sync() {
    super.sync();
    if (document.activeElement !== this.area) this.area.value = this.state.lines;
    this.paper.textContent = this.state.lines;
  }

  live({ one_ms: one, two_ms: two }) {
    return `${ms(two)} over HTTP/2, ${ms(one)} over HTTP/1.1`;
  }

  moments({ files }) {
    return files;
  }

  cells({ name, priority, one, two, connection }) {
    return [name, priority || '–', ms(done(two)), ms(done(one)), `${connection} of 6`];
  }

  about({ priority }) {
    const [key] = priority.match(/i$/) ?? priority.match(/u/) ?? ['none'];
    return { key: `priority ${key}`, name: priority || 'no priority' };
  }

  sentence({ name, one, two, stream, connection }) {
    const first = `stream ${stream} brings it by ${ms(done(two))}`;
    return `${name}: ${first}, and connection ${connection} of HTTP/1.1 by ${ms(done(one))}.`;
  }

  // All files are there from the start: stepping marks one.
  fill(answer, moments, at) {
    super.fill(answer, moments, at);
    for (const row of this.rows.body.children) row.classList.remove('wb-rest');
    const width = breadth();
    const end = Math.max(answer.one_ms, answer.two_ms);
    const across = (time) => LEFT + (time / end) * (width - LEFT - 8);
    const way = (y, style, { asked, pieces }) => {
      const from = across(pieces[0]?.[0] ?? asked);
      const waits = svg('line', { x1: across(asked), x2: from, y1: y + 5, y2: y + 5, class: 'wb-axis' });
      return [waits, ...pieces.map(([begin, until]) => svg('rect', {
        x: across(begin), y, width: Math.max(1.5, across(until) - across(begin)), height: 9, class: style,
      }))];
    };
    const rows = moments.flatMap(({ name, one, two }, index) => {
      const y = TOP + index * ROW;
      const look = { x: LEFT - 8, y: y + 18, 'text-anchor': 'end', class: index === at - 1 ? 'wb-marked' : '' };
      return [svg('text', look, name.slice(0, 11)), ...way(y, 'wb-bar-two', two), ...way(y + 12, 'wb-bar-one', one)];
    });
    const height = TOP + moments.length * ROW + 30;
    const time = (x, anchor, text) => svg('text', { x, y: height - 8, 'text-anchor': anchor }, text);
    const bar = (style) => svg('rect', { x: 1, y: 0, width: 32, height: 9, class: style });
    const samples = [['two', 'one connection of HTTP/2'], ['one', 'six of HTTP/1.1']];
    const title = `When each file came over HTTP/2, and over HTTP/1.1. ${this.live(answer)}`;
    this.lanes.replaceChildren(drawing(
      samples.map(([style, text]) => sample(bar(`wb-bar-${style}`), text)),
      svg(
        'svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': title },
        ...rows, time(LEFT, 'start', '0'), time(width - 8, 'end', ms(end)),
      ),
    ));
  }
});
