// <wirebook-event-loop>: a program's trace, step by step: the phases as lanes, the queues filling and draining.
import { dim, h, Table } from '../kit/dom.js';
import { chip, spot } from '../kit/spans.js';
import { StepWidget } from '../kit/step-widget.js';

const PHASES = ['timers', 'pending', 'prepare', 'poll', 'check', 'closing'];
// What waits, and the queue that it waits in: a woken task is a microtask.
const QUEUES = {
  tick: 'ticks', microtask: 'microtasks', task: 'microtasks',
  timer: 'timers', immediate: 'immediates', close: 'closing',
};
const NAMES = ['ticks', 'microtasks', 'timers', 'immediates', 'closing'];

const label = (step) => (step.number ? `${step.lane} ${step.number}` : step.lane);

// The state of the loop after the first `count` steps.
function after(steps, count) {
  const queues = Object.fromEntries(NAMES.map((name) => [name, []]));
  const state = { phase: null, running: [], alive: '', said: [], queues };
  for (const step of steps.slice(0, count)) {
    const name = label(step);
    const queue = state.queues[QUEUES[step.lane]];
    if (step.lane === 'alive') state.alive = step.text;
    else if (step.text !== null) state.said.push(step.text);
    else if (step.phase) state.phase = step.step === 'begin' ? step.lane : null;
    else if (step.step === 'queued') queue?.push(name);
    else if (step.step === 'end') state.running = state.running.filter((one) => one !== name);
    else {
      const at = queue ? queue.indexOf(name) : -1;
      if (at >= 0) queue.splice(at, 1);
      if (step.step === 'begin') state.running.push(name);
    }
  }
  return state;
}

function sentence(step) {
  if (step.lane === 'alive') return `what keeps the loop alive: ${step.text}`;
  if (step.text !== null) return `the program says “${step.text}”`;
  if (step.phase) return `the ${step.lane} phase ${step.step === 'begin' ? 'begins' : 'ends'}`;
  const queued = step.lane === 'task' ? 'is woken, and queued' : 'is queued';
  return `${label(step)} ${{ queued, cleared: 'is cleared', begin: 'begins', end: 'ends' }[step.step]}`;
}

customElements.define('wirebook-event-loop', class extends StepWidget {
  defaults = { at: 0 };
  first = 0;
  heads = ['queue', 'waiting, first on the left'];

  body() {
    const slid = () => this.go(Number(this.slider.value));
    this.slider = h('input', { type: 'range', min: 0, 'aria-label': 'step', oninput: slid });
    this.count = h('output');
    this.phases = h('div', { class: 'wb-state', role: 'group', 'aria-label': 'phases' });
    this.source = h('div', { class: 'wb-program', tabindex: 0, role: 'region', 'aria-label': 'the program' });
    this.said = h('div', { class: 'wb-events', role: 'group', 'aria-label': 'what the program has said' });
    const [rows, note, told] = super.body();
    rows.classList.remove('wb-steps');
    return [h('div', { class: 'wb-cut' }, this.slider, this.count), this.phases,
      h('div', { class: 'wb-grid wb-wide' }, this.source, rows), note, told, this.said];
  }

  live() {
    return 'run on this server’s own loop';
  }

  moments({ steps }) {
    return steps;
  }

  about({ lane }) {
    return { id: lane, name: lane, key: `lane ${lane}` };
  }

  // The rows are the queues, and not the moments.
  fill({ steps, source }, moments, at) {
    const { phase, running, alive, queues, said } = after(steps, at);
    this.slider.max = steps.length;
    this.slider.value = at;
    this.count.textContent = `${at} of ${steps.length}`;
    const line = steps[at - 1]?.line;
    this.source.replaceChildren(...source.split('\n').map((text, index) => {
      const now = index + 1 === line;
      return h('code', { class: now ? 'wb-on' : '', 'aria-current': now ? 'step' : null }, `${text}\n`);
    }));
    const lane = (name) => ({ id: `lane ${name}`, name, key: `lane ${name}` });
    const lanes = PHASES.map((name) => spot(lane(name), 'span', chip(name === phase), name));
    const now = running.length ? `running: ${running.join(' › ')}` : phase ? '' : 'between the phases';
    const kept = alive ? `kept alive by: ${alive}` : '';
    this.phases.replaceChildren(...lanes, ...[now, kept].map((text) => dim(text)));
    this.rows.fill(NAMES.map((name) => {
      const waiting = queues[name].flatMap((one) => [h('span', { class: 'wb-event' }, one), ' ']);
      return [{ class: waiting.length ? '' : 'wb-rest' }, name, h('span', {}, ...(waiting.length ? waiting : ['–']))];
    }));
    const words = said.map((text) => h('span', { class: 'wb-event' }, text));
    this.said.replaceChildren(dim('said:'), ...words);
  }

  sentence(step) {
    return step ? `Step ${this.at}, at ${step.at} µs: ${sentence(step)}.` : 'The program has not begun.';
  }
});
