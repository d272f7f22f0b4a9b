// <wirebook-template>: a template and its data on the left; its tokens, its closures and its output on the right.
import { h } from '../kit/dom.js';
import { Widget } from '../kit/widget.js';

const DATA = '{ "title": "Ducks & geese", "ducks": [{ "name": "Huey", "age": 10 }, { "name": "<Scrooge>", "age": 80 }] }';
const EXAMPLES = [
  ['a list', '<h1><%= title %></h1>\n<ul>\n<% for (const duck of ducks) { -%>\n  <li><%= duck.name %><%= duck.age > 40 ? \' (old)\' : \'\' %></li>\n<% } -%>\n</ul>\n', DATA],
  ['a table: fused closures', '<table>\n<% for (const row of table) { -%>\n<tr><% for (const cell of row) { %><td><%= cell %></td><% } %></tr>\n<% } -%>\n</table>\n', '{ "table": [[1, 2, 3], [4, 5, 6]] }'],
  ['a component', '<% const card = (title, body) => { %><section><h2><%= title %></h2><% body() %></section><% } -%>\n<% card(\'One\', () => { %><p><%= title %></p><% }) %>\n', DATA],
  ['constants are folded', '<p><%= 60 * 60 * 24 %> seconds, <%= \'<b>\' + \'!\' %></p>\n', '{}'],
  ['an error', '<p>\n<%= ducks.length.nope.deep %>\n</p>\n', DATA],
  ['a syntax error', '<% if (ducks { %>\n', DATA],
  ['unsafe contexts', '<a href="<%= title %>" title=<%= title %>>x</a>\n<script>var t = \'<%= title %>\'</script>\n', DATA],
  ['code injection', "<%= ''.constructor.constructor('return process')() %>\n", '{}'],
  ['an endless loop', '<% while (true) { %>x<% } %>\n', '{}'],
];
const SOURCE = 'template/src/compile/';

customElements.define('wirebook-template', class extends Widget {
  name = 'template';
  title_ = 'Template';
  source = EXAMPLES[0][1];
  json = EXAMPLES[0][2];
  at = 0;

  controls() {
    this.example = h('select', { 'aria-label': 'example', onchange: () => this.pick(this.example.selectedIndex) }, ...EXAMPLES.map(([label]) => h('option', {}, label)), h('option', { hidden: true }, 'a template of your own'));
    this.back = this.button('◀ step', () => this.step(-1), { 'aria-label': 'previous closure' });
    this.forth = this.button('step ▶', () => this.step(1), { 'aria-label': 'next closure' });
    return [this.example, this.back, this.forth];
  }

  body() {
    const area = (label, rows) => h('textarea', { class: 'wb-edit wb-open', rows, 'aria-label': label, spellcheck: 'false', oninput: () => this.typed() });
    this.text = area('the template', 9);
    this.data = area('the data, as JSON', 4);
    this.tokens = h('div', { class: 'wb-events' });
    this.closures = h('tbody');
    this.output = h('pre', { 'aria-label': 'output' });
    this.fault = h('pre', { class: 'wb-fault', hidden: true });
    const style = 'width:100%;box-sizing:border-box;font-family:var(--mono-font,monospace);display:block';
    for (const one of [this.text, this.data]) one.setAttribute('style', style);
    return [
      h('div', { class: 'wb-grid' },
        h('div', {}, h('span', { class: 'wb-note' }, 'template'), this.text, h('span', { class: 'wb-note' }, 'data'), this.data),
        h('div', { class: 'wb-table' }, h('table', {}, h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'closure'), h('th', { scope: 'col' }, 'line'))), this.closures))),
      this.fault, h('span', { class: 'wb-note' }, 'output'), this.output, this.tokens,
      h('div', { class: 'wb-foot' }, h('span', {}, '← → step through the closures · Home End go to the ends · Tab moves between fields'), h('span', {}, SOURCE)),
    ];
  }

  restore(state) {
    if (state.source != null) this.source = state.source;
    if (state.data != null) this.json = state.data;
    if (state.at) this.at = Number(state.at) || 0;
    const known = EXAMPLES.findIndex(([, source, data]) => source === this.source && data === this.json);
    this.example.selectedIndex = known < 0 ? EXAMPLES.length : known;
    if (document.activeElement !== this.text) this.text.value = this.source;
    if (document.activeElement !== this.data) this.data.value = this.json;
  }

  state() {
    return { source: this.source, data: this.json, ...(this.at && { at: this.at }) };
  }

  request() {
    return { template: this.source, data: this.json };
  }

  pick(index) {
    [, this.source, this.json] = EXAMPLES[index];
    [this.text.value, this.data.value, this.at] = [this.source, this.json, 0];
    this.refresh();
  }

  typed() {
    [this.source, this.json, this.at] = [this.text.value, this.data.value, 0];
    this.example.selectedIndex = EXAMPLES.length;
    this.refresh();
  }

  step(direction) {
    this.point(this.at + direction);
  }

  // Marks a closure, and the line of the template that it came from.
  point(at) {
    const rows = [...this.closures.children];
    this.at = Math.max(0, Math.min(at, rows.length - 1));
    rows.forEach((row, index) => row.classList.toggle('wb-on', index === this.at));
    this.ends(this.at === 0, this.at >= rows.length - 1);
    const row = rows[this.at];
    if (row) this.say(`Closure ${this.at + 1} of ${rows.length}: ${row.textContent}`);
  }

  key(event) {
    if (event.target.matches('textarea, select') || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = { ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1), Home: () => this.point(0), End: () => this.point(Infinity) }[event.key];
    if (action) { event.preventDefault(); action(); }
  }

  show({ tokens, closures, warnings, output, fault, compile_us, render_us }) {
    this.status.classList.remove('wb-away');
    this.status.textContent = render_us ? `live: compiled in ${compile_us.toFixed(0)} µs, rendered in ${render_us.toFixed(1)} µs` : 'live: read by this server';
    this.closures.replaceChildren(...closures.map(({ depth, label, line }, index) => h('tr', { tabindex: 0, onfocus: () => this.point(index), onclick: () => this.point(index) },
      h('td', { style: `padding-inline-start:${0.5 + depth}em` }, label), h('td', {}, String(line)))));
    this.output.textContent = output ?? '';
    const notes = [...(fault ? [fault] : []), ...warnings];
    this.fault.hidden = notes.length === 0;
    this.fault.replaceChildren(...notes.map(({ name, message, line, column, excerpt }) => h('span', {}, h('b', {}, `${name} at ${line}:${column}`), `: ${message}\n${excerpt}\n`)));
    this.tokens.replaceChildren(h('span', { class: 'wb-note' }, 'tokens'), ...tokens.slice(0, 400).map(({ kind, text }) => h('span', { class: 'wb-event', title: kind }, kind === 'text' ? JSON.stringify(text) : text || kind)));
    this.point(this.at);
    this.say(fault ? `${fault.name}: ${fault.message}` : `Rendered ${output.length} characters.`);
  }
});
