// <wirebook-reader>: what our crates and the reader's own program make of the same bytes, line by line.
import { Editor, toText } from '../kit/bytes.js';
import { h, Table } from '../kit/dom.js';
import { Widget } from '../kit/widget.js';

customElements.define('wirebook-reader', class extends Widget {
  defaults = { cut: Infinity };
  binary = true;
  keys = '← → move the cut · Home End go to the ends ·';

  controls() {
    return [...super.controls(), this.editor.button];
  }

  body() {
    this.editor = new Editor(this, 'the bytes for both, with \\r\\n and \\x00 as escapes', '\\r\\n');
    this.slider = h('input', {
      type: 'range', min: 0, 'aria-label': 'cut after byte', oninput: () => this.cutAt(Number(this.slider.value)),
    });
    this.count = h('output');
    this.spans = h('div', { class: 'wb-spans' });
    this.rows = new Table('line', 'ours', 'yours');
    this.note = h('div', { class: 'wb-state' });
    this.printed = h('pre', { hidden: true });
    const cut = h('div', { class: 'wb-cut' }, h('span', {}, 'cut after byte'), this.slider, this.count);
    const bytes = h('div', { class: 'wb-bytes' }, this.spans, this.editor.area);
    return [cut, h('div', { class: 'wb-grid' }, bytes, this.rows.element), this.note, this.printed];
  }

  sync() {
    super.sync();
    this.editor.write(this.state.input);
    if (this.state.cut >= this.state.input.length) this.state.cut = Infinity;
  }

  // Another stage has an example of its own.
  choose(name, value) {
    const example = this.facts.examples.find(({ state }) => state[name] === value);
    this.change({ ...this.defaults, ...example?.state, [name]: value });
  }

  typed(input) {
    this.change({ input, ...this.defaults });
  }

  cutAt(at) {
    this.state.cut = Math.max(0, at);
    this.refresh();
  }

  step(direction) {
    this.cutAt(Math.min(this.state.cut, this.state.input.length) + direction);
  }

  end(direction) {
    this.cutAt(direction < 0 ? 0 : Infinity);
  }

  live({ file, yours }) {
    return yours ? `our crates, and your ${file}` : 'our crates';
  }

  show({ ours, yours, trouble, printed, line }) {
    const { input } = this.state;
    const cut = Math.min(this.state.cut, input.length);
    this.slider.max = input.length;
    this.slider.value = cut;
    this.count.textContent = `${cut} / ${input.length}`;
    this.limits(cut === 0, cut === input.length);
    this.spans.replaceChildren(toText(input.slice(0, cut)), h('span', { class: 'wb-mark' }), h('span', { class: 'wb-rest' }, toText(input.slice(cut))));
    const count = Math.max(ours.length, yours?.length ?? 0);
    this.rows.fill(Array.from({ length: count }, (_, at) => [{ class: at === line ? 'wb-on' : '' }, at === line ? '≠' : '',
      h('code', {}, ours[at] ?? ''), h('code', {}, yours?.[at] ?? '')]));
    this.note.textContent = trouble ?? (line === null ? 'Yours says what ours says.' : `They differ in line ${line + 1}.`);
    this.printed.textContent = printed;
    this.printed.hidden = !printed;
    this.say(this.note.textContent);
  }
});
