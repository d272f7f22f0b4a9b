// <wirebook-event-stream>: what the decoder makes of the bytes of an event stream, cut wherever the reader likes.
import { h } from '../kit/dom.js';
import { CutWidget } from '../kit/cut-widget.js';
import { mark, showBytes, showTable } from '../kit/spans.js';

const EXAMPLES = [
  ['fields, two lines of data', ': a comment\nevent: add\nid: 7\ndata: first line\ndata:  second line\n\nretry: 3000\ndata: unfinished\n'],
  ['CR, LF and CR LF', 'data: 1\r\rdata: 2\n\ndata: 3\r\n\r\n'],
  ['the id stays, and is reset', 'id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n'],
  ['an id without data', 'id: 7\n\ndata: x\n\n'],
  ['nearly a field', 'Data: 1\ndata : 2\n data: 3\ndata2: 4\n\ndata:5\n\n'],
  ['empty data', 'data\n\ndata:\n\ndata\ndata\n\n'],
  ['a BOM, twice', '\xef\xbb\xbfdata: 1\n\n\xef\xbb\xbfdata: 2\n\n'],
  ['NUL in an id', 'id: 1\ndata: a\n\nid: 2\x003\ndata: b\n\n'],
  ['broken UTF-8', 'data: caf\xc3\xa9 caf\xe9\ndata: \xf0\x9f\xa6\x80 \xf0\x9f\n\n'],
  ['an attempt at injection', 'id: 1\rdata: evil\r\rdata: x\n\n'],
];
const SOURCE = 'sse/src/decoder/by_line.rs';

customElements.define('wirebook-event-stream', class extends CutWidget {
  name = 'event-stream';
  title_ = 'Event stream';
  examples = EXAMPLES;

  controls() {
    this.example = h('select', { 'aria-label': 'example', onchange: () => this.pick(this.example.selectedIndex) }, ...EXAMPLES.map(([label]) => h('option', {}, label)), h('option', { hidden: true }, 'bytes of your own'));
    this.variant = h('select', { 'aria-label': 'decoder', onchange: () => this.refresh() }, h('option', { value: 'fast' }, 'decoder: fast'), h('option', { value: 'by_line' }, 'decoder: by line'));
    this.back = this.button('◀ step', () => this.step(-1), { 'aria-label': 'step back' });
    this.forth = this.button('step ▶', () => this.step(1), { 'aria-label': 'step forward' });
    this.edit = this.button('edit', () => this.toggle(), { 'aria-pressed': 'false' });
    return [this.example, this.variant, this.back, this.forth, this.edit];
  }

  body() {
    this.slider = h('input', { type: 'range', min: 0, 'aria-label': 'cut after byte', oninput: () => this.cutAt(Number(this.slider.value)) });
    this.count = h('output');
    this.note = h('span', { class: 'wb-note' });
    this.spans = h('span', { class: 'wb-spans' });
    this.text = h('textarea', { class: 'wb-edit', 'aria-label': 'bytes of the stream, with \\n and \\x00 as escapes', spellcheck: 'false', oninput: () => this.typed() });
    this.rows = h('tbody');
    this.events = h('div', { class: 'wb-events' });
    this.states = h('div', { class: 'wb-state' });
    const heads = ['part', 'bytes', 'value', 'rule'].map((label) => h('th', { scope: 'col' }, label));
    return [
      h('div', { class: 'wb-cut' }, h('span', {}, 'cut after byte'), this.slider, this.count, this.note),
      h('div', { class: 'wb-grid' }, h('div', { class: 'wb-bytes' }, this.spans, this.text),
        h('div', { class: 'wb-table' }, h('table', {}, h('thead', {}, h('tr', {}, ...heads)), this.rows))),
      this.events, this.states,
      h('div', { class: 'wb-foot' }, h('span', {}, '← → step · Home End go to the ends · Tab moves between parts'), h('span', {}, SOURCE),
        h('a', { href: 'https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation' }, 'HTML §9.2.6')),
    ];
  }

  restore(state) {
    if (state.decoder === 'by_line') this.variant.value = 'by_line';
    super.restore(state);
  }

  state() {
    return { ...super.state(), ...(this.variant.value !== 'fast' && { decoder: this.variant.value }) };
  }

  request() {
    return { ...super.request(), parser: this.variant.value };
  }

  stops({ states }) {
    return states.map((mark) => mark.at);
  }

  show(answer) {
    const { cut, len, events, before_cut: before } = answer;
    const point = (part) => mark(this, part);
    this.status.classList.remove('wb-away');
    this.status.textContent = `live: decoded by this server, ${answer.nanoseconds.toFixed(0)} ns (${answer.parser})`;
    this.slider.max = len;
    this.slider.value = cut;
    this.count.textContent = `${cut} / ${len}`;
    this.note.textContent = answer.same ? `${before} of ${events.length} events so far; the cut changes none of them` : 'The events differ: this is a bug of ours.';
    this.ends(cut === 0, cut === len);
    showBytes(this.spans, answer, cut, point);
    const focused = this.rows.contains(document.activeElement) ? document.activeElement.dataset.part : null;
    showTable(this.rows, answer, cut, point);
    if (focused) this.rows.children[focused]?.focus();
    this.events.replaceChildren(h('span', { class: 'wb-note' }, 'events'), ...events.map((event, index) => h('span', { class: `wb-event ${index < before ? '' : 'wb-rest'}` }, event.text)), ...(events.length ? [] : ['none']));
    const now = answer.states.findLast((state) => state.at <= cut)?.state ?? 'start of a line';
    this.states.replaceChildren(h('span', { class: 'wb-note' }, 'the decoder is in'), h('span', { class: 'wb-chip wb-now' }, now));
    this.say(`Byte ${cut} of ${len}: ${now}. ${this.note.textContent}.`);
  }
});
