// <wirebook-conversation>: a client's bytes and a server's answers, event by event, with both sides' states.
import { h } from '../kit/dom.js';
import { Widget } from '../kit/widget.js';
import { fromFragment, toBytes, toFragment, toText } from '../kit/bytes.js';

const A = 'Host: a\r\n';
const EXAMPLES = [
  ['three in a pipeline', `GET /1 HTTP/1.1\r\n${A}\r\nPOST /2 HTTP/1.1\r\n${A}Transfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n0\r\n\r\nHEAD /3 HTTP/1.1\r\n${A}Connection: close\r\n\r\n`],
  ['an old client', 'GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\nGET /never HTTP/1.0\r\n\r\n'],
  ['a mistake in the middle', `GET /1 HTTP/1.1\r\n${A}\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n${A}\r\n`],
  ['a body that looks like a request', `POST /1 HTTP/1.1\r\n${A}Content-Length: 34\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n12`],
  ['a body that has not all come', `POST /1 HTTP/1.1\r\n${A}Content-Length: 10\r\n\r\nfour`],
  ['a chunk of the wrong length', `POST /1 HTTP/1.1\r\n${A}Transfer-Encoding: chunked\r\n\r\n3\r\nfour\r\n0\r\n\r\n`],
];

customElements.define('wirebook-conversation', class extends Widget {
  name = 'conversation';
  title_ = 'HTTP/1 conversation';
  input = EXAMPLES[0][1];
  at = Infinity;

  controls() {
    this.example = h('select', { 'aria-label': 'example', onchange: () => this.pick(this.example.selectedIndex) }, ...EXAMPLES.map(([label]) => h('option', {}, label)), h('option', { hidden: true }, 'bytes of your own'));
    this.back = this.button('◀ step', () => this.step(-1), { 'aria-label': 'step back' });
    this.forth = this.button('step ▶', () => this.step(1), { 'aria-label': 'step forward' });
    this.edit = this.button('edit', () => this.toggle(), { 'aria-pressed': 'false' });
    return [this.example, this.back, this.forth, this.edit];
  }

  body() {
    this.text = h('textarea', { class: 'wb-edit', 'aria-label': 'the bytes of the client, with \\r\\n as escapes', spellcheck: 'false', oninput: () => this.typed() });
    this.rows = h('tbody');
    this.note = h('div', { class: 'wb-state' });
    const heads = ['who', 'event', 'bytes', 'client is', 'server is'].map((label) => h('th', { scope: 'col' }, label));
    return [this.text, h('div', { class: 'wb-table' }, h('table', {}, h('thead', {}, h('tr', {}, ...heads)), this.rows)), this.note,
      h('div', { class: 'wb-foot' }, h('span', {}, '← → step · Home End go to the ends'), h('span', {}, 'http1/src/connection/state.rs'))];
  }

  restore(state) {
    const bytes = state.input && fromFragment(state.input);
    if (bytes != null) this.input = bytes;
    if (state.at) this.at = Number(state.at) || 0;
    const known = EXAMPLES.findIndex(([, example]) => example === this.input);
    this.example.selectedIndex = known < 0 ? EXAMPLES.length : known;
    if (document.activeElement !== this.text) this.text.value = toText(this.input);
  }

  state() {
    return { input: toFragment(this.input), ...(Number.isFinite(this.at) && { at: this.at }) };
  }

  request() {
    return { input: this.input };
  }

  pick(index) {
    [, this.input] = EXAMPLES[index];
    this.at = Infinity;
    this.text.value = toText(this.input);
    this.refresh();
  }

  typed() {
    this.input = toBytes(this.text.value);
    this.example.selectedIndex = EXAMPLES.length;
    this.at = Infinity;
    this.refresh();
  }

  toggle() {
    const editing = this.classList.toggle('wb-editing');
    this.edit.setAttribute('aria-pressed', editing);
    this.edit.textContent = editing ? 'done' : 'edit';
    if (editing) this.text.focus();
  }

  step(direction) {
    this.go(Math.min(this.at, this.answer.steps.length) + direction);
  }

  go(at) {
    this.at = Math.max(1, Math.min(at, this.answer.steps.length));
    this.show(this.answer);
  }

  key(event) {
    if (event.target === this.text || event.target === this.example || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = { ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1), Home: () => this.go(1), End: () => this.go(Infinity) }[event.key];
    if (action) { event.preventDefault(); action(); }
  }

  // Steps that have not come yet are pale; the last that has is marked.
  show({ steps, unread }) {
    const at = Math.min(this.at, steps.length);
    this.status.classList.remove('wb-away');
    this.status.textContent = "live: this server's own connection";
    this.ends(at <= 1, at === steps.length);
    this.rows.replaceChildren(...steps.map((step, index) => h('tr', { class: `wb-${step.from} ${index >= at ? 'wb-rest' : ''} ${index === at - 1 ? 'wb-on' : ''}`, 'aria-current': index === at - 1 ? 'step' : null },
      h('td', {}, step.from === 'client' ? 'client →' : '← server'), h('td', {}, step.event), h('td', {}, h('code', {}, step.bytes || '–')), h('td', {}, step.client), h('td', {}, step.server))));
    const last = steps[at - 1];
    const rest = unread && at === steps.length ? ` ${unread} bytes behind that are never looked at.` : '';
    this.note.textContent = last ? `Step ${at} of ${steps.length}: the ${last.from} says ${last.event}; the client is ${last.client}, the server ${last.server}.${rest}` : 'Nothing yet: bring more bytes.';
    this.say(this.note.textContent);
  }
});
