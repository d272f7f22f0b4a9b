// <wirebook-agent>: an agent's pool, filling and draining as the reader sends requests.
import { h } from '../kit/dom.js';
import { Widget } from '../kit/widget.js';

const ACTIONS = [['s', 'send', 'send a request'], ['a', 'answer', 'the server answers the oldest request'], ['c', 'close', 'the server closes a connection'],
  ['x', 'give up', 'give the youngest request up'], ['w', 'wait 1 s', 'a second passes']];
const EXAMPLES = [['the pool fills', 'ssssaasaw', 3], ['used again, last first', 'sssaaasas', 3], ['a server that closes', 'sacs', 2], ['giving up', 'sssxxa', 1], ['four seconds', 'ssaawwwww', 2]];
const MAX_STEPS = 64;

customElements.define('wirebook-agent', class extends Widget {
  name = 'agent';
  title_ = "an agent's pool";
  steps = EXAMPLES[0][1];
  sockets = EXAMPLES[0][2];
  at = Infinity;

  controls() {
    this.example = h('select', { 'aria-label': 'example', onchange: () => this.pick(this.example.selectedIndex) }, ...EXAMPLES.map(([label]) => h('option', {}, label)), h('option', { hidden: true }, 'steps of your own'));
    this.max = h('select', { 'aria-label': 'max_sockets', onchange: () => { this.sockets = Number(this.max.value); this.own(); } }, ...[1, 2, 3, 4, 5, 6, 7, 8].map((count) => h('option', { value: count }, `max_sockets ${count}`)));
    this.back = this.button('◀ step', () => this.step(-1), { 'aria-label': 'step back' });
    this.forth = this.button('step ▶', () => this.step(1), { 'aria-label': 'step forward' });
    return [this.example, this.max, this.back, this.forth, this.button('from the start', () => { this.steps = ''; this.own(); })];
  }

  body() {
    this.rows = h('tbody');
    this.note = h('div', { class: 'wb-state' });
    const heads = ['step', 'sockets', 'free', 'requests', 'connections'].map((label) => h('th', { scope: 'col' }, label));
    this.actions = ACTIONS.map(([letter, label, title]) => this.button(label, () => this.act(letter), { title }));
    return [h('div', { class: 'wb-bar' }, ...this.actions), h('div', { class: 'wb-table' }, h('table', {}, h('thead', {}, h('tr', {}, ...heads)), this.rows)), this.note,
      h('div', { class: 'wb-foot' }, h('span', {}, 'S A C X W act · ← → step · Home End go to the ends'), h('span', {}, 'http1/src/client/pool.rs'))];
  }

  restore(state) {
    if (state.steps != null && /^[sacxw]{0,64}$/.test(state.steps)) this.steps = state.steps;
    if (/^[1-8]$/.test(state.sockets ?? '')) this.sockets = Number(state.sockets);
    if (state.at) this.at = Number(state.at) || 0;
    this.known();
  }

  known() {
    const index = EXAMPLES.findIndex(([, steps, sockets]) => steps === this.steps && sockets === this.sockets);
    this.example.selectedIndex = index < 0 ? EXAMPLES.length : index;
    this.max.selectedIndex = this.sockets - 1;
  }

  state() {
    return { steps: this.steps, sockets: this.sockets, ...(Number.isFinite(this.at) && { at: this.at }) };
  }

  request() {
    return { steps: this.steps, max_sockets: this.sockets };
  }

  pick(index) {
    [, this.steps, this.sockets] = EXAMPLES[index];
    this.own();
  }

  own() {
    this.at = Infinity;
    this.known();
    this.refresh();
  }

  // A new step follows the one that is shown: what came behind it is forgotten.
  act(letter) {
    this.steps = this.steps.slice(0, Math.min(this.at, this.steps.length)) + letter;
    if (this.steps.length > MAX_STEPS) this.steps = this.steps.slice(1);
    this.own();
  }

  step(direction) {
    this.go(Math.min(this.at, this.answer.frames.length) + direction);
  }

  go(at) {
    this.at = Math.max(1, Math.min(at, this.answer.frames.length));
    this.show(this.answer);
  }

  key(event) {
    if (event.target === this.example || event.target === this.max || event.ctrlKey || event.metaKey || event.altKey) return;
    const letter = event.key.toLowerCase();
    const action = ACTIONS.some(([known]) => known === letter) ? () => this.act(letter)
      : { ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1), Home: () => this.go(1), End: () => this.go(Infinity) }[event.key];
    if (action) { event.preventDefault(); action(); }
  }

  show({ frames }) {
    const at = Math.min(this.at, frames.length);
    this.status.classList.remove('wb-away');
    this.status.textContent = 'live: a production agent in virtual time';
    this.ends(at <= 1, at === frames.length);
    const line = ([number, request]) => h('code', {}, ` ${number}:${request ? `request ${request}` : 'idle'} `);
    this.rows.replaceChildren(...frames.map((frame, index) => h('tr', { class: `${index >= at ? 'wb-rest' : ''} ${index === at - 1 ? 'wb-on' : ''}`, 'aria-current': index === at - 1 ? 'step' : null },
      h('td', {}, frame.step), h('td', {}, frame.sockets), h('td', {}, frame.free), h('td', {}, frame.requests), h('td', {}, ...frame.connections.map(line)))));
    const now = frames[at - 1];
    this.note.textContent = now ? `${[`Step ${at}: ${now.step}`, ...now.news].join('; ')}. In use ${now.sockets}, idle ${now.free}, waiting ${now.requests}.` : 'Nothing yet: send a request.';
    this.say(this.note.textContent);
  }
});
