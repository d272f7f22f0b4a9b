// Widgets of protocols that are frames: bytes in a hex grid, and the bits of headers, each a button that flips it.
import { h, hex } from './dom.js';
import { CutWidget } from './cut-widget.js';
import { asGrid, spot } from './spans.js';

export class BitWidget extends CutWidget {
  // A widget gives frames(answer), the elements that show bits, and may have settings: how the bytes are read, 0 or 1
  // in the state and in a link.
  settings = {};

  above() {
    this.boxes = Object.keys(this.settings).map((name) => h('input', {
      type: 'checkbox', name, onchange: ({ target }) => this.change({ [name]: Number(target.checked) }),
    }));
    const labels = this.boxes.map((box) => h('label', {}, box, ` ${this.settings[box.name]}`));
    return [h('div', { class: 'wb-cut' }, ...labels)];
  }

  below() {
    this.bits = h('div', { class: 'wb-frames', role: 'group', 'aria-label': 'bits of the headers' });
    return [this.bits];
  }

  sync() {
    super.sync();
    for (const box of this.boxes) box.checked = this.state[box.name] > 0;
  }

  draw(answer) {
    return asGrid(answer, answer.cut);
  }

  live() {
    return 'read by this server';
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
    const focused = this.bits.contains(document.activeElement) && document.activeElement.dataset.spot;
    this.bits.replaceChildren(...this.frames(answer));
    super.show(answer);
    this.bits.querySelector(`[data-spot="${focused}"]`)?.focus({ preventScroll: true });
  }

  // The bytes of a frame's header.
  header(frame, answer) {
    return h('div', { class: 'wb-header' },
      ...Array.from({ length: frame.length }, (_, byte) => this.byteBits(frame, byte, answer)));
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
    return h('div', { class: 'wb-byte' }, ...bits, ...this.labels(here, start, byte, value));
  }

  labels(here, start, byte, value) {
    return here.map((field) => {
      const span = Math.min(8, field.first + field.bits - byte * 8) - Math.max(0, field.first - byte * 8);
      const text = field.bits === 1 ? field.name : field.bits > 8
        ? `${field.name}[${byte - Math.floor(field.first / 8)}] ${hex(value)}` : `${field.name} ${field.value}`;
      return this.label(this.field(field, start), field.kind, span, text);
    });
  }

  label(about, kind, span, text) {
    return spot(about, 'span', { class: `wb-label wb-${kind}`, style: `grid-column: span ${span}` }, text);
  }

  field({ name, first, bits, key, value }, start) {
    const from = start * 8 + first;
    const where = bits === 1 ? `bit ${first % 8} of byte ${start + (first >> 3)}: ${value}` : `${bits} bits: ${value}`;
    return { id: `field ${from}`, name, key, from, to: from + bits, where };
  }
}
