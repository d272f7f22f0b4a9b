// <wirebook-reconnect>: a feed whose connection the reader cuts, to see Last-Event-ID heal it.
// The EventSource is opened on a click only: a browser gives a page about six connections to a server.
import { count, dim, h, Table } from '../kit/dom.js';
import { ask } from '../kit/live.js';
import { Widget } from '../kit/widget.js';

const ROWS = 200;
const STATES = ['connecting', 'open', 'closed'];

customElements.define('wirebook-reconnect', class extends Widget {
  session = Math.random().toString(36).slice(2);

  controls() {
    this.toggle = this.button('open', () => (this.source ? this.close() : this.open()));
    this.cut = this.button('cut the connection', () => this.cutNow(), { 'aria-disabled': true });
    return [this.toggle, this.cut];
  }

  body() {
    this.rows = new Table('who', 'what', 'lastEventId');
    this.rows.element.classList.add('wb-log');
    this.rows.element.tabIndex = 0;
    this.counts = h('span');
    this.chips = STATES.map((state) => h('span', { class: 'wb-chip' }, state));
    return [this.rows.element, h('div', { class: 'wb-state' }, dim('readyState'), ...this.chips,
      this.counts), this.told];
  }

  // Nothing is asked until the reader opens the stream.
  refresh() {
    this.appear();
    this.share.hidden = true;
    this.update();
  }

  disconnectedCallback() {
    this.close();
  }

  open() {
    this.seen = [];
    this.losses = 0;
    this.rows.fill([]);
    this.source = new EventSource(new URL(`../../live/feed?${this.session}`, import.meta.url));
    this.source.onopen = () => this.update();
    this.source.onerror = () => {
      this.losses += 1;
      this.add('lost', 'client', 'error: the connection is lost; the browser waits 1.5 s and asks again', '');
      this.say('The connection is lost.');
    };
    this.source.addEventListener('connection', ({ data, lastEventId: id }) => {
      const { connection, lastEventId, replayed } = JSON.parse(data);
      const asked = lastEventId ? `Last-Event-ID: ${lastEventId}` : 'no Last-Event-ID';
      const missed = replayed ? `; ${count(replayed, 'missed event')} ${replayed === 1 ? 'follows' : 'follow'}` : '';
      this.add('connects', 'server', `connection ${connection} came with ${asked}${missed}`, id);
      this.say(`Connection ${connection}${missed}.`);
    });
    this.source.addEventListener('lost', ({ data, lastEventId }) => {
      this.add('gap', 'server', `the ring no longer reaches back: ${count(Number(data), 'event')} lost`, lastEventId);
    });
    this.source.onmessage = ({ data, lastEventId }) => {
      this.seen.push(Number(lastEventId));
      this.add('event', 'client', data, lastEventId);
    };
    this.update();
  }

  close() {
    this.source?.close();
    this.source = null;
    this.update();
  }

  async cutNow() {
    if (this.cut.ariaDisabled === 'true') return;
    try {
      await ask(this.name, { session: this.session });
      this.add('cut', 'client', 'asks the server to break the connection in the middle of its next event', '');
    } catch (error) {
      this.hint(error.message, true);
    }
  }

  add(moment, who, what, id) {
    const about = { id: moment, key: `moment ${moment}`, name: moment };
    const row = this.rows.row([{ class: `wb-${who}`, 'data-spot': moment }, who, what, h('code', {}, id)]);
    row.about = about;
    this.rows.body.append(row);
    this.now = about;
    this.tell(this.selected ?? about);
    if (this.rows.body.childElementCount > ROWS) this.rows.body.firstElementChild.remove();
    this.rows.element.scrollTop = this.rows.element.scrollHeight;
    this.update();
  }

  update() {
    const state = this.source?.readyState ?? 2;
    this.toggle.textContent = this.source ? 'close' : 'open';
    this.chips.forEach((chip, index) => chip.classList.toggle('wb-now', index === state));
    this.cut.ariaDisabled = state !== 1;
    this.status.classList.remove('wb-away');
    const feed = this.source ? `this server's own feed, ${STATES[state]}` : 'open it, then cut it';
    this.status.textContent = `live: ${feed}`;
    const seen = this.seen ?? [];
    const gaps = seen.filter((number, index) => index > 0 && number !== seen[index - 1] + 1).length;
    const lost = count(this.losses ?? 0, 'broken connection');
    const totals = [count(seen.length, 'event'), lost, count(gaps, 'gap or repeat')];
    this.counts.textContent = seen.length ? totals.join(', ') : '';
  }
});
