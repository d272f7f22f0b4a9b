// <wirebook-signed>: a signed value, whose bytes the reader flips; which key verifies it, and if none does, what would
// have to be otherwise.
import { h, Table } from '../kit/dom.js';
import { partCells, spot } from '../kit/spans.js';
import { Widget } from '../kit/widget.js';

customElements.define('wirebook-signed', class extends Widget {
  defaults = { at: 0 };
  bytes = 'the signed value';
  keys = '← → choose a byte · F flips a bit of it · Home End go to the ends ·';

  controls() {
    this.flipper = this.button('flip a bit', () => this.flip());
    return [...super.controls(), this.flipper];
  }

  body() {
    this.spans = h('div', { class: 'wb-spans' });
    this.rows = new Table('part', 'bytes', 'value', 'rule');
    this.trials = new Table('asked', 'says', 'the server');
    this.verdict = h('div', { class: 'wb-state' });
    const bytes = h('div', { class: 'wb-bytes' }, this.spans, this.editor.area);
    return [h('div', { class: 'wb-grid' }, bytes, this.rows.element), this.verdict, this.told, this.trials.element];
  }

  live({ is_verified: is }) {
    return is ? 'verified by production keys' : 'refused by production keys';
  }

  get at() {
    return Math.max(0, Math.min(this.state.at, this.answer.len - 1));
  }

  go(at) {
    this.state.at = at;
    this.state.at = this.at;
    this.save();
    this.show(this.answer);
  }

  step(direction) {
    this.go(this.at + direction);
  }

  end(direction) {
    this.go(direction < 0 ? 0 : this.answer.len);
  }

  flip() {
    if (!this.answer?.len) return;
    const { at, state: { input } } = this;
    const flipped = String.fromCharCode(input.charCodeAt(at) ^ 1);
    this.change({ input: input.slice(0, at) + flipped + input.slice(at + 1) });
  }

  action(event) {
    return event.key.toLowerCase() === 'f' ? () => this.flip() : super.action(event);
  }

  // A click on a byte chooses it.
  select(about) {
    super.select(about);
    if (about) this.go(about.from / 8);
  }

  show({ input, len, parts, verdict, trials }) {
    const { at } = this;
    this.limits(at <= 0, at >= len - 1);
    const about = (byte) => {
      const key = parts.find(({ start, end }) => start <= byte && byte < end)?.key ?? 'signed dot';
      const name = key.replace('signed ', '');
      return { id: `byte ${byte}`, name, key, from: byte * 8, to: byte * 8 + 8, where: `byte ${byte}` };
    };
    this.spans.replaceChildren(...[...input].map((char, byte) => {
      const part = parts.find(({ start, end }) => start <= byte && byte < end);
      const style = `${part ? `wb-part wb-${part.kind}` : ''} ${byte === at ? 'wb-on' : ''}`;
      const attributes = { class: style, 'aria-current': byte === at ? 'step' : null };
      return spot(about(byte), 'span', attributes, /[ -~]/.test(char) ? char : '·');
    }));
    this.rows.fill(parts.map((part) => [{}, ...partCells(part)]));
    this.verdict.replaceChildren(h('b', {}, verdict));
    this.trials.fill(trials.map(({ what, is_verified: is, is_asked: asked }) => [
      { class: is ? 'wb-on' : '' }, what, is ? 'it verifies' : 'it does not', asked ? 'asks so' : '',
    ]));
    this.now = len ? about(at) : null;
    this.tell(this.now);
    this.say(`Byte ${at} of ${len}. ${verdict}`);
  }
});
