// <wirebook-hpack>: fields as the encoder writes them and the decoder reads them, one representation after the other,
// with the dynamic table behind each.
import { count, dim, h, Table } from '../kit/dom.js';
import { spot } from '../kit/spans.js';
import { StepWidget } from '../kit/step-widget.js';

const LETTERS = 64; // shown of a string
const OCTETS = 8; // shown of a step in the list of all
const HOW = 'a field a line; an empty line ends a block; - in front stays out of the table, ! out of every table';

const label = (name, span, text) => h(
  'span', { class: `wb-label wb-${name}`, style: `grid-column: span ${span}` }, text,
);

customElements.define('wirebook-hpack', class extends StepWidget {
  defaults = { at: 1 };
  heads = ['block', 'field', 'octets', 'the table then'];
  log = true;

  above() {
    this.area = h('textarea', {
      class: 'wb-area', rows: 8, 'aria-label': 'the fields', spellcheck: 'false', autocapitalize: 'off',
      oninput: ({ target }) => this.change({ lines: target.value, ...this.defaults }),
    });
    this.paper = h('pre', { class: 'wb-paper' });
    return [h('span', { class: 'wb-label-line' }, HOW), this.area, this.paper];
  }

  below() {
    this.octets = h('div', { class: 'wb-frames', role: 'group', 'aria-label': 'the octets of this step' });
    this.entries = new Table('index', 'name', 'value', 'bytes');
    return [this.octets, this.entries.element];
  }

  sync() {
    super.sync();
    if (document.activeElement !== this.area) this.area.value = this.state.lines;
    this.paper.textContent = this.state.lines;
  }

  live({ blocks }) {
    const sum = (name) => blocks.reduce((all, block) => all + block[name], 0);
    return `${count(sum('octets'), 'byte')} for ${sum('text')} of text`;
  }

  moments({ steps }) {
    return steps;
  }

  cells({ block, octets, field, table, size }) {
    const all = octets.split(' ');
    const some = all.length > OCTETS ? `${all.slice(0, OCTETS).join(' ')} … ${all.length}` : octets;
    return [block, field || 'a new size', h('code', {}, some), `${table.length} in it, ${count(size, 'byte')}`];
  }

  about({ kind, octets }) {
    const where = octets.length > 40 ? `${octets.slice(0, 39)}…` : octets;
    return { id: kind, name: kind, key: `representation ${kind}`, where };
  }

  sentence(step, at, { steps, same }) {
    if (!same) return 'The fields differ: this is a bug of ours.';
    if (!step) return 'There are no fields.';
    const { field, octets, why, left } = step;
    const gone = left.length ? ` ${left.map(({ name }) => name).join(', ')} must leave.` : '';
    const long = count(octets.split(' ').length, 'octet');
    return `Step ${at} of ${steps.length}: ${field || 'a new size'}. It is ${long}, because ${why}.${gone}`;
  }

  show(answer) {
    super.show(answer);
    const step = answer.steps[this.at - 1];
    const { table = [], left = [], entered, named, strings = [] } = step ?? {};
    this.octets.replaceChildren(...(step ? [this.number(step)] : []), ...strings.map((one) => this.string(one)));
    const row = (style, { name, value, size }, place) => [
      { class: style }, place, h('code', {}, name), h('code', {}, value), size,
    ];
    const used = named?.index <= 61 ? [row('', { ...named, size: '–' }, `${named.index}, static`)] : [];
    const stays = table.map((entry, nth) => {
      const fresh = entered && nth === 0;
      return row(fresh ? 'wb-on' : '', entry, fresh ? `${entry.index}, new` : entry.index);
    });
    this.entries.fill([...used, ...stays, ...left.map((entry) => row('wb-rest', entry, 'leaves'))]);
  }

  // The first octet: the bits of the kind, and those of the number.
  number({ mark, prefix, number, kind, octets, strings }) {
    const spelled = strings.reduce((sum, one) => sum + one.octets, 0);
    const bit = (char) => h('span', { class: 'wb-bit', 'data-set': char }, char);
    const index = number ? `index ${number}` : 'name follows';
    const byte = h(
      'div', { class: 'wb-byte' }, ...[...mark, ...prefix].map(bit),
      label('flags', mark.length, ''), label('length', prefix.length, kind === 'Size' ? `${number} bytes` : index),
    );
    const numbers = octets.split(' ').length - spelled;
    const title = `${kind}: its first octet${numbers > 1 ? `, of ${numbers} for the number` : ''}`;
    const about = { id: 'kind', name: kind, key: `representation ${kind}` };
    return spot(about, 'div', { class: 'wb-frame' }, dim(title), h('div', { class: 'wb-header' }, byte));
  }

  // A string, and the code of each letter.
  string({ what, length, octets, letters }) {
    const coded = letters.some(([, code]) => code);
    const how = coded ? ` of Huffman code for ${count(length, 'letter')}` : ', as they stand';
    const columns = letters.slice(0, LETTERS)
      .map(([letter, code]) => h('span', { class: 'wb-plain' }, h('span', {}, code || ' '), h('b', {}, letter)));
    const rest = letters.length > LETTERS ? dim('…') : '';
    const title = dim(`${what}: ${count(octets, 'octet')}${how}`);
    return h('div', { class: 'wb-frame' }, title, h('div', { class: 'wb-xor' }, ...columns, rest));
  }
});
