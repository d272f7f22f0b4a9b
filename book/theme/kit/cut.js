// What widgets share whose input is bytes that may be cut in two: picked or typed, and the slider that cuts.
import { h } from './dom.js';
import { Widget } from './widget.js';

export class Cut extends Widget {
  defaults = { cut: Infinity };

  // The slider, and the bytes beside what a widget makes of them.
  halves(beside) {
    this.slider = h('input', {
      type: 'range', min: 0, 'aria-label': 'cut after byte', oninput: () => this.cutAt(Number(this.slider.value)),
    });
    this.count = h('output');
    this.note = h('span', { class: 'wb-note' });
    this.spans = h('div', { class: 'wb-spans' });
    const bytes = h('div', { class: 'wb-bytes' }, this.spans, this.editor.area);
    return [h('div', { class: 'wb-cut' }, h('span', {}, 'cut after byte'), this.slider, this.count, this.note),
      h('div', { class: 'wb-grid' }, bytes, beside)];
  }

  sync() {
    super.sync();
    if (this.state.cut >= this.state.input.length) this.state.cut = Infinity;
  }

  typed(input, hint) {
    this.change({ input, cut: Infinity }, hint);
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

  showCut(cut, len) {
    this.slider.max = len;
    this.slider.value = cut;
    this.count.textContent = `${cut} / ${len}`;
    this.limits(cut === 0, cut === len);
  }
}
