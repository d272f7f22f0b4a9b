// <wirebook-race>: the head parsers against each other on the machine that serves this page.
import { count, h } from '../kit/dom.js';
import { StepWidget } from '../kit/step-widget.js';

customElements.define('wirebook-race', class extends StepWidget {
  heads = ['parser', 'ns', 'GB/s', '× httparse', 'compared'];

  controls() {
    this.start = this.button('race on this machine', () => this.run());
    return [...super.controls(), this.start];
  }

  // Until somebody starts a race, the committed figures stand here.
  above() {
    this.committed = h('div', {}, ...[...this.children].filter((node) => !node.matches('.wb-bar, .wb-foot')));
    return [this.committed];
  }

  body() {
    const parts = super.body();
    this.rows.element.hidden = true;
    this.note.textContent = 'wirebook race parsers does the same in a terminal.';
    return parts;
  }

  choose(name, value) {
    this.state[name] = value;
    if (this.answer) this.run();
    else this.save();
  }

  // A page that is opened does not race: the reader starts it.
  async refresh() {
    this.appear();
    this.sync();
    if (this.answer) return;
    this.status.classList.remove('wb-away');
    this.status.textContent = 'live: the figures of the book';
    this.limits(true, true);
  }

  async run() {
    if (this.start.ariaDisabled === 'true') return;
    this.start.ariaDisabled = true;
    this.status.textContent = 'live: racing …';
    await super.refresh();
    this.start.ariaDisabled = false;
  }

  live() {
    return 'measured here, just now';
  }

  moments({ laps }) {
    return laps;
  }

  cells({ parser, ns, gbps, ratio }, { laps }) {
    const max = Math.max(...laps.map((lap) => lap.ratio));
    const bar = h('meter', { min: 0, max, value: ratio, 'aria-label': `${ratio.toFixed(2)} times httparse` });
    return [parser, ns.toFixed(1), gbps.toFixed(2), ratio.toFixed(2), bar];
  }

  show(answer) {
    this.rows.element.hidden = false;
    this.committed.hidden = true;
    super.show(answer);
  }

  about({ parser }) {
    return { key: `parser ${parser}`, name: parser };
  }

  sentence({ parser, ns, ratio }, at, { input, bytes, noisy }) {
    const doubt = noisy ? ' This machine was busy: race again before you believe small differences.' : '';
    const lap = `${parser} takes ${ns.toFixed(1)} ns, ${ratio.toFixed(2)} times httparse.`;
    return `${lap} ${input}: ${count(bytes, 'byte')} on average.${doubt}`;
  }
});
