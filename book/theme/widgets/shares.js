// <wirebook-shares>: who gets which connection under each policy, as figures and bars; and what a killed worker loses.
import { count, h, Table } from '../kit/dom.js';
import { Widget } from '../kit/widget.js';

customElements.define('wirebook-shares', class extends Widget {
  keys = 'the lists choose ·';

  body() {
    this.rows = new Table('worker', 'connections', 'still open', 'its share');
    this.note = h('div', { class: 'wb-state' });
    return [this.rows.element, this.note, this.told];
  }

  live() {
    return 'given out by the policies’ own code';
  }

  show({ shares, largest, lost }) {
    const most = Math.max(1, ...shares.map(({ given }) => given));
    this.rows.fill(shares.map(({ worker, given, open, dead }) => [{ class: dead ? 'wb-rest' : '' },
      `worker ${worker}${dead ? ', killed half-way' : ''}`, given, open,
      h('span', { class: 'wb-measure', style: `--of: ${given / most}` })]));
    const killed = shares.some(({ dead }) => dead)
      ? ` The killed one had ${count(lost, 'connection')}, and these broke; what it had not taken went to others.` : '';
    this.note.textContent = `The busiest has ${largest.toFixed(2)} times the mean.${killed}`;
    const { policy } = this.state;
    this.now = { key: `policy ${policy}`, name: policy.replace('_', ' ') };
    this.tell(this.now);
    this.say(this.note.textContent);
  }
});
