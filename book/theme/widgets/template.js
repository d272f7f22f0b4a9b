// <wirebook-template>: a template and its data on the left; its tokens, its closures and its output on the right.
import { count, dim, h } from '../kit/dom.js';
import { StepWidget } from '../kit/step-widget.js';

const TOKENS = 400; // shown at once
const KINDS = /text$|escaped$|raw$|^(slot|member|call|include|for|if|block)(?= |$)/;

customElements.define('wirebook-template', class extends StepWidget {
  defaults = { at: 1 };
  heads = ['closure', 'line'];

  body() {
    const area = (name, label, rows) => h('textarea', {
      class: 'wb-area', rows, 'aria-label': label, spellcheck: 'false', autocapitalize: 'off',
      oninput: (event) => this.change({ [name]: event.target.value, ...this.defaults }),
    });
    this.areas = { template: area('template', 'the template', 9), data: area('data', 'the data, as JSON', 4) };
    this.paper = h('pre', { class: 'wb-paper' });
    this.output = h('pre', { tabindex: 0, 'aria-label': 'output', role: 'region' });
    this.faults = h('div', { hidden: true });
    this.tokens = h('div', { class: 'wb-events' });
    const [rows, note, told] = super.body();
    const label = (text) => h('span', { class: 'wb-label-line' }, text);
    const { template, data } = this.areas;
    const left = h('div', {}, label('template'), template, this.paper, label('data'), data);
    const grid = h('div', { class: 'wb-grid' }, left, rows);
    return [grid, note, this.faults, told, label('output'), this.output, this.tokens];
  }

  sync() {
    super.sync();
    for (const [name, area] of Object.entries(this.areas)) {
      if (document.activeElement !== area) area.value = this.state[name];
    }
    this.paper.textContent = `${this.state.template}\n${this.state.data}`;
  }

  live({ compile_us: compiled, render_us: rendered }) {
    if (!rendered) return 'read by this server';
    return `compiled in ${compiled.toFixed(0)} µs, rendered in ${rendered.toFixed(1)} µs`;
  }

  moments({ closures }) {
    return closures;
  }

  cells({ depth, label, line }) {
    return [h('span', { style: `padding-inline-start:${depth}em` }, label), line];
  }

  about({ label, line }) {
    const [kind = ''] = KINDS.exec(label) ?? [];
    return { key: `closure ${kind}`, name: label, where: `line ${line}` };
  }

  sentence(closure, at, { closures, fault, output }) {
    if (!closure) return fault ? `${fault.name}: ${fault.message}` : 'Nothing to run.';
    const rendered = fault ? '' : ` Rendered ${count(output.length, 'character')}.`;
    return `Closure ${at} of ${closures.length}, from line ${closure.line}: ${closure.label}.${rendered}`;
  }

  show(answer) {
    const { tokens, warnings, output, fault } = answer;
    super.show(answer);
    this.output.textContent = output ?? '';
    const notes = [...(fault ? [fault] : []), ...warnings];
    this.faults.hidden = notes.length === 0;
    const framed = ({ name, message, line, column, excerpt }) => h('pre', { class: 'wb-fault' },
      h('b', {}, `${name} at ${line}:${column}`), `: ${message}\n${excerpt}`);
    this.faults.replaceChildren(...notes.map(framed));
    if (notes.length) this.tell({ name: notes[0].name, key: `error ${notes[0].name}` });
    const shown = ({ kind, text }) => (kind === 'text' ? JSON.stringify(text) : text || kind);
    const chip = (token) => h('span', { class: 'wb-event', title: token.kind }, shown(token));
    this.tokens.replaceChildren(dim('tokens'), ...tokens.slice(0, TOKENS).map(chip));
  }
});
