// <wirebook-pipe>: a page whose parts are late; what the server has, and what has arrived, at each moment.
import { h } from '../kit/dom.js';
import { StepWidget } from '../kit/step-widget.js';

customElements.define('wirebook-pipe', class extends StepWidget {
  heads = ['ms', 'who', 'what'];

  above() {
    this.area = h('textarea', {
      class: 'wb-area', rows: 4, 'aria-label': 'parts, one a line', spellcheck: 'false', autocapitalize: 'off',
      oninput: ({ target }) => this.change({ parts: target.value, ...this.defaults }),
    });
    this.paper = h('pre', { class: 'wb-paper' });
    const label = h('span', { class: 'wb-label-line' }, 'parts: a name, milliseconds, and perhaps “fails”');
    return [label, this.area, this.paper];
  }

  below() {
    this.verdict = h('div', { class: 'wb-state' });
    const label = 'what the browser has so far';
    this.page = h('pre', { class: 'wb-wire', tabindex: 0, role: 'region', 'aria-label': label });
    return [this.verdict, h('span', { class: 'wb-label-line' }, label), this.page];
  }

  sync() {
    super.sync();
    if (document.activeElement !== this.area) this.area.value = this.state.parts;
    this.paper.textContent = this.state.parts;
  }

  live() {
    return 'sent by a production application, in virtual time';
  }

  moments({ moments }) {
    return moments;
  }

  about({ kind }) {
    return { id: kind, name: kind, key: `pipe ${kind}` };
  }

  kind({ who }) {
    return `wb-${who}`;
  }

  cells({ ms, who, what }) {
    return [ms, who, what];
  }

  sentence({ ms, who, kind, what }, at, { moments }) {
    return `Step ${at} of ${moments.length}, at ${ms} ms: ${kind === 'arrives' ? `the ${who} gets ${what}` : what}.`;
  }

  show(answer) {
    super.show(answer);
    this.verdict.replaceChildren(h('b', {}, answer.verdict));
    // What came last stands out: a part is appended to one long line.
    const came = answer.moments.slice(0, this.at).map(({ text }) => text).filter(Boolean);
    const last = came.pop();
    const nothing = this.state.coding === 'gzip' ? 'bytes of gzip' : 'nothing';
    this.page.replaceChildren(came.join(''), last ? h('b', {}, last) : nothing);
  }
});
