// <wirebook-frame>: WebSocket frames as bits. Any bit can be flipped; and the page can send a message over its own
// WebSocket and see the bytes that arrived at the server.
import { dim, h, hex } from '../kit/dom.js';
import { ask } from '../kit/live.js';
import { CutWidget } from '../kit/cut-widget.js';
import { asGrid, spot } from '../kit/spans.js';

const FRAMES = 16; // frames whose bits are shown
const PAYLOAD = 64; // bytes of a payload that are unmasked on the screen

// How the bytes are read: 0 or 1 in the state, and in a link.
const SETTINGS = { client: 'a client reads them', deflate: 'permessage-deflate was agreed on' };
const lines = (texts) => texts.map((text) => h('span', {}, text));

customElements.define('wirebook-frame', class extends CutWidget {
  defaults = { cut: Infinity, client: 0, deflate: 0 };
  bytes = 'bytes of the frames';

  above() {
    this.message = h('input', { type: 'text', value: 'Hello from this page', 'aria-label': 'a message of your own' });
    const send = this.button("send over this page's WebSocket", () => this.own());
    this.settings = Object.keys(SETTINGS).map((name) => h('input', {
      type: 'checkbox', name, onchange: ({ target }) => this.change({ [name]: Number(target.checked) }),
    }));
    const labels = this.settings.map((box) => h('label', {}, box, ` ${SETTINGS[box.name]}`));
    return [h('div', { class: 'wb-cut' }, h('span', {}, 'my own frames'), this.message, send),
      h('div', { class: 'wb-cut' }, ...labels)];
  }

  below() {
    this.bits = h('div', { class: 'wb-frames', role: 'group', 'aria-label': 'bits of the headers' });
    return [this.bits];
  }

  sync() {
    super.sync();
    for (const box of this.settings) box.checked = this.state[box.name] > 0;
  }

  request() {
    const { client, deflate, ...question } = super.request();
    return { ...question, client: client > 0, deflate: deflate > 0 };
  }

  draw(answer) {
    return asGrid(answer, answer.cut);
  }

  live() {
    return 'read by this server';
  }

  // The message travels over the page's socket by itself, so the bytes that it arrives in are the answer.
  async own() {
    try {
      const { input } = await ask('frame/own', null, this.message.value);
      const said = 'These bytes arrived at the server: your message, masked by your browser.';
      this.change({ input, ...this.defaults }, said);
    } catch (error) {
      this.hint(error.message, true);
    }
  }

  // A step is to the next edge of a field.
  stops({ parts }) {
    return parts.map((part) => part.end);
  }

  flip(byte, bit) {
    const { input } = this.state;
    const flipped = String.fromCharCode(input.charCodeAt(byte) ^ (0x80 >> bit));
    this.change({ input: input.slice(0, byte) + flipped + input.slice(byte + 1) });
  }

  show(answer) {
    this.focused = this.bits.contains(document.activeElement) && document.activeElement.dataset.spot;
    const frames = answer.frames.slice(0, FRAMES);
    const more = answer.frames.length - frames.length;
    this.bits.replaceChildren(...frames.map((frame, index) => this.frameBits(frame, index, answer)),
      more ? dim(`… and ${more} more frames`) : '');
    super.show(answer);
    this.bits.querySelector(`[data-spot="${this.focused}"]`)?.focus({ preventScroll: true });
  }

  frameBits(frame, index, answer) {
    const { start, length, end, fields } = frame;
    const late = start >= answer.cut ? 'wb-rest' : '';
    const bytes = Array.from({ length }, (_, byte) => this.byteBits(frame, byte, answer));
    const title = `frame ${index + 1}: bytes ${start}–${end}`;
    const header = h('div', { class: 'wb-header' }, ...bytes);
    return h('div', { class: `wb-frame ${late}` }, dim(title), header,
      fields.length && end > start + length ? this.payload(frame) : '');
  }

  // A byte's eight bits, each a button, and beneath them the fields that lie in it.
  byteBits({ start, fields }, byte, { input }) {
    const value = input.charCodeAt(start + byte);
    const here = fields.filter((field) => field.first < byte * 8 + 8 && field.first + field.bits > byte * 8);
    const bits = Array.from({ length: 8 }, (_, bit) => {
      const field = here.find((one) => one.first <= byte * 8 + bit && byte * 8 + bit < one.first + one.bits);
      const set = (value >> (7 - bit)) & 1;
      return spot({ ...this.field(field, start), id: `bit ${start + byte}.${bit}` }, 'button', {
        type: 'button', class: 'wb-bit', 'aria-pressed': String(set === 1), onclick: () => this.flip(start + byte, bit),
        'aria-label': `${field.name}, bit ${bit} of byte ${start + byte}`, title: `${field.name}: flip`,
      }, set);
    });
    const labels = here.map((field) => {
      const span = Math.min(8, field.first + field.bits - byte * 8) - Math.max(0, field.first - byte * 8);
      const text = field.bits === 1 ? field.name : field.bits > 8
        ? `${field.name}[${byte - field.first / 8}] ${hex(value)}` : `${field.name} ${field.value}`;
      const look = { class: `wb-label wb-${field.kind}`, style: `grid-column: span ${span}` };
      return spot(this.field(field, start), 'span', look, text);
    });
    return h('div', { class: 'wb-byte' }, ...bits, ...labels);
  }

  field({ name, first, bits, key, value }, start) {
    const from = start * 8 + first;
    const where = bits === 1 ? `bit ${first % 8} of byte ${start + (first >> 3)}: ${value}` : `${bits} bits: ${value}`;
    return { id: `field ${from}`, name, key, from, to: from + bits, where };
  }

  // Payload ⊕ key, byte by byte: what is on the wire, what of the key, and what that says.
  payload({ start, length, end, masked, plain }) {
    const { input } = this.answer;
    const from = start + length;
    const columns = [...plain.slice(0, PAYLOAD)].map((char, index) => {
      const code = char.charCodeAt(0);
      const key = masked ? hex(input.charCodeAt(from - 4 + (index % 4))) : '';
      const letter = code > 0x20 && code < 0x7f ? char : '·';
      const at = (from + index) * 8;
      const about = { id: `plain ${from + index}`, name: 'payload', key: 'payload', from: at, to: at + 8 };
      const wire = hex(input.charCodeAt(from + index));
      about.where = masked ? `${wire} ⊕ ${key} = ${hex(code)}` : `${wire}, not masked`;
      const column = lines(masked ? [wire, key, hex(code)] : [wire]);
      return spot(about, 'span', { class: 'wb-plain' }, ...column, h('b', {}, letter));
    });
    const legend = masked ? ['payload', '⊕ key[i mod 4]', '= text'] : ['payload'];
    const rest = end - from - columns.length;
    const heads = h('span', { class: 'wb-plain wb-note' }, ...lines(legend), h('b', {}, ' '));
    return h('div', { class: 'wb-xor' }, heads, ...columns, rest > 0 ? dim(`… ${rest} more`) : '');
  }
});
