// <wirebook-router>: the reader's routes as the tree that serves, and one look-up in it, node by node.
import { dim, h, Table } from '../kit/dom.js';
import { StepWidget } from '../kit/step-widget.js';

customElements.define('wirebook-router', class extends StepWidget {
  heads = ['place', 'routes', 'byte', 'the walk'];

  body() {
    const [rows, note, told] = super.body();
    rows.classList.remove('wb-steps');
    this.areas = {
      routes: h('textarea', {
        class: 'wb-area', rows: 9, 'aria-label': 'routes, one a line', ...this.typing('routes'),
      }),
      asks: h('input', { type: 'text', 'aria-label': 'the request: a method and a path', ...this.typing('asks') }),
    };
    this.paper = h('pre', { class: 'wb-paper' });
    this.path = h('div', { class: 'wb-bytes' });
    this.verdict = h('div', { class: 'wb-state' });
    this.near = new Table('closest routes', 'byte', 'why');
    const label = (text) => h('span', { class: 'wb-label-line' }, text);
    const asks = h('div', { class: 'wb-cut' }, h('span', {}, 'request'), this.areas.asks);
    const left = h('div', {}, label('routes'), this.areas.routes, this.paper);
    const right = h('div', {}, asks, this.path, this.verdict, this.near.element);
    return [h('div', { class: 'wb-grid' }, left, right), rows, note, told];
  }

  typing(name) {
    const oninput = ({ target }) => this.change({ [name]: target.value, ...this.defaults });
    return { spellcheck: 'false', autocapitalize: 'off', oninput };
  }

  sync() {
    super.sync();
    for (const [name, area] of Object.entries(this.areas)) {
      if (document.activeElement !== area) area.value = this.state[name];
    }
    this.paper.textContent = `${this.state.routes}\n${this.state.asks}`;
  }

  live() {
    return 'looked up in a production router';
  }

  // The steps are the nodes that the walk came to, in its order.
  moments({ twigs }) {
    return twigs.filter(({ came }) => came !== null).sort((a, b) => a.came - b.came);
  }

  // The rows are the places of the tree.
  row(index) {
    const at = this.moments(this.answer).indexOf(this.answer.twigs[index]);
    if (at >= 0) this.go(at + 1);
  }

  about({ text, key, at }) {
    return { id: text, name: text, key, where: `byte ${at}` };
  }

  fill({ twigs, washed }, moments, at) {
    const now = moments[at - 1];
    const reached = now ? now.came : -1;
    let above = [];
    this.rows.fill(twigs.map((twig) => {
      above = [...above.slice(0, twig.depth), twig];
      const parent = above[twig.depth - 1];
      // A node that was not entered was looked at from the one above it.
      const looked = twig.came ?? (twig.why === 'nobody looked' ? Infinity : parent?.came ?? -1);
      const style = `${looked > reached ? 'wb-rest' : ''} ${twig === now ? 'wb-on' : ''}`;
      const place = h('code', { style: `padding-inline-start:${twig.depth}em` }, twig.text);
      const current = twig === now ? 'step' : null;
      return [{ class: style, 'aria-current': current }, place, twig.routes || '–', twig.at ?? '–', twig.why];
    }));
    const split = now?.at ?? 0;
    const [mark, rest] = [h('span', { class: 'wb-mark' }), h('span', { class: 'wb-rest' }, washed.slice(split))];
    this.path.replaceChildren(dim('path '), washed.slice(0, split), mark, rest);
  }

  sentence(now, at, { twigs }) {
    if (!twigs.length) return 'There is no walk.';
    if (!now) return 'The walk ends before the first node.';
    return `Step ${at} of ${this.moments(this.answer).length}: at ${now.text}, behind byte ${now.at}: ${now.why}.`;
  }

  show(answer) {
    super.show(answer);
    const { verdict, params, closest } = answer;
    const chips = params.map(([name, value]) => h('span', { class: 'wb-event' }, `${name} = ${value}`));
    this.verdict.replaceChildren(h('b', {}, verdict), ...chips);
    this.near.fill(closest.map(([text, byte, why]) => [{}, h('code', {}, text), byte, why]));
    this.near.element.hidden = closest.length === 0;
  }
});
