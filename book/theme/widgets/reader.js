// <wirebook-reader>: what our crates and the reader's own program make of the same bytes, line by line.
import { toText } from '../kit/bytes.js';
import { Cut } from '../kit/cut.js';
import { differences, h, Table } from '../kit/dom.js';

customElements.define('wirebook-reader', class extends Cut {
  bytes = 'the bytes for both';
  keys = '← → move the cut · Home End go to the ends ·';

  body() {
    this.rows = new Table('line', 'ours', 'yours');
    this.said = h('div', { class: 'wb-state' });
    this.printed = h('pre', { hidden: true });
    return [...this.halves(this.rows.element), this.said, this.told, this.printed];
  }

  // Another stage has an example of its own.
  choose(name, value) {
    const example = this.facts.examples.find(({ state }) => state[name] === value);
    this.change({ ...this.defaults, ...example?.state, [name]: value });
  }

  live({ file, yours }) {
    return yours ? `our crates, and your ${file}` : 'our crates';
  }

  show({ stage, ours, yours, trouble, printed, line }) {
    const { input } = this.state;
    const cut = Math.min(this.state.cut, input.length);
    this.showCut(cut, input.length);
    const rest = h('span', { class: 'wb-rest' }, toText(input.slice(cut)));
    this.spans.replaceChildren(toText(input.slice(0, cut)), h('span', { class: 'wb-mark' }), rest);
    this.rows.fill(differences(ours, yours ?? [], (row) => row === line));
    const told = line === null ? 'Yours says what ours says.' : `They differ in line ${line + 1}.`;
    this.said.textContent = trouble ?? told;
    this.printed.textContent = printed;
    this.printed.hidden = !printed;
    this.now = { key: `stage ${stage}`, name: stage };
    this.tell(this.now);
    this.say(this.said.textContent);
  }
});
