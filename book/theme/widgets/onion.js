// <wirebook-onion>: rings in an order of the reader's around a handler, walked from the outside in and out again.
import { dim, h, keepFocus } from '../kit/dom.js';
import { StepWidget } from '../kit/step-widget.js';

const WAYS = { in: '→ in', out: '← out', does: '· does', gone: '× gone' };

customElements.define('wirebook-onion', class extends StepWidget {
  heads = ['who', 'way', 'what', 'ms'];
  keys = '1–6 put a ring in, or take it out · ← → step · Home End go to the ends ·';

  above() {
    this.order = h('div', { class: 'wb-bar', role: 'group', 'aria-label': 'the rings, the outermost first' });
    return [this.order];
  }

  below() {
    this.wire = h('pre', { class: 'wb-wire', tabindex: 0, role: 'region', 'aria-label': 'what the client gets' });
    return [h('span', { class: 'wb-label-line' }, 'what the client gets, without its date'), this.wire];
  }

  // A new ring is the innermost one.
  turn(letter) {
    const { rings } = this.state;
    this.change({ rings: rings.includes(letter) ? rings.replace(letter, '') : rings + letter, ...this.defaults });
  }

  outward(at) {
    const { rings } = this.state;
    if (at === 0) return;
    const moved = rings.slice(0, at - 1) + rings[at] + rings[at - 1] + rings.slice(at + 1);
    this.change({ rings: moved, ...this.defaults });
  }

  action(event) {
    const kind = this.answer?.kinds[Number(event.key) - 1];
    return kind ? () => this.turn(kind.letter) : super.action(event);
  }

  live() {
    return 'walked by a production application';
  }

  moments({ moments }) {
    return moments;
  }

  about({ who }) {
    return { id: who, name: who, key: `ring ${who}` };
  }

  cells({ who, depth, way, what, ms }) {
    return [h('span', { style: `padding-inline-start:${depth}em` }, who), WAYS[way], what, ms];
  }

  sentence(now, at, { moments }) {
    return now ? `Step ${at} of ${moments.length}: ${now.who} ${now.way}: ${now.what}.` : '';
  }

  show(answer) {
    const { kinds, wire } = answer;
    keepFocus(this.order, () => this.order.replaceChildren(...this.rings(kinds)));
    this.wire.textContent = wire;
    super.show(answer);
  }

  rings(kinds) {
    const { rings } = this.state;
    const inside = [...rings].map((letter, at) => {
      const { name } = kinds.find((kind) => kind.letter === letter);
      const disabled = at === 0 ? 'true' : null;
      const out = { 'aria-label': `${name} further out`, 'data-key': `${letter}<`, 'aria-disabled': disabled };
      const gone = { 'aria-label': `take ${name} out`, 'data-key': letter };
      return h('span', {},
        this.button('◂', () => this.outward(at), out), this.button(`${name} ×`, () => this.turn(letter), gone));
    });
    const others = kinds.filter(({ letter }) => !rings.includes(letter)).map(({ letter, name, say }) => this.button(
      `+ ${name}`, () => this.turn(letter), { title: say, 'data-key': letter },
    ));
    return [dim('from the outside'), ...inside, dim('handler'), ...others];
  }
});
