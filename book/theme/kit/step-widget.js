// Widgets that are walked step by step: a list of moments, one of them now.
import { h, Table } from './dom.js';
import { Widget } from './widget.js';

export class StepWidget extends Widget {
  // A widget sets heads (of the table of its moments) and first (the place before which there is nothing); it gives
  // moments(answer), cells(moment), sentence(moment, at, answer), and may say what a moment is about.
  defaults = { at: Infinity };
  heads = [];
  first = 1;
  log = false; // many moments: the table scrolls in a frame of its own
  keys = '← → step · Home End go to the ends ·';

  body() {
    this.rows = new Table(...this.heads);
    this.rows.element.classList.add('wb-steps');
    if (this.log) {
      this.rows.element.classList.add('wb-log');
      Object.assign(this.rows.element, { tabIndex: 0, role: 'region', ariaLabel: 'the steps' });
    }
    this.rows.body.addEventListener('click', ({ target }) => {
      const row = target.closest('tr');
      if (row && !target.closest('a')) this.row([...this.rows.body.children].indexOf(row));
    });
    this.note = h('div', { class: 'wb-state' });
    return [...this.above(), this.rows.element, this.note, this.told, ...this.below()];
  }

  above() {
    return [];
  }

  below() {
    return [];
  }

  about() {
    return null;
  }

  kind() {
    return '';
  }

  get at() {
    return Math.max(this.first, Math.min(this.state.at, this.moments(this.answer).length));
  }

  choose(name, value) {
    Object.assign(this.state, this.defaults);
    super.choose(name, value);
  }

  step(direction) {
    this.go(this.at + direction);
  }

  end(direction) {
    this.go(direction < 0 ? this.first : Infinity);
  }

  // A row was clicked: each is a moment, unless a widget says otherwise.
  row(index) {
    this.go(index + 1);
  }

  go(at) {
    const { length } = this.moments(this.answer);
    const last = this.defaults.at === Infinity ? Infinity : length;
    this.state.at = at >= length ? last : Math.max(this.first, at);
    this.save();
    this.show(this.answer);
  }

  // Steps that have not come yet are pale; the last that has is marked.
  show(answer) {
    const { at } = this;
    const moments = this.moments(answer);
    this.limits(at <= this.first, at >= moments.length);
    this.fill(answer, moments, at);
    const now = moments[at - 1];
    this.selected = null;
    this.now = now ? this.about(now) : null;
    this.tell(this.now);
    this.note.textContent = this.sentence(now, at, answer);
    this.say(this.note.textContent);
    if (this.log) this.inSight();
  }

  // Of a long list the step that is now is in sight.
  inSight() {
    const { element, body } = this.rows;
    const [top, now] = [element, body.querySelector('[aria-current]')].map((one) => one?.getBoundingClientRect().top);
    if (now !== undefined) element.scrollTop += now - top - element.clientHeight / 2;
  }

  fill(answer, moments, at) {
    this.rows.fill(moments.map((moment, index) => {
      const now = index === at - 1;
      const style = `${this.kind(moment)} ${index >= at ? 'wb-rest' : ''} ${now ? 'wb-on' : ''}`;
      return [{ class: style, 'aria-current': now ? 'step' : null }, ...this.cells(moment, answer)];
    }));
  }
}
