// <wirebook-frame>: WebSocket frames as bits. Any bit can be flipped; and the page can send a message over its own
// WebSocket and see the bytes that arrived at the server.
import { BitWidget } from '../kit/bit-widget.js';
import { dim, h, hex } from '../kit/dom.js';
import { ask } from '../kit/live.js';
import { spot } from '../kit/spans.js';

const FRAMES = 16; // frames whose bits are shown
const PAYLOAD = 64; // bytes of a payload that are unmasked on the screen

const lines = (texts) => texts.map((text) => h('span', {}, text));

customElements.define('wirebook-frame', class extends BitWidget {
  defaults = { cut: Infinity, client: 0, deflate: 0 };
  bytes = 'bytes of the frames';
  settings = { client: 'a client reads them', deflate: 'permessage-deflate was agreed on' };

  above() {
    this.message = h('input', { type: 'text', value: 'Hello from this page', 'aria-label': 'a message of your own' });
    const send = this.button("send over this page's WebSocket", () => this.own());
    return [h('div', { class: 'wb-cut' }, h('span', {}, 'my own frames'), this.message, send), ...super.above()];
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

  frames(answer) {
    const frames = answer.frames.slice(0, FRAMES);
    const more = answer.frames.length - frames.length;
    const shown = frames.map((frame, index) => this.frame(frame, index, answer));
    return [...shown, more ? dim(`… and ${more} more frames`) : ''];
  }

  frame(frame, index, answer) {
    const { start, length, end, fields } = frame;
    const late = start >= answer.cut ? 'wb-rest' : '';
    const title = `frame ${index + 1}: bytes ${start}–${end}`;
    return h('div', { class: `wb-frame ${late}` }, dim(title), this.header(frame, answer),
      fields.length && end > start + length ? this.payload(frame, answer) : '');
  }

  // Payload ⊕ key, byte by byte: what is on the wire, what of the key, and what that says.
  payload({ start, length, end, masked, plain }, { input }) {
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
