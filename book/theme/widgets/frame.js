// <wirebook-frame>: WebSocket frames as bits. Any bit can be flipped; and the page can send a message over its own
// WebSocket and see the bytes that arrived at the server.
import { h } from '../kit/dom.js';
import { ask } from '../kit/live.js';
import { CutWidget } from '../kit/cut-widget.js';
import { mark, rfc, showBytes, showTable } from '../kit/spans.js';

const KEY = '\x37\xfa\x21\x3d';
const masked = (text) => [...text].map((char, i) => String.fromCharCode(char.charCodeAt(0) ^ KEY.charCodeAt(i % 4))).join('');
const frame = (first, text) => String.fromCharCode(first, 0x80 | text.length) + KEY + masked(text);
const EXAMPLES = [
  ['masked "Hello", and a ping', frame(0x81, 'Hello') + frame(0x89, '')],
  ['two fragments, a ping between', frame(0x01, 'Hel') + frame(0x89, 'p') + frame(0x80, 'lo')],
  ['close 1000', frame(0x88, '\x03\xe8bye')],
  ['not masked', '\x81\x05Hello'],
  ['a length that is not minimal', `\x81\xfe\x00\x05${KEY}${masked('Hello')}`],
  ['a reserved bit', frame(0xc1, 'Hello')],
  ['a reserved opcode', frame(0x83, 'Hello')],
  ['text that is not UTF-8', frame(0x81, 'a\xc0\xaf')],
  ['a fragmented ping', frame(0x09, 'p')],
  ['2⁶³ bytes', `\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00${KEY}`],
];

customElements.define('wirebook-frame', class extends CutWidget {
  name = 'frame';
  title_ = 'WebSocket frames';
  examples = EXAMPLES;
  at = 0;

  controls() {
    this.example = h('select', { 'aria-label': 'example', onchange: () => this.pick(this.example.selectedIndex) }, ...EXAMPLES.map(([label]) => h('option', {}, label)), h('option', { hidden: true }, 'bytes of your own'));
    this.back = this.button('◀ step', () => this.step(-1), { 'aria-label': 'step back' });
    this.forth = this.button('step ▶', () => this.step(1), { 'aria-label': 'step forward' });
    this.edit = this.button('edit', () => this.toggle(), { 'aria-pressed': 'false' });
    return [this.example, this.back, this.forth, this.edit];
  }

  body() {
    this.slider = h('input', { type: 'range', min: 0, 'aria-label': 'cut after byte', oninput: () => this.cutAt(Number(this.slider.value)) });
    this.count = h('output');
    this.mine = h('input', { type: 'text', value: 'Hello from this page', 'aria-label': 'a message of your own' });
    this.spans = h('span', { class: 'wb-spans' });
    this.text = h('textarea', { class: 'wb-edit', 'aria-label': 'bytes of the frames, with \\x00 as escapes', spellcheck: 'false', oninput: () => this.typed() });
    this.rows = h('tbody');
    this.bits = h('div', { class: 'wb-frame-bits', role: 'group', 'aria-label': 'bits of the header' });
    this.events = h('div', { class: 'wb-events' });
    this.fault = h('div', { class: 'wb-fault', hidden: true });
    this.rule = h('span');
    const heads = ['field', 'bytes', 'value', 'rule'].map((label) => h('th', { scope: 'col' }, label));
    return [
      h('style', {}, `
        .wb-frame-bits { padding: .5rem 1rem; display: grid; gap: 2px; overflow-x: auto }
        .wb-frame-bits div { display: flex; gap: 2px; align-items: center; white-space: nowrap }
        .wb-frame-bits button { font: inherit; font-family: var(--mono-font, monospace); min-width: 1.6em; padding: 0 }
        .wb-frame-bits button[aria-pressed=true] { font-weight: bold; text-decoration: underline }
        .wb-flags { text-decoration: underline solid 2px } .wb-length { text-decoration: underline double 2px }
        .wb-mask { text-decoration: underline dotted 2px } .wb-payload { text-decoration: underline dashed 2px }`),
      h('div', { class: 'wb-cut' }, h('span', {}, 'my own frames'), this.mine, this.button('send over this page\'s WebSocket', () => this.own())),
      h('div', { class: 'wb-cut' }, h('span', {}, 'cut after byte'), this.slider, this.count),
      h('div', { class: 'wb-grid' }, h('div', { class: 'wb-bytes' }, this.spans, this.text),
        h('div', { class: 'wb-table' }, h('table', {}, h('thead', {}, h('tr', {}, ...heads)), this.rows))),
      this.bits, this.fault, this.events,
      h('div', { class: 'wb-foot' }, h('span', {}, '← → step · Home End go to the ends · Tab moves between bits and fields · Enter flips a bit'), h('span', {}, 'websocket/src/frame.rs'), this.rule),
    ];
  }

  // The question travels over the page's socket like any other, so the bytes that it arrived in are the answer.
  async own() {
    try {
      const { input } = await ask('frame/own', { text: this.mine.value });
      this.take(input);
      this.say('These bytes arrived at the server: your message, masked by your browser.');
    } catch (error) {
      this.status.textContent = error.message;
    }
  }

  // A step is to the next edge of a field.
  stops({ parts }) {
    return parts.map((part) => part.end);
  }

  flip(byte, bit) {
    const flipped = String.fromCharCode(this.input.charCodeAt(byte) ^ (0x80 >> bit));
    this.at = this.bits.querySelectorAll('button').length ? [...this.bits.querySelectorAll('button')].indexOf(document.activeElement) : -1;
    this.take(this.input.slice(0, byte) + flipped + this.input.slice(byte + 1));
  }

  show(answer) {
    const { cut, len, fault, frames } = answer;
    const point = (part) => { mark(this, part); this.rule.replaceChildren(part < 0 ? '' : rfc(answer.parts[part].rule)); };
    this.status.classList.remove('wb-away');
    this.status.textContent = 'live: read by this server';
    this.slider.max = len;
    this.slider.value = cut;
    this.count.textContent = `${cut} / ${len}`;
    this.ends(cut === 0, cut === len);
    showBytes(this.spans, answer, cut, point);
    showTable(this.rows, answer, cut, point);
    this.showBits(frames.findLast((one) => one.start < Math.max(cut, 1)) ?? { start: 0, length: Math.min(2, len), fields: [] });
    this.events.replaceChildren(h('span', { class: 'wb-note' }, 'events'), ...answer.events.map((event, index) => h('span', { class: `wb-event ${index < answer.before_cut ? '' : 'wb-rest'}` }, `${event.event} ${event.text}`)), ...(answer.events.length ? [] : ['none']));
    this.fault.hidden = !fault;
    if (fault) this.fault.replaceChildren(h('b', {}, `${fault.name} at byte ${fault.offset}`), `: ${fault.message}. A server answers ${fault.answer} and ends the connection.`);
    this.say(fault ? `Refused at byte ${fault.offset}: ${fault.message}` : `Byte ${cut} of ${len}, ${answer.before_cut} of ${answer.events.length} events.`);
  }

  // A row for each byte of the header, a button for each bit, and the fields that lie in it.
  showBits({ start, length, fields }) {
    this.bits.replaceChildren(...Array.from({ length }, (_, byte) => {
      const value = this.input.charCodeAt(start + byte);
      const here = fields.filter((field) => field.first < byte * 8 + 8 && field.first + field.bits > byte * 8);
      const label = (bit) => here.find((field) => field.first <= byte * 8 + bit && byte * 8 + bit < field.first + field.bits)?.name ?? 'bit';
      const buttons = Array.from({ length: 8 }, (_, bit) => this.button((value >> (7 - bit)) & 1, () => this.flip(start + byte, bit), { 'aria-pressed': Boolean((value >> (7 - bit)) & 1), 'aria-label': `${label(bit)}, bit ${bit} of byte ${start + byte}`, title: `${label(bit)}: flip` }));
      return h('div', {}, ...buttons, h('code', {}, ` ${value.toString(16).padStart(2, '0')} `), h('span', { class: 'wb-note' }, here.filter((field) => field.first >= byte * 8).map((field) => `${field.name} = ${field.value}`).join(' · ')));
    }));
    if (this.at >= 0) this.bits.querySelectorAll('button')[this.at]?.focus();
    this.at = -1;
  }
});
