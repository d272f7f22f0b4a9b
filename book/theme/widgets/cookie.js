// <wirebook-cookie>: what a browser makes of a Set-Cookie, question by question, and whether it sends the cookie along.
import { h } from '../kit/dom.js';
import { rule } from '../kit/spans.js';
import { StepWidget } from '../kit/step-widget.js';

const LINES = [['set', 'Set-Cookie'], ['from', 'in the answer of'], ['asks', 'later asked for']];

customElements.define('wirebook-cookie', class extends StepWidget {
  heads = ['stage', 'question', 'answer', 'because', 'rule'];

  above() {
    this.lines = Object.fromEntries(LINES.map(([name, label]) => [name, h('textarea', {
      rows: 1, 'aria-label': label, spellcheck: 'false', autocapitalize: 'off',
      oninput: ({ target }) => this.change({ [name]: target.value.replaceAll('\n', ''), ...this.defaults }),
    })]));
    this.paper = h('pre', { class: 'wb-paper' });
    const line = ([name, label]) => h('div', { class: 'wb-cut' }, h('span', {}, label), this.lines[name]);
    return [...LINES.map(line), this.paper];
  }

  below() {
    this.verdict = h('div', { class: 'wb-state' });
    this.ours = h('div', { class: 'wb-state' });
    return [this.verdict, this.ours];
  }

  sync() {
    super.sync();
    for (const [name, line] of Object.entries(this.lines)) {
      if (document.activeElement !== line) line.value = this.state[name];
    }
    this.paper.textContent = LINES.map(([name, label]) => `${label}: ${this.state[name]}`).join('\n');
  }

  live() {
    return 'read by the production reader';
  }

  moments({ steps }) {
    return steps;
  }

  about({ what, key }) {
    return { id: key, name: what, key };
  }

  cells({ stage, what, holds, because, rule: section }) {
    return [stage, what, holds ? 'yes' : 'no', because, rule(section)];
  }

  sentence({ stage, what, holds, because }, at, { steps }) {
    return `Step ${at} of ${steps.length}, ${stage}: ${what} ${holds ? 'Yes' : 'No'}: ${because}.`;
  }

  show(answer) {
    super.show(answer);
    const { verdict, sent, ours } = answer;
    this.verdict.replaceChildren(h('b', {}, verdict), ...(sent ? [h('code', {}, sent)] : []));
    this.ours.replaceChildren(h('span', {}, 'Written by us:'), h('code', {}, ours));
  }
});
