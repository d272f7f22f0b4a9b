// <wirebook-head>: what the server's own connection makes of the bytes of requests, cut wherever the reader likes.
import { h } from '../kit/dom.js';
import { CutWidget } from '../kit/cut-widget.js';
import { mark, rfc, showBytes, showTable } from '../kit/spans.js';

const EXAMPLES = [
  ['curl, three fields', 'GET /search?q=tea HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nAccept: text/html\r\nUser-Agent: curl/8.5\r\n\r\n'],
  ['a form', 'POST /tea HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\n\r\nleaf=oolong'],
  ['chunks and a trailer', 'PUT /tea HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nool\r\n3;x=y\r\nong\r\n0\r\nSteeped: 3m\r\n\r\n'],
  ['two in a pipeline', 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['smuggling: two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a space before the colon', 'GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n'],
  ['a bare line feed', 'GET / HTTP/1.1\nHost: a\n\n'],
  ['an obsolete fold', 'GET / HTTP/1.1\r\nHost: a\r\nX-Long: one\r\n two\r\n\r\n'],
  ['NUL in a value', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n'],
  ['no Host', 'GET / HTTP/1.1\r\nAccept: */*\r\n\r\n'],
];
const VARIANTS = ['simd', 'swar', 'table', 'bytewise', 'split'];
const SOURCE = 'http1/src/connection/mod.rs';

customElements.define('wirebook-head', class extends CutWidget {
  name = 'head';
  title_ = 'HTTP/1 request';
  examples = EXAMPLES;

  controls() {
    this.example = h('select', { 'aria-label': 'example', onchange: () => this.pick(this.example.selectedIndex) }, ...EXAMPLES.map(([label]) => h('option', {}, label)), h('option', { hidden: true }, 'bytes of your own'));
    this.variant = h('select', { 'aria-label': 'the parser that is timed', onchange: () => this.refresh() }, ...VARIANTS.map((name) => h('option', { value: name }, `parser: ${name}`)));
    this.back = this.button('◀ step', () => this.step(-1), { 'aria-label': 'step back' });
    this.forth = this.button('step ▶', () => this.step(1), { 'aria-label': 'step forward' });
    this.edit = this.button('edit', () => this.toggle(), { 'aria-pressed': 'false' });
    return [this.example, this.variant, this.back, this.forth, this.edit];
  }

  body() {
    this.slider = h('input', { type: 'range', min: 0, 'aria-label': 'cut after byte', oninput: () => this.cutAt(Number(this.slider.value)) });
    this.count = h('output');
    this.note = h('span', { class: 'wb-note' });
    this.spans = h('span', { class: 'wb-spans' });
    this.text = h('textarea', { class: 'wb-edit', 'aria-label': 'bytes of the request, with \\r\\n and \\x00 as escapes', spellcheck: 'false', oninput: () => this.typed() });
    this.rows = h('tbody');
    this.events = h('div', { class: 'wb-events' });
    this.states = h('div', { class: 'wb-state' });
    this.fault = h('div', { class: 'wb-fault', hidden: true });
    this.rule = h('span');
    const heads = ['field', 'bytes', 'value', 'rule'].map((label) => h('th', { scope: 'col' }, label));
    return [
      h('div', { class: 'wb-cut' }, h('span', {}, 'cut after byte'), this.slider, this.count, this.note),
      h('div', { class: 'wb-grid' }, h('div', { class: 'wb-bytes' }, this.spans, this.text),
        h('div', { class: 'wb-table' }, h('table', {}, h('thead', {}, h('tr', {}, ...heads)), this.rows))),
      this.fault, this.events, this.states,
      h('div', { class: 'wb-foot' }, h('span', {}, '← → step · Home End go to the ends · Tab moves between fields · Enter opens the rule'), h('span', {}, SOURCE), this.rule),
    ];
  }

  restore(state) {
    if (VARIANTS.includes(state.parser)) this.variant.value = state.parser;
    super.restore(state);
  }

  state() {
    return { ...super.state(), ...(this.variant.selectedIndex > 0 && { parser: this.variant.value }) };
  }

  request() {
    return { ...super.request(), parser: this.variant.value };
  }

  stops({ states }) {
    return states.map((mark) => mark.at);
  }

  key(event) {
    super.key(event);
    if (event.key === 'Enter' && event.target.matches('tr')) event.target.querySelector('a')?.click();
  }

  show(answer) {
    const { cut, len, fault } = answer;
    const point = (part) => { mark(this, part); this.rule.replaceChildren(part < 0 ? '' : rfc(answer.parts[part].rule)); };
    this.status.classList.remove('wb-away');
    this.status.textContent = answer.nanoseconds ? `live: parsed by this server, ${answer.nanoseconds.toFixed(0)} ns (${answer.parser})` : 'live: read by this server';
    this.slider.max = len;
    this.slider.value = cut;
    this.count.textContent = `${cut} / ${len}`;
    this.note.textContent = this.sentence(answer);
    this.ends(cut === 0, cut === len);
    showBytes(this.spans, answer, cut, point);
    const focused = this.rows.contains(document.activeElement) ? document.activeElement.dataset.part : null;
    showTable(this.rows, answer, cut, point);
    if (focused) this.rows.children[focused]?.focus();
    this.events.replaceChildren(h('span', { class: 'wb-note' }, 'events'), ...answer.events.map((event, index) => h('span', { class: `wb-event ${index < answer.before_cut ? '' : 'wb-rest'}` }, `${event.event} ${event.text}`)), ...(answer.events.length ? [] : ['none']));
    this.showStates(answer);
    this.fault.hidden = !fault;
    if (fault) this.fault.replaceChildren(h('b', {}, `${fault.name} at byte ${fault.offset}`), `: ${fault.message} (`, rfc(fault.rule), `). A server answers ${fault.answer} and closes.`);
    this.say(`Byte ${cut} of ${len}. ${this.note.textContent}`);
  }

  sentence({ cut, len, events, before_cut, same, fault }) {
    if (!same) return 'The events differ: this is a bug of ours.';
    if (fault && fault.offset < cut) return `refused at byte ${fault.offset}`;
    if (cut < len) return `partial: ${before_cut} of ${events.length} events so far, the same as without the cut`;
    return fault ? 'refused' : 'whole';
  }

  // A window of states around the one in which the cut leaves the reader.
  showStates({ states, cut, fault }) {
    const reached = Math.min(cut, fault?.offset ?? cut);
    const now = states.findLastIndex((mark) => mark.at <= reached);
    const from = Math.max(0, Math.min(now - 3, states.length - 7));
    const chips = states.slice(from, from + 7).flatMap((mark, index) => {
      const here = from + index === now;
      return [index ? h('span', { class: 'wb-note' }, '→') : '', h('span', { class: `wb-chip ${here ? 'wb-now' : ''}`, 'aria-current': here ? 'step' : null }, mark.state)];
    });
    const failed = fault && fault.offset < cut ? [h('span', { class: 'wb-note' }, '→'), h('span', { class: 'wb-chip' }, 'failed')] : [];
    this.states.replaceChildren(h('span', { class: 'wb-note' }, 'state'), from > 0 ? '…' : '', ...chips, from + 7 < states.length ? '…' : '', ...failed);
  }
});
