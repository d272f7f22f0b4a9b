// <wirebook-agent>: an agent's pool, filling and draining as the reader sends requests.
import { h } from '../kit/dom.js';
import { StepWidget } from '../kit/step-widget.js';

const ACTIONS = {
  s: ['send', 'send a request'], a: ['answer', 'the server answers the oldest request'],
  c: ['close', 'the server closes a connection'], x: ['give up', 'give the youngest request up'],
  w: ['wait 1 s', 'a second passes'],
};
const STEPS = 64; // the server takes no more

customElements.define('wirebook-agent', class extends StepWidget {
  heads = ['step', 'sockets', 'free', 'requests', 'connections'];
  keys = 'S A C X W act · ← → step · Home End go to the ends ·';

  above() {
    const acts = Object.entries(ACTIONS)
      .map(([letter, [label, title]]) => this.button(label, () => this.act(letter), { title }));
    const again = this.button('from the start', () => this.change({ steps: '', ...this.defaults }));
    return [h('div', { class: 'wb-bar' }, ...acts, again)];
  }

  // A new step follows the one that is shown: what came behind it is forgotten.
  act(letter) {
    const steps = this.state.steps.slice(0, this.state.at) + letter;
    this.change({ steps: steps.slice(-STEPS), ...this.defaults });
  }

  action(event) {
    const letter = event.key.toLowerCase();
    return letter in ACTIONS ? () => this.act(letter) : super.action(event);
  }

  live() {
    return 'a production agent in virtual time';
  }

  moments({ frames }) {
    return frames;
  }

  cells({ step, sockets, free, requests, connections }) {
    const line = ([number, request]) => h('code', {}, ` ${number}:${request ? `request ${request}` : 'idle'} `);
    return [step, sockets, free, requests, h('span', {}, ...connections.map(line))];
  }

  about() {
    const [name] = ACTIONS[this.state.steps[this.at - 1]];
    return { key: `act ${name}`, name };
  }

  sentence(now, at) {
    if (!now) return 'Nothing yet: send a request.';
    const { step, news, sockets, free, requests } = now;
    return `${[`Step ${at}: ${step}`, ...news].join('; ')}. In use ${sockets}, idle ${free}, waiting ${requests}.`;
  }
});
