// Widgets whose input is bytes that may be cut in two: picked or typed, slid and stepped through.
import { Widget } from './widget.js';
import { fromFragment, toBytes, toFragment, toText } from './bytes.js';

export class CutWidget extends Widget {
  // A widget sets examples: [[label, bytes], …]. Its controls make the elements example and edit, its body slider and
  // text; it gives stops(answer), the places at which a step rests.
  cut = Infinity;

  connectedCallback() {
    this.input ??= this.examples[0][1];
    super.connectedCallback();
  }

  restore(state) {
    const bytes = state.input && fromFragment(state.input);
    if (bytes != null) this.input = bytes;
    if (state.cut) this.cut = Number(state.cut) || 0;
    this.name_example();
    if (document.activeElement !== this.text) this.text.value = toText(this.input);
  }

  state() {
    return { input: toFragment(this.input), ...(this.cut < this.input.length && { cut: this.cut }) };
  }

  request() {
    this.cut = Math.min(this.cut, this.input.length);
    return { input: this.input, cut: this.cut };
  }

  // The list shows the example that the input is, or that it is the reader's own.
  name_example() {
    const known = this.examples.findIndex(([, bytes]) => bytes === this.input);
    this.example.selectedIndex = known < 0 ? this.examples.length : known;
  }

  take(bytes, write = true) {
    this.input = bytes;
    this.cut = Infinity;
    this.name_example();
    if (write) this.text.value = toText(bytes);
    this.refresh();
  }

  pick(index) {
    this.take(this.examples[index][1]);
  }

  typed() {
    this.take(toBytes(this.text.value), false);
  }

  toggle() {
    const editing = this.classList.toggle('wb-editing');
    this.edit.setAttribute('aria-pressed', editing);
    this.edit.textContent = editing ? 'done' : 'edit';
    if (editing) this.text.focus();
  }

  cutAt(at) {
    this.cut = Math.max(0, Math.min(at, this.input.length));
    this.refresh();
  }

  step(direction) {
    const stops = [...new Set([0, ...this.stops(this.answer), this.input.length])].sort((a, b) => a - b);
    const next = direction > 0 ? stops.find((at) => at > this.cut) : stops.findLast((at) => at < this.cut);
    if (next !== undefined) this.cutAt(next);
  }

  key(event) {
    if (event.target.matches('input, textarea, select') || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = { ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1), Home: () => this.cutAt(0), End: () => this.cutAt(Infinity) }[event.key];
    if (action) { event.preventDefault(); action(); }
  }
}
