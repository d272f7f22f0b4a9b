// <wirebook-shares>: who gets which connection under each policy, as figures and bars; and what a killed worker loses.
import { count, h, Table } from '../kit/dom.js';
import { Widget } from '../kit/widget.js';

const LENGTH = 24; // signs of the longest bar

customElements.define('wirebook-shares', class extends Widget {
  keys = 'the lists choose ·';

  body() {
    this.rows = new Table('worker', 'connections', 'still open', 'its share');
    this.note = h('div', { class: 'wb-state' });
    return [this.rows.element, this.note];
  }

  live() {
    return 'given out by the policies’ own code';
  }

  show({ shares, largest, lost }) {
    const most = Math.max(1, ...shares.map(({ given }) => given));
    this.rows.fill(shares.map(({ worker, given, open, dead }) => [{ class: dead ? 'wb-rest' : '' },
      `worker ${worker}${dead ? ', killed half-way' : ''}`, given, open,
      h('code', { 'aria-hidden': 'true' }, '█'.repeat(Math.round((given * LENGTH) / most)))]));
    const killed = shares.some(({ dead }) => dead)
      ? ` The killed one had ${count(lost, 'connection')}, and these broke; what it had not taken went to others.` : '';
    this.note.textContent = `The busiest has ${largest.toFixed(2)} times the mean.${killed}`;
    this.say(this.note.textContent);
  }
});
