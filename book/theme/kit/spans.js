// Bytes with their parts, and the table of the parts: the same thing seen twice, so pointing at one marks the other.
import { h } from './dom.js';

const small = (code) => ({ 10: 'LF', 13: 'CR', 9: 'TAB', 0: 'NUL' })[code] ?? `x${code.toString(16).padStart(2, '0')}`;

// Fills `target` with the bytes of an answer. What lies behind the cut is pale; the byte of an error is framed.
export function showBytes(target, answer, cut, point) {
  const out = document.createDocumentFragment();
  const edges = new Set([0, answer.len, cut, answer.fault?.offset, (answer.fault?.offset ?? -2) + 1]);
  for (const part of answer.parts) edges.add(part.start).add(part.end);
  const stops = [...edges].filter((edge) => edge >= 0 && edge <= answer.len).sort((a, b) => a - b);
  stops.forEach((start, index) => {
    if (start === cut && cut < answer.len) out.append(h('span', { class: 'wb-mark' }));
    const end = stops[index + 1];
    if (end === undefined) return;
    const part = answer.parts.findIndex((one) => one.start <= start && end <= one.end);
    const classes = [];
    if (part >= 0) classes.push('wb-part', `wb-${answer.parts[part].kind}`);
    if (start >= cut) classes.push('wb-rest');
    if (start === answer.fault?.offset) classes.push('wb-bad');
    const span = h('span', { class: classes.join(' '), 'data-part': part >= 0 ? part : null, onmouseenter: () => point(part), onmouseleave: () => point(-1) });
    plain(span, answer.input.slice(start, end));
    out.append(span);
  });
  if (answer.fault && answer.fault.offset >= answer.len) out.append(h('span', { class: 'wb-bad wb-end' }, ' end '));
  target.replaceChildren(out);
}

function plain(target, text) {
  let run = '';
  const flush = () => { if (run) target.append(run); run = ''; };
  for (const char of text) {
    const code = char.charCodeAt(0);
    if (code >= 0x20 && code < 0x7f) { run += char; continue; }
    flush();
    target.append(h('span', { class: 'wb-end' }, code === 13 ? ' CR ' : ` ${small(code)} `.trimEnd()));
    if (code === 10) target.append(h('br'));
  }
  flush();
}

// Fills `body` (a tbody) with a row for each part. Rows can be focused; Enter follows the rule.
export function showTable(body, answer, cut, point) {
  body.replaceChildren(...answer.parts.map((part, index) => h('tr', {
    tabindex: 0, 'data-part': index, class: part.start >= cut ? 'wb-rest' : '',
    onmouseenter: () => point(index), onmouseleave: () => point(-1), onfocus: () => point(index), onblur: () => point(-1),
  },
  h('td', {}, h('span', { class: `wb-key wb-${part.kind}` }), part.kind),
  h('td', {}, `${part.start}–${part.end}`),
  h('td', {}, h('code', {}, part.value.length > 60 ? `${part.value.slice(0, 59)}…` : part.value)),
  h('td', {}, rfc(part.rule)))));
}

// "RFC 9112 §3.2" as a link to its text.
export function rfc(rule) {
  const match = /^RFC (\d+) §([\d.]+)$/.exec(rule);
  if (!match) return rule;
  return h('a', { href: `https://www.rfc-editor.org/rfc/rfc${match[1]}#section-${match[2]}`, tabindex: -1 }, `${match[1]} §${match[2]}`);
}

// Marks everything in `root` that shows this part.
export function mark(root, part) {
  for (const element of root.querySelectorAll('[data-part]')) element.classList.toggle('wb-on', Number(element.dataset.part) === part);
}
