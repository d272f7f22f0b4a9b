// Widgets that take bytes apart: parts, events and states, each marked with the others; a step is to the next state.
import { Cut } from './cut.js';
import { count, dim, h, Table } from './dom.js';
import { asText, chip, part, partCells, rule, spot } from './spans.js';

const CHIPS = 7; // states shown at once

export class CutWidget extends Cut {
  // A widget may draw its bytes in another way, put something above and below them, and let steps rest at other places.
  column = 'field';
  keys = '← → step · Home End go to the ends · ↑ ↓ choose a field, and Enter then opens its rule ·';

  body() {
    this.rows = new Table(this.column, 'bytes', 'value', 'rule');
    this.events = h('div', { class: 'wb-events' });
    this.states = h('div', { class: 'wb-state' });
    this.fault = h('div', { class: 'wb-fault', hidden: true });
    this.addEventListener('focusin', ({ target }) => { if (target.matches('tr')) this.select(target.about); });
    const beneath = [this.fault, this.told, this.events, this.states];
    return [...this.above(), ...this.halves(this.rows.element), ...this.below(), ...beneath];
  }

  above() {
    return [];
  }

  below() {
    return [];
  }

  draw(answer) {
    return asText(answer, answer.cut);
  }

  pick(index) {
    this.selected = null;
    super.pick(index);
  }

  step(direction) {
    const { cut, len } = this.answer;
    const stops = [...new Set([0, ...this.stops(this.answer), len])].sort((a, b) => a - b);
    const next = direction > 0 ? stops.find((at) => at > cut) : stops.findLast((at) => at < cut);
    if (next !== undefined) this.cutAt(next);
  }

  stops({ states }) {
    return states.map((mark) => mark.at);
  }

  action(event) {
    const choose = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    return choose && this.answer ? () => this.choosePart(choose) : super.action(event);
  }

  choosePart(direction) {
    const { length } = this.answer.parts;
    const from = this.selected?.index ?? (direction > 0 ? -1 : length);
    const index = Math.max(0, Math.min(from + direction, length - 1));
    if (length) this.select(part(this.answer, index));
  }

  // The error is what counts first; then what is selected, or pointed at.
  tell(about) {
    const { fault } = this.answer ?? {};
    super.tell(about ?? (fault && this.error(fault)));
    this.mark(about);
  }

  error({ name, offset }) {
    return { id: 'fault', name, key: `error ${name}`, from: offset * 8, to: offset * 8 + 8, where: `byte ${offset}` };
  }

  // Marks everything that stands for one of these bits; a state is marked where they begin.
  mark(about) {
    this.showStates(this.answer, about);
    for (const element of this.querySelectorAll('[data-spot]')) {
      const { from, to, state } = element.about;
      const until = state ? about?.from + 1 : about?.to;
      element.classList.toggle('wb-on', Boolean(about) && from < until && about.from < to);
    }
  }

  show(answer) {
    const { cut, len, fault, events, before_cut: before } = answer;
    const focused = this.contains(document.activeElement) && document.activeElement.dataset.spot;
    this.showCut(cut, len);
    this.note.textContent = this.sentence(answer);
    this.spans.replaceChildren(...this.draw(answer));
    this.rows.body.replaceChildren(...answer.parts.map((one, index) => this.partRow(one, part(answer, index), cut)));
    this.events.replaceChildren(dim('events'), ...this.eventChips(events, before), ...this.beside(answer));
    this.fault.hidden = !fault;
    if (fault) {
      const name = spot(this.error(fault), 'b', {}, `${fault.name} at byte ${fault.offset}`);
      this.fault.replaceChildren(name, `: ${fault.message} (`, rule(fault.rule), this.answered(fault, answer));
    } else this.fault.replaceChildren();
    const again = (id) => [...this.querySelectorAll('[data-spot]')].filter((element) => element.dataset.spot === id);
    this.selected = this.selected && (again(this.selected.id)[0]?.about ?? null);
    this.tell(this.selected);
    if (focused) again(focused).find((element) => element.tabIndex >= 0)?.focus({ preventScroll: true });
    this.say(`Byte ${cut} of ${len}. ${this.note.textContent}.`);
  }

  partRow(one, about, cut) {
    const style = one.start >= cut ? 'wb-rest' : '';
    const row = this.rows.row([{ tabindex: 0, 'data-spot': about.id, class: style }, ...partCells(one)]);
    row.about = about;
    return row;
  }

  eventChips(events, before) {
    if (events.length === 0) return ['none'];
    return events.map(({ event, text, start, end }, index) => {
      const about = { id: `event ${index}`, name: event, key: `event ${event}`, from: start * 8, to: end * 8 };
      about.where = `bytes ${start}–${end}`;
      return spot(about, 'span', { class: `wb-event ${index < before ? '' : 'wb-rest'}` }, `${event} ${text}`);
    });
  }

  // What a reader's own parser makes of the same bytes stands beneath ours.
  beside({ beside }) {
    if (!beside) return [];
    const said = beside.fault ? [`${beside.fault.name} at byte ${beside.fault.offset}`] : [];
    return [dim(beside.name), ...this.eventChips(beside.events, Infinity), ...said];
  }

  answered({ answer }) {
    return `). A server answers ${answer} and closes.`;
  }

  // Whether the error has come by the cut, and nothing goes on behind it.
  failed({ fault, cut }) {
    return Boolean(fault) && fault.offset < cut;
  }

  sentence(answer) {
    const { cut, len, events, before_cut: before, same, fault } = answer;
    if (!same) return 'The events differ: this is a bug of ours';
    if (this.failed(answer)) return `refused at byte ${fault.offset}`;
    if (cut < len) return `partial: ${before} of ${count(events.length, 'event')} so far, the same as without the cut`;
    return fault ? 'refused' : 'whole';
  }

  // A window of states around the one in which the cut leaves the reader, or the one of what is pointed at.
  showStates(answer, about) {
    const { states, cut, fault, len } = answer;
    const reached = this.failed(answer) ? fault.offset : cut;
    const now = states.findLastIndex((mark) => mark.at <= reached);
    const here = about ? states.findLastIndex((mark) => mark.at * 8 <= about.from) : now;
    const from = Math.max(0, Math.min(here - 3, states.length - CHIPS));
    const chips = states.slice(from, from + CHIPS).flatMap(({ at, state }, index) => {
      const next = states[from + index + 1]?.at ?? len + 1;
      const id = `state ${from + index}`;
      const about = { id, name: state, key: `state ${state}`, state, from: at * 8, to: next * 8 };
      const current = from + index === now;
      return [index ? dim('→') : '',
        spot(about, 'span', chip(current), state)];
    });
    const failed = this.failed(answer) ? [dim('→'), h('span', chip(false), 'failed')] : [];
    this.states.replaceChildren(dim('state'), from > 0 ? '…' : '', ...chips,
      from + CHIPS < states.length ? '…' : '', ...failed);
  }
}
