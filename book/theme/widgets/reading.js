// <wirebook-reading>: a request's head as a handler is told of it: each thing that it asks, and why it is answered so.
import { h } from '../kit/dom.js';
import { rule } from '../kit/spans.js';
import { StepWidget } from '../kit/step-widget.js';

customElements.define('wirebook-reading', class extends StepWidget {
  heads = ['what', 'says', 'because', 'rule'];

  above() {
    this.area = h('textarea', {
      class: 'wb-area', rows: 6, 'aria-label': 'the head of a request', spellcheck: 'false', autocapitalize: 'off',
      oninput: ({ target }) => this.change({ head: target.value, ...this.defaults }),
    });
    this.paper = h('pre', { class: 'wb-paper' });
    return [h('span', { class: 'wb-label-line' }, 'the head of a request'), this.area, this.paper];
  }

  below() {
    this.verdict = h('div', { class: 'wb-state' });
    return [this.verdict];
  }

  sync() {
    super.sync();
    if (document.activeElement !== this.area) this.area.value = this.state.head;
    this.paper.textContent = this.state.head;
  }

  live() {
    return 'read by a production server';
  }

  moments({ steps }) {
    return steps;
  }

  about({ what, key }) {
    return { id: key, name: what, key };
  }

  cells({ what, says, because, rule: section }) {
    return [what, h('code', {}, says), because, rule(section)];
  }

  sentence(now, at, { steps, verdict }) {
    return now ? `Step ${at} of ${steps.length}: ${now.what} is ${now.says}: ${now.because}.` : verdict;
  }

  show(answer) {
    super.show(answer);
    this.verdict.replaceChildren(h('b', {}, answer.verdict));
  }
});
