// What all widgets share: the bar, the state in the URL fragment, the live region, asking and being away.
import { h } from './dom.js';
import { ask, Away } from './live.js';

export class Widget extends HTMLElement {
  // A widget sets: name (its operation and key in the fragment), title. It gives: examples(), controls(), body(),
  // request(), show(answer), state() and restore(state).
  connectedCallback() {
    if (this.ready) return;
    this.ready = true;
    this.picture = [...this.childNodes];
    this.status = h('span', { class: 'wb-live' });
    this.region = h('div', { class: 'wb-hidden', 'aria-live': 'polite' });
    this.bar = h('div', { class: 'wb-bar' }, h('b', {}, this.title_), ...this.controls(), this.button('copy link', () => this.copy()), this.status);
    this.replaceChildren(this.bar, ...this.body(), this.region);
    // The book turns pages with the arrow keys; inside a widget they step.
    this.addEventListener('keydown', (event) => { this.key(event); event.stopPropagation(); });
    addEventListener('hashchange', () => this.fromUrl());
    this.fromUrl();
  }

  button(label, action, attributes = {}) {
    return h('button', { type: 'button', onclick: action, ...attributes }, label);
  }

  // The step buttons at either end: dimmed, but not `disabled`, because a button that is loses the keyboard's focus.
  ends(first, last) {
    this.back.ariaDisabled = first;
    this.forth.ariaDisabled = last;
  }

  say(sentence) {
    this.region.textContent = sentence;
  }

  fromUrl() {
    const all = new URLSearchParams(location.hash.slice(1));
    const mine = {};
    for (const [key, value] of all) if (key.startsWith(`${this.name}.`)) mine[key.slice(this.name.length + 1)] = value;
    this.restore(mine);
    this.refresh();
  }

  link() {
    const state = Object.entries(this.state()).map(([key, value]) => `${this.name}.${key}=${encodeURIComponent(value)}`);
    const url = new URL(location.href);
    url.hash = state.join('&');
    return url;
  }

  async copy() {
    const url = this.link();
    history.replaceState(null, '', url);
    try {
      await navigator.clipboard.writeText(url.href);
      this.say('The link was copied.');
    } catch {
      this.say('The link is in the address bar.');
    }
  }

  // Asks the server and shows what it answers; of several questions in flight only the last counts.
  async refresh() {
    const question = (this.question = {});
    try {
      const answer = await ask(this.name, this.request());
      if (question !== this.question) return;
      this.answer = answer;
      this.show(answer);
    } catch (error) {
      if (question !== this.question) return;
      this.status.classList.add('wb-away');
      this.status.textContent = error instanceof Away ? 'the server is away: cargo run --release' : error.message;
      // Nothing was ever answered: the picture of the book says more than an empty frame.
      if (!this.answer && error instanceof Away) this.replaceChildren(...this.picture);
    }
  }
}
