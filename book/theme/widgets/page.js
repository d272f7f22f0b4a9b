// <wirebook-page>: the bytes of the request that brought this page, of the one that opened its WebSocket, and of one
// that opens an event stream; as the server's own socket saw them. The key to each is known to this page alone.
import { h, hex, Table } from '../kit/dom.js';
import { key, secret } from '../kit/live.js';
import { asGrid, asText, partCells } from '../kit/spans.js';
import { Widget } from '../kit/widget.js';

const inHex = (bytes) => [...bytes].map((char) => hex(char.charCodeAt(0))).join(' ');
const SHOWN = 256; // bytes behind a head

customElements.define('wirebook-page', class extends Widget {
  body() {
    this.spans = h('div', { class: 'wb-spans' });
    this.rows = new Table('field', 'bytes', 'value', 'rule');
    const area = (label) => h('pre', { class: 'wb-area', tabindex: 0, role: 'region', 'aria-label': label });
    this.head = area("the answer's head");
    this.states = new Table('event', 'client is', 'server is');
    this.frames = new Table('who', 'frame', 'bytes', 'flags');
    this.read = area('behind the request');
    this.written = area('behind the answer');
    const titled = (title, element) => h('details', { open: true }, h('summary', {}, title), element);
    this.stream = titled('the frames of its stream', this.frames.element);
    this.behind = titled('behind the request', this.read);
    this.rest = titled('behind the answer', this.written);
    return [h('div', { class: 'wb-grid' }, h('div', { class: 'wb-bytes' }, this.spans), this.rows.element), this.told,
      titled("the answer's head", this.head), titled('the states', this.states.element),
      this.stream, this.behind, this.rest];
  }

  // The key of what is to be shown.
  async key_() {
    if (this.state.what === 'its WebSocket') return key;
    if (this.state.what === 'an event stream') return this.streamed();
    const [visit] = performance.getEntriesByType('navigation');
    return visit?.serverTiming?.find(({ name }) => name === 'wirebook')?.description ?? '';
  }

  // Opens an event stream, and closes it when its first event has come.
  async streamed() {
    const own = secret();
    const source = new EventSource(new URL(`../../live/feed?${own}`, import.meta.url));
    await new Promise((done) => {
      source.addEventListener('connection', done);
      source.onerror = done;
    });
    // The server remembers what it wrote; the stream itself has done its work.
    setTimeout(() => source.close(), 1000);
    return own;
  }

  async refresh() {
    this.found = await this.key_();
    return super.refresh();
  }

  request() {
    return { key: this.found };
  }

  live() {
    return "a tap on the server's own socket";
  }

  // Over HTTP/2 a request is a frame, and the rest of its stream are more of them.
  show({ request, answer, states, read, written, frames, explain }) {
    const framed = frames.length > 0;
    Object.assign(this.facts.explain, explain ?? {});
    this.spans.replaceChildren(...(framed ? asGrid : asText)(request, Infinity));
    this.frames.fill(frames.map(({ from, kind, length, flags }) => [{ class: `wb-${from}` },
      from === 'client' ? 'client →' : '← server', kind, length, flags || '–']));
    this.stream.hidden = !framed;
    this.rest.hidden = framed;
    this.rows.fill(request.parts.map((part) => [{}, ...partCells(part)]));
    this.head.textContent = answer.replaceAll('\r\n', '\n');
    this.states.fill(states.map(({ event, client, server }) => [{}, event, client, server]));
    const shown = this.state.what === 'its WebSocket' ? inHex : (bytes) => bytes;
    const text = (bytes) => shown(bytes.slice(0, SHOWN)) + (bytes.length > SHOWN ? ' …' : '');
    this.behind.hidden = !read;
    this.read.textContent = text(read);
    this.written.textContent = text(written) || 'nothing';
    this.select(null);
    this.say(`${request.len} bytes of request; ${answer.split('\r\n')[0]}.`);
  }
});
