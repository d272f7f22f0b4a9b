// <wirebook-reconnect>: a feed whose connection the reader cuts, to see Last-Event-ID heal it.
// The EventSource is opened on a click only: a browser gives a page about six connections to a server, and it keeps one.
import { h } from '../kit/dom.js';
import { Widget } from '../kit/widget.js';
import { ask } from '../kit/live.js';

const ROWS = 200;
const STATES = ['connecting', 'open', 'closed'];

customElements.define('wirebook-reconnect', class extends Widget {
  name = 'reconnect';
  title_ = 'A connection that breaks';
  session = Math.random().toString(36).slice(2);

  controls() {
    this.toggle = this.button('open', () => (this.source ? this.close() : this.open()));
    this.cut = this.button('cut the connection', () => this.cutNow(), { disabled: true });
    return [this.toggle, this.cut];
  }

  body() {
    this.rows = h('tbody');
    this.counts = h('span');
    this.chips = STATES.map((state) => h('span', { class: 'wb-chip' }, state));
    const heads = ['who', 'what', 'lastEventId'].map((label) => h('th', { scope: 'col' }, label));
    return [
      h('div', { class: 'wb-table', style: 'max-height: 22em; overflow-y: auto' }, h('table', {}, h('thead', {}, h('tr', {}, ...heads)), this.rows)),
      h('div', { class: 'wb-state' }, h('span', { class: 'wb-note' }, 'readyState'), ...this.chips, this.counts),
      h('div', { class: 'wb-foot' }, h('span', {}, 'sse/src/channel.rs'), h('a', { href: 'https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header' }, 'HTML §9.2.4')),
    ];
  }

  // Nothing is asked until the reader opens the stream, and there is nothing to link to.
  refresh() {
    this.status.textContent = 'open it, then cut it';
  }

  restore() {}

  state() {
    return {};
  }

  key() {}

  disconnectedCallback() {
    this.close();
  }

  open() {
    this.seen = [];
    this.losses = 0;
    this.rows.replaceChildren();
    this.source = new EventSource(new URL(`../../live/feed?${this.session}`, import.meta.url));
    this.source.onopen = () => this.update();
    this.source.onerror = () => {
      this.losses += 1;
      this.add('client', 'error: the connection is lost; the browser waits 1.5 s and asks again', '');
      this.say('The connection is lost.');
    };
    this.source.addEventListener('connection', (event) => {
      const { connection, lastEventId, replayed } = JSON.parse(event.data);
      this.add('server', `connection ${connection} came with ${lastEventId ? `Last-Event-ID: ${lastEventId}` : 'no Last-Event-ID'}${replayed ? `; ${replayed} missed events follow` : ''}`, event.lastEventId);
      this.say(`Connection ${connection}. ${replayed} missed events follow.`);
    });
    this.source.addEventListener('lost', (event) => this.add('server', `the ring no longer reaches back: ${event.data} events are lost`, event.lastEventId));
    this.source.onmessage = (event) => { this.seen.push(Number(event.lastEventId)); this.add('client', event.data, event.lastEventId); };
    this.toggle.textContent = 'close';
    this.update();
  }

  close() {
    this.source?.close();
    this.source = null;
    this.toggle.textContent = 'open';
    this.update();
  }

  async cutNow() {
    this.cut.disabled = true;
    try {
      await ask(this.name, { session: this.session });
      this.add('client', 'asks the server to break the connection in the middle of its next event', '');
    } catch (error) {
      this.status.textContent = error.message;
    }
  }

  add(who, what, id) {
    this.rows.append(h('tr', { class: `wb-${who}` }, h('td', {}, who), h('td', {}, what), h('td', {}, h('code', {}, id))));
    if (this.rows.childElementCount > ROWS) this.rows.firstElementChild.remove();
    this.rows.closest('.wb-table').scrollTop = this.rows.scrollHeight;
    this.update();
  }

  update() {
    const state = this.source?.readyState ?? 2;
    this.chips.forEach((chip, index) => chip.classList.toggle('wb-now', index === state));
    this.cut.disabled = state !== 1;
    this.status.classList.toggle('wb-away', state !== 1);
    this.status.textContent = this.source ? `live: this server's own feed, ${STATES[state]}` : 'open it, then cut it';
    const seen = this.seen ?? [];
    const gaps = seen.filter((number, index) => index > 0 && number !== seen[index - 1] + 1).length;
    this.counts.textContent = seen.length ? `${seen.length} events, ${this.losses} broken connections, ${gaps} gaps or repeats` : '';
  }
});
