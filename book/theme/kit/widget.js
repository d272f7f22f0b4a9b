// What all widgets share: the bar, the state and its place in the URL, focus and keys, the sentence about what is
// selected, asking the server and being away from it.
import { count, dim, h, prose } from './dom.js';
import { Editor, fromFragment, toFragment } from './bytes.js';
import { ask, Away, watch } from './live.js';
import { rule, source } from './spans.js';

const LINK = 4000; // characters of a fragment: more does not survive a mail
const AWAY = 'the server is away: cargo run --release';

// Whether the focus is moving because of the Tab key.
let tabbing = false;
addEventListener('keydown', (event) => { tabbing = event.key === 'Tab'; }, true);
addEventListener('keyup', () => { tabbing = false; }, true);
addEventListener('pointerdown', () => { tabbing = false; }, true);

export class Widget extends HTMLElement {
  // A widget sets defaults (its position, which an example does not change), keys (a sentence) and, where its input is
  // bytes that can be edited, what it calls them, and their line end. It gives body(), show(answer), live(answer) and,
  // where there is something to step through, step() and end().
  defaults = {};
  keys = '';
  bytes = null;
  lineEnd = '\\r\\n';

  connectedCallback() {
    if (this.ready) return;
    this.ready = true;
    this.name = this.localName.replace('wirebook-', '');
    const nth = [...document.querySelectorAll(this.localName)].indexOf(this);
    this.mine = nth > 0 ? `${this.name}${nth + 1}.` : `${this.name}.`;
    this.facts = JSON.parse(this.dataset.facts);
    const first = Object.fromEntries(this.facts.choices.map(({ name, values }) => [name, values[0]]));
    this.initial = { ...first, ...this.facts.examples[0]?.state, ...this.defaults };
    this.state = { ...this.initial };
    this.build();
    this.listen();
    this.fromUrl();
    watch((here) => (here ? this.refresh() : this.away()));
  }

  build() {
    this.status = this.querySelector('.wb-live');
    this.region = h('div', { class: 'wb-hidden', 'aria-live': 'polite' });
    this.notice = h('div', { class: 'wb-notice', hidden: true });
    this.told = h('div', { class: 'wb-explain', hidden: Object.keys(this.facts.explain).length === 0 });
    const labels = this.facts.examples.map(({ label }) => h('option', {}, label));
    this.example = h('select', {
      'aria-label': 'example', onchange: () => this.pick(this.example.selectedIndex),
    }, ...labels, h('option', { hidden: true }, 'your own'));
    const option = (name) => (value) => h('option', { value }, `${name} ${value}`.replaceAll('_', ' '));
    this.choices = this.facts.choices.map(({ name, label, values }) => h('select', {
      name, 'aria-label': label, onchange: (event) => this.choose(name, event.target.value),
    }, ...values.map(option(name))));
    this.back = this.button('◀ step', () => this.step(-1), { 'aria-label': 'step back' });
    this.forth = this.button('step ▶', () => this.step(1), { 'aria-label': 'step forward' });
    this.share = this.button('copy link', () => this.copy());
    if (this.bytes) this.editor = new Editor(this, `${this.bytes}, with \\r\\n and \\x00 as escapes`, this.lineEnd);
    this.foot = h('div', { class: 'wb-foot' }, h('span', {}, `${this.keys} Enter goes in, Esc comes out.`));
    this.inside = [this.notice, ...this.body(), this.foot, this.region];
  }

  controls() {
    const examples = this.facts.examples.length ? [this.example] : [];
    const steps = this.step ? [this.back, this.forth] : [];
    return [...examples, ...this.choices, ...steps, ...(this.editor ? [this.editor.button] : [])];
  }

  // The picture of the book stays until there is something better.
  appear() {
    if (this.bar) return;
    this.bar = h('div', { class: 'wb-bar' }, h('b', {}, this.ariaLabel), ...this.controls(), this.share, this.status);
    this.replaceChildren(this.bar, ...this.inside);
  }

  button(label, action, attributes = {}) {
    return h('button', { type: 'button', onclick: action, ...attributes }, label);
  }

  // The step buttons at either end: dimmed, but not `disabled`, because a button that is loses the keyboard's focus.
  limits(first, last) {
    this.back.ariaDisabled = first;
    this.forth.ariaDisabled = last;
  }

  // Focus. A widget is one stop for Tab: Tab goes on behind it, Enter goes in, Esc comes out. A click focuses it.

  listen() {
    this.tabIndex = 0;
    this.addEventListener('keydown', (event) => {
      // The book turns pages with the arrow keys; in a widget they are the widget's.
      event.stopPropagation();
      if (event.key === 'Tab' && event.target === this && !event.shiftKey) this.passOver(true);
      else if (!event.ctrlKey && !event.metaKey && !event.altKey) this.key(event);
    });
    for (const past of ['blur', 'keyup']) this.addEventListener(past, () => this.passOver(false));
    this.addEventListener('focusin', ({ target, relatedTarget }) => {
      if (tabbing && target !== this && !this.contains(relatedTarget)) this.focus();
    });
    this.addEventListener('click', ({ target }) => { const about = this.spot(target); if (about) this.select(about); });
    this.addEventListener('pointerover', ({ target }) => this.point(this.spot(target)));
    this.addEventListener('pointerleave', () => this.point());
    addEventListener('hashchange', () => { if (this.fromUrl()) this.refresh(); });
  }

  // What is inside cannot have the focus while a Tab goes past it. No timer ends that: keys may overtake it.
  passOver(over) {
    for (const child of this.children) child.inert = over;
  }

  key(event) {
    const typing = event.target.matches('input, textarea, select');
    const action = event.key === 'Escape' ? () => this.leave() : !typing && this.action(event);
    if (action) { event.preventDefault(); action(); }
  }

  action({ key, target }) {
    const enter = target === this ? () => this.enter() : null;
    const row = target.closest('tr')?.querySelector('a');
    return {
      ...(this.answer && this.step && {
        ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1),
        Home: () => this.end(-1), End: () => this.end(1),
      }),
      Enter: row && target.matches('tr') ? () => row.click() : enter,
    }[key];
  }

  // In again on the next Enter; what was selected is open then.
  enter() {
    const link = this.selected && this.told.querySelector('a');
    if (link) link.click();
    else this.bar?.querySelector('select, button').focus();
  }

  leave() {
    if (document.activeElement === this) this.select(null);
    this.focus();
  }

  // What is pointed at, and what is selected: a sentence about it, its rule, and the line of our source.

  spot(target) {
    return target.closest('[data-spot]')?.about;
  }

  point(about) {
    this.tell(about ?? this.selected ?? this.now);
  }

  select(about) {
    this.selected = about;
    this.tell(about ?? this.now);
    if (about) this.say(this.told.textContent);
  }

  tell(about) {
    const row = about && (this.facts.explain[about.key] ?? this.facts.explain[about.key.split(' ')[0]]);
    if (!row) this.told.replaceChildren(dim('Point at something: it is explained here.'));
    else {
      const both = [rule(row.rule), source(row.source)].map((one) => h('span', { class: 'wb-on' }, one));
      const where = h('span', { class: 'wb-at' }, about.where ?? '');
      this.told.replaceChildren(h('b', {}, about.name), h('span', {}, ...prose(`${row.say}.`)), where, ...both);
    }
  }

  say(sentence) {
    this.region.textContent = sentence;
  }

  // Stays until the next input; a refusal until the next answer.
  hint(sentence, refused = false) {
    this.notice.textContent = sentence;
    this.notice.hidden = !sentence;
    this.notice.classList.toggle('wb-refused', refused);
    if (sentence) this.say(sentence);
  }

  // State: an example or a choice, and the position in it.

  pick(index) {
    this.change({ ...this.defaults, ...this.facts.examples[index].state });
  }

  choose(name, value) {
    this.change({ [name]: typeof this.initial[name] === 'number' ? Number(value) : value });
  }

  typed(input, hint) {
    this.change({ input, ...this.defaults }, hint);
  }

  change(state, hint = '') {
    Object.assign(this.state, state);
    this.hint(hint);
    this.refresh();
  }

  // The controls show the state: the list its example, or that it is the reader's own.
  sync() {
    const same = ({ state }) => Object.entries(state).every(([key, value]) => this.state[key] === value);
    const known = this.facts.examples.findIndex(same);
    this.example.selectedIndex = known < 0 ? this.facts.examples.length : known;
    for (const choice of this.choices) choice.value = this.state[choice.name];
    this.editor?.write(this.state.input);
  }

  // The state lies in the URL: what differs from the beginning, each value behind the widget's name.

  fromUrl() {
    const mine = [...new URLSearchParams(location.hash.slice(1))].filter(([key]) => key.startsWith(this.mine));
    for (const [key, text] of mine) {
      const name = key.slice(this.mine.length);
      const value = this.decode(name, text);
      const known = this.facts.choices.find((choice) => choice.name === name);
      if (name in this.initial && value != null && (known?.values.includes(text) ?? true)) this.state[name] = value;
    }
    return mine.length > 0;
  }

  decode(name, text) {
    if (this.bytes && name === 'input') return fromFragment(text);
    if (typeof this.initial[name] !== 'number') return text;
    return Number.isFinite(Number(text)) ? Number(text) : null;
  }

  encode(name, value) {
    return this.bytes && name === 'input' ? toFragment(value) : encodeURIComponent(value);
  }

  // The page's fragment with this widget's state; the other widgets' stays.
  fragment() {
    const changed = Object.entries(this.state).filter(([name, value]) => value !== this.initial[name]);
    const others = location.hash.slice(1).split('&').filter((one) => one.includes('=') && !one.startsWith(this.mine));
    return [...others, ...changed.map(([name, value]) => `${this.mine}${name}=${this.encode(name, value)}`)].join('&');
  }

  // Browsers refuse scripts that write too often.
  save() {
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.write(), 250);
  }

  write() {
    const fragment = this.fragment();
    const { length } = fragment;
    if (length > LINK) return `${count(length, 'character')} are too long for a link, which has ${LINK}.`;
    const url = new URL(location.href);
    if (fragment || url.hash.includes('=')) url.hash = fragment;
    if (url.href !== location.href) history.replaceState(history.state, '', url);
    return null;
  }

  async copy() {
    const refusal = this.write();
    if (refusal) { this.hint(`This input is no link: ${refusal}`, true); return; }
    const copied = await navigator.clipboard.writeText(location.href).then(() => true, () => false);
    this.share.textContent = copied ? '✓ copied' : 'it is in the address';
    this.say(copied ? 'The link was copied.' : 'The link is in the address bar.');
    clearTimeout(this.confirmed);
    this.confirmed = setTimeout(() => { this.share.textContent = 'copy link'; }, 2000);
  }

  // Asking.

  request() {
    const { at, ...question } = this.state;
    return question;
  }

  // Asks the server and shows what it answers; of several questions in flight only the last counts.
  async refresh() {
    const question = (this.question = {});
    const request = this.request();
    this.ariaBusy = 'true';
    this.save();
    this.sync();
    try {
      const length = Object.values(request).reduce((sum, value) => sum + (value?.length ?? 0), 0);
      const { limit } = this.facts;
      const sentence = `The input has ${count(length, 'byte')}, the widget takes ${count(limit, 'byte')}.`;
      if (length > limit) throw new Error(sentence);
      const answer = await ask(this.name, request);
      if (question !== this.question) return;
      if (this.notice.classList.contains('wb-refused')) this.hint('');
      this.answer = answer;
      const inside = this.contains(document.activeElement);
      this.appear();
      this.status.classList.remove('wb-away');
      this.status.textContent = `live: ${this.live(answer)}`;
      this.show(answer);
      // What had the focus may be gone.
      if (inside && !this.contains(document.activeElement)) this.focus({ preventScroll: true });
    } catch (error) {
      if (question !== this.question) return;
      if (error instanceof Away) this.away();
      else this.hint(error.message, true);
    }
    this.ariaBusy = 'false';
  }

  away() {
    this.status.classList.add('wb-away');
    this.status.textContent = AWAY;
  }
}
