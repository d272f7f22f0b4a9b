// <wirebook-workers>: the workers that serve this page, and a button that kills one. It asks twice a second who is
// there; when the worker that answered is gone, the socket of the page finds another one by itself.
import { count, dim, h, Table } from '../kit/dom.js';
import { Widget } from '../kit/widget.js';

const EVERY = 500; // ms between two questions
const HEADS = ['worker', 'process', 'state', 'connections', 'age', 'send'];
const seconds = (age) => (age < 10_000 ? `${(age / 1000).toFixed(1)} s` : `${Math.round(age / 1000)} s`);

customElements.define('wirebook-workers', class extends Widget {
  keys = 'Tab to a button, Enter sends ·';
  answers = 0;
  processes = new Set();
  lines = new Map(); // a row for each worker: a button that is replaced would lose the focus

  body() {
    this.rows = new Table(...HEADS);
    this.note = h('div', { class: 'wb-state' });
    const how = 'This site is one process. To see several, and kill them: ';
    this.alone = h('div', { class: 'wb-state', hidden: true }, how,
      h('code', {}, 'cargo run --release -- site --workers 4'));
    this.count = h('div', { class: 'wb-events' });
    return [this.alone, this.rows.element, this.note, this.told, this.count];
  }

  request() {
    return { signal: this.state.signal };
  }

  live({ pid, me }) {
    return me === null ? `one process, ${pid}` : `worker ${me}, process ${pid}`;
  }

  show({ me, pid, workers }) {
    this.alone.hidden = me !== null;
    this.rows.element.hidden = me === null;
    this.answers += 1;
    this.processes.add(pid);
    this.fill(workers, me);
    const mine = this.lines.get(me)?.about;
    if (mine && mine.key !== this.now?.key) { this.now = mine; this.tell(this.selected ?? mine); }
    const states = workers.map(({ worker, state }) => `worker ${worker} is ${state}`).join(', ');
    const now = me === null ? `Process ${pid} serves this page alone.` : `This page talks to worker ${me}; ${states}.`;
    if (now !== this.note.textContent) {
      this.note.textContent = now;
      this.say(now);
    }
    const { size } = this.processes;
    const processes = `${size} process${size === 1 ? '' : 'es'}`;
    this.count.replaceChildren(dim('so far'), `${count(this.answers, 'answer')} from ${processes}`);
    this.again();
  }

  // Asks again in a while; a page that nobody looks at asks when somebody does.
  again() {
    clearTimeout(this.asking);
    this.asking = setTimeout(() => (document.hidden ? this.again() : this.refresh()), EVERY);
  }

  fill(workers, me) {
    const here = new Set(workers.map(({ worker }) => worker));
    for (const [worker, row] of this.lines) if (!here.has(worker)) { row.remove(); this.lines.delete(worker); }
    for (const { worker, pid, state, open, age, generation } of workers) {
      const row = this.lines.get(worker) ?? this.line(worker);
      const name = `${worker}${worker === me ? ', this page’s' : ''}`;
      [name, pid ?? '–', `${state}, generation ${generation}`, open, seconds(age)].forEach((text, at) => {
        if (row.cells[at].textContent !== `${text}`) row.cells[at].textContent = text;
      });
      row.about = { id: `worker ${worker}`, key: `state ${state}`, name: state, where: `worker ${worker}` };
      row.classList.toggle('wb-on', worker === me);
      row.querySelector('button').textContent = this.state.signal;
    }
  }

  line(worker) {
    const label = { 'aria-label': `send the signal to worker ${worker}` };
    const send = this.button(this.state.signal, () => this.send(worker), label);
    const row = this.rows.row([{ 'data-spot': `worker ${worker}` }, ...HEADS.slice(1).map(() => ''), send]);
    this.lines.set(worker, row);
    this.rows.body.append(row);
    return row;
  }

  // By a POST, which only a page of this site may make.
  async send(worker) {
    const { signal } = this.state;
    const body = JSON.stringify({ signal, worker });
    const headers = { 'content-type': 'application/json' };
    try {
      const address = new URL('../../live/workers', import.meta.url);
      const answer = await fetch(address, { method: 'POST', headers, body });
      if (answer.ok) this.hint(`${signal} was sent to worker ${worker}.`);
      else this.hint(await answer.text(), true);
    } catch {
      this.hint(`${signal} was sent to worker ${worker}, which had the connection of this question.`);
    }
    this.refresh();
  }
});
