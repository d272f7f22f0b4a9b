// <wirebook-race>: the head parsers against each other on the machine that serves this page.
import { h } from '../kit/dom.js';
import { Widget } from '../kit/widget.js';

const INPUTS = ['varied', 'tiny', 'cookie', 'chrome', 'token', 'response', 'chunked-small', 'chunked-large'];

customElements.define('wirebook-race', class extends Widget {
  name = 'race';
  title_ = 'Race of the head parsers';
  input = INPUTS[0];
  started = false;

  controls() {
    this.choice = h('select', { 'aria-label': 'input', onchange: () => this.pick(this.choice.value) }, ...INPUTS.map((name) => h('option', {}, name)));
    this.start = this.button('race on this machine', () => this.go());
    return [this.choice, this.start];
  }

  body() {
    this.rows = h('tbody');
    this.note = h('div', { class: 'wb-state' });
    const heads = ['parser', 'ns', 'GB/s', '× httparse', ''].map((label) => h('th', { scope: 'col' }, label));
    // Until somebody starts a race, the committed figures stand here.
    this.table = h('div', { class: 'wb-table', hidden: true }, h('table', {}, h('thead', {}, h('tr', {}, ...heads)), this.rows));
    this.committed = h('div', {}, ...this.picture.filter((node) => !node.classList?.contains('wb-bar') && !node.classList?.contains('wb-foot')));
    return [this.committed, this.table, this.note, h('div', { class: 'wb-foot' }, h('span', {}, 'wirebook race parsers does the same in a terminal'), h('span', {}, 'lab/src/race/'))];
  }

  restore(state) {
    if (INPUTS.includes(state.input)) this.input = state.input;
    this.choice.value = this.input;
  }

  state() {
    return { input: this.input };
  }

  request() {
    return { input: this.input };
  }

  key(event) {
    if (event.key === 'Enter' && event.target === this.choice) this.go();
  }

  pick(input) {
    this.input = input;
    if (this.started) this.go();
  }

  // A page that is opened does not race: the reader starts it.
  async refresh() {
    if (this.started) await super.refresh();
    else this.status.textContent = 'the figures of the book';
  }

  async go() {
    this.started = true;
    this.start.disabled = true;
    this.status.textContent = 'racing …';
    await this.refresh();
    this.start.disabled = false;
  }

  show({ input, bytes, laps, noisy }) {
    const longest = Math.max(...laps.map((lap) => lap.ratio));
    this.table.hidden = false;
    this.committed.hidden = true;
    this.rows.replaceChildren(...laps.map((lap) => h('tr', {},
      h('td', {}, lap.parser), h('td', {}, lap.ns.toFixed(1)), h('td', {}, lap.gbps.toFixed(2)), h('td', {}, lap.ratio.toFixed(2)),
      h('td', {}, h('meter', { min: 0, max: longest, value: lap.ratio, style: 'width: 14em', 'aria-label': `${lap.ratio} times httparse` })))));
    this.status.classList.remove('wb-away');
    this.status.textContent = 'measured here, just now';
    const best = laps.reduce((one, other) => (other.ns < one.ns ? other : one));
    this.note.textContent = `${input}: ${bytes} bytes on average. ${noisy ? 'This machine was busy: race again before you believe small differences.' : ''}`;
    this.say(`${best.parser} is the fastest on ${input}: ${best.ns} nanoseconds, ${best.ratio} times httparse.`);
  }
});
