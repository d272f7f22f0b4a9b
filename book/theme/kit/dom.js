// Elements in one line: h('span', {class: 'a'}, 'text', child).
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, '');
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

export const dim = (...children) => h('span', { class: 'wb-note' }, ...children);

// A sentence; what stands in backticks is code.
export const prose = (text) => text.split(/`([^`\s]+)`/)
  .map((part, at) => (at % 2 ? h('code', {}, part) : part));

// A table and its body. A row is [attributes, cell, …]; each cell knows the head of its column, for narrow screens.
export class Table {
  body = h('tbody');

  constructor(...heads) {
    this.heads = heads;
    const head = h('tr', {}, ...heads.map((text) => h('th', { scope: 'col' }, text)));
    this.element = h('div', { class: 'wb-table' }, h('table', {}, h('thead', {}, head), this.body));
  }

  row([attributes, ...cells]) {
    return h('tr', attributes, ...cells.map((cell, at) => h('td', { 'data-head': this.heads[at] }, cell)));
  }

  fill(rows) {
    this.body.replaceChildren(...rows.map((row) => this.row(row)));
  }
}

// The rows of two columns of lines, side by side; those in which they differ are marked.
export const differences = (one, other, differ = (row) => one[row] !== other[row]) => Array.from(
  { length: Math.max(one.length, other.length) },
  (_, row) => [{ class: differ(row) ? 'wb-on' : '' }, differ(row) ? '≠' : '',
    ...[one, other].map((lines) => h('code', {}, lines[row] ?? ''))],
);

// A byte as two digits.
export const hex = (code) => code.toString(16).padStart(2, '0');

// "1 byte", "2 bytes", "17,152 bytes".
export const count = (number, one) => `${number.toLocaleString('en')} ${one}${number === 1 ? '' : 's'}`;

// Changes what is inside of an element, and gives the focus to what has the same data-key as what had it.
export function keepFocus(element, change) {
  const key = element.contains(document.activeElement) && document.activeElement.dataset.key;
  change();
  const again = [...element.querySelectorAll('[data-key]')].find((one) => one.dataset.key === key);
  again?.focus({ preventScroll: true });
}
