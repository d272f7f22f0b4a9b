// <wirebook-event-loop>: a program's trace, step by step: the phases as lanes, the queues filling and draining.
import { h } from '../kit/dom.js';
import { Widget } from '../kit/widget.js';

const PROGRAMS = ['order', 'I/O', 'tasks', 'interval', 'starvation'];
const PHASES = ['timers', 'pending', 'prepare', 'poll', 'check', 'closing'];
// What waits, and the queue that it waits in: a woken task is a microtask.
const QUEUES = { tick: 'ticks', microtask: 'microtasks', task: 'microtasks', timer: 'timers', immediate: 'immediates', close: 'closing' };
const NAMES = ['ticks', 'microtasks', 'timers', 'immediates', 'closing'];

const label = (step) => (step.number ? `${step.lane} ${step.number}` : step.lane);

// The state of the loop after the first `count` steps.
function after(steps, count) {
  const state = { phase: null, running: [], alive: '', queues: Object.fromEntries(NAMES.map((name) => [name, []])), said: [] };
  for (const step of steps.slice(0, count)) {
    const name = label(step);
    const queue = state.queues[QUEUES[step.lane]];
    if (step.lane === 'alive') state.alive = step.text;
    else if (step.text !== null) state.said.push(step.text);
    else if (step.phase) state.phase = step.step === 'begin' ? step.lane : null;
    else if (step.step === 'queued') queue?.push(name);
    else if (step.step === 'end') state.running.splice(state.running.lastIndexOf(name), state.running.includes(name) ? 1 : 0);
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
  const verb = { queued: step.lane === 'task' ? 'is woken, and queued' : 'is queued', cleared: 'is cleared', begin: 'begins', end: 'ends' }[step.step];
  return `${label(step)} ${verb}`;
}

customElements.define('wirebook-event-loop', class extends Widget {
  name = 'event-loop';
  title_ = 'Event loop';
  program = PROGRAMS[0];
  at = 0;

  controls() {
    this.pick = h('select', { 'aria-label': 'program', onchange: () => this.choose() }, ...PROGRAMS.map((name) => h('option', {}, name)));
    this.back = this.button('◀ step', () => this.go(this.at - 1), { 'aria-label': 'step back' });
    this.forth = this.button('step ▶', () => this.go(this.at + 1), { 'aria-label': 'step forward' });
    return [this.pick, this.back, this.forth];
  }

  body() {
    this.slider = h('input', { type: 'range', min: 0, value: 0, 'aria-label': 'step', oninput: () => this.go(Number(this.slider.value)) });
    this.count = h('output');
    this.phases = h('div', { class: 'wb-state', 'aria-label': 'phases' });
    this.source = h('code', { style: 'white-space: pre; font-size: 1.2rem' });
    this.queues = h('tbody');
    this.said = h('div', { class: 'wb-events', 'aria-label': 'what the program has said' });
    this.note = h('div', { class: 'wb-state' });
    const table = h('table', {}, h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'queue'), h('th', { scope: 'col' }, 'waiting, first on the left'))), this.queues);
    return [h('div', { class: 'wb-cut' }, this.slider, this.count), this.phases,
      h('div', { class: 'wb-grid' }, h('div', { class: 'wb-bytes', style: 'overflow-x: auto' }, this.source), h('div', { class: 'wb-table' }, table)),
      this.note, this.said,
      h('div', { class: 'wb-foot' }, h('span', {}, '← → step · Home End go to the ends'), h('span', {}, 'net/src/kernel/event_loop.rs'))];
  }

  restore(state) {
    if (PROGRAMS.includes(state.program)) this.program = state.program;
    this.at = Number(state.at) || 0;
    this.pick.selectedIndex = PROGRAMS.indexOf(this.program);
  }

  state() {
    return { program: this.program, at: this.at };
  }

  request() {
    return { program: this.program };
  }

  choose() {
    this.program = PROGRAMS[this.pick.selectedIndex];
    this.at = 0;
    this.refresh();
  }

  go(at) {
    this.at = Math.max(0, Math.min(at, this.answer.steps.length));
    this.show(this.answer);
  }

  key(event) {
    if ([this.pick, this.slider].includes(event.target) || event.ctrlKey || event.metaKey || event.altKey || !this.answer) return;
    const action = { ArrowLeft: () => this.go(this.at - 1), ArrowRight: () => this.go(this.at + 1), Home: () => this.go(0), End: () => this.go(Infinity) }[event.key];
    if (action) { event.preventDefault(); action(); }
  }

  show({ steps, source }) {
    this.at = Math.min(this.at, steps.length);
    const { phase, running, alive, queues, said } = after(steps, this.at);
    this.status.classList.remove('wb-away');
    this.status.textContent = 'live: run on this server’s own loop';
    this.slider.max = steps.length;
    this.slider.value = this.at;
    this.count.textContent = `${this.at} of ${steps.length}`;
    this.ends(this.at === 0, this.at === steps.length);
    this.source.textContent = source;
    this.phases.replaceChildren(...PHASES.map((name) => h('span', { class: `wb-chip ${name === phase ? 'wb-now' : ''}`, 'aria-current': name === phase ? 'step' : null }, name)),
      h('span', { class: 'wb-note' }, running.length ? `running: ${running.join(' › ')}` : phase ? '' : 'between the phases'),
      alive ? h('span', { class: 'wb-note' }, `kept alive by: ${alive}`) : '');
    this.queues.replaceChildren(...NAMES.map((name) => h('tr', { class: queues[name].length ? '' : 'wb-rest' }, h('td', {}, name),
      h('td', {}, ...(queues[name].length ? queues[name].flatMap((one) => [h('span', { class: 'wb-event' }, one), ' ']) : ['–'])))));
    this.said.replaceChildren(h('span', { class: 'wb-note' }, 'said:'), ...said.map((text) => h('span', { class: 'wb-event' }, text)));
    const step = steps[this.at - 1];
    this.note.textContent = step ? `Step ${this.at}, at ${step.at} µs: ${sentence(step)}.` : 'The program has not begun.';
    this.say(this.note.textContent);
  }
});
