// <wirebook-cache>: a request, what lies there and perhaps a cache between: who decides what, by which field, and why.
import { h } from '../kit/dom.js';
import { rule } from '../kit/spans.js';
import { StepWidget } from '../kit/step-widget.js';

customElements.define('wirebook-cache', class extends StepWidget {
  heads = ['who', 'field', 'finds', 'rule'];

  above() {
    const area = (name, label) => h('textarea', {
      class: 'wb-area', rows: 5, 'aria-label': label, spellcheck: 'false', autocapitalize: 'off',
      oninput: ({ target }) => this.change({ [name]: target.value, ...this.defaults }),
    });
    this.areas = {
      asks: area('asks', 'the request: a method, a path, and fields'),
      ours: area('ours', 'the fields of what lies there'),
    };
    this.paper = h('pre', { class: 'wb-paper' });
    this.age = h('input', {
      type: 'range', min: 0, max: 600, 'aria-label': 'age of the copy in the cache, in seconds',
      oninput: ({ target }) => this.change({ age: Number(target.value), ...this.defaults }),
    });
    this.years = h('output');
    this.slider = h('div', { class: 'wb-cut' }, h('span', {}, 'age of the copy'), this.age, this.years);
    const label = (text) => h('span', { class: 'wb-label-line' }, text);
    const { asks, ours } = this.areas;
    const [left, right] = [h('div', {}, label('request'), asks), h('div', {}, label('what lies there'), ours)];
    return [h('div', { class: 'wb-grid' }, left, right), this.paper, this.slider];
  }

  below() {
    this.verdict = h('div', { class: 'wb-state' });
    this.wire = h('pre', { class: 'wb-wire', tabindex: 0, role: 'region', 'aria-label': 'the head of the answer' });
    return [this.verdict, this.wire];
  }

  sync() {
    super.sync();
    for (const [name, area] of Object.entries(this.areas)) {
      if (document.activeElement !== area) area.value = this.state[name];
    }
    this.paper.textContent = `${this.state.asks}\n\n${this.state.ours}`;
    this.age.value = this.state.age;
    this.years.textContent = `${this.state.age} s`;
    this.slider.hidden = this.state.between === 'nothing';
  }

  live() {
    return 'decided by the production code';
  }

  moments({ steps }) {
    return steps;
  }

  about({ field, key }) {
    return { id: key, name: field, key };
  }

  cells({ who, field, what, rule: section }) {
    return [who, field, what, rule(section)];
  }

  sentence(now, at, { steps, verdict }) {
    if (!now) return `Nothing is to be decided: ${verdict}.`;
    return `Step ${at} of ${steps.length}: ${now.who} looks at ${now.field}: ${now.what}.`;
  }

  show(answer) {
    super.show(answer);
    this.verdict.replaceChildren(h('b', {}, answer.verdict));
    this.wire.textContent = answer.wire;
  }
});
