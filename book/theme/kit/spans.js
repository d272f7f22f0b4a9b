// Bytes with their parts: as text, or as a hex grid. What a person can point at is a spot: an element that says what it
// is about and which bits of the input it stands for, so that pointing at one marks all others that share a bit.
import { dim, h, hex } from './dom.js';

const NAMES = { 0: 'NUL', 9: 'TAB', 10: 'LF', 13: 'CR', 32: 'SP', 58: ':' };
const small = (code) => NAMES[code] ?? `x${hex(code)}`;
const GRID = 1024; // bytes that a grid shows

// `about` is { id, name, key, from, to }: from and to are bits.
export function spot(about, name, attributes = {}, ...children) {
  const element = h(name, { 'data-spot': about.id, ...attributes }, ...children);
  element.about = about;
  return element;
}

// One of several states in a row; the one that is now is marked.
export const chip = (now) => ({ class: `wb-chip ${now ? 'wb-now' : ''}`, 'aria-current': now ? 'step' : null });

export const part = (answer, index) => {
  const { start, end, kind, key, value } = answer.parts[index];
  const name = ['name', 'value'].includes(kind) ? value : kind;
  return { id: `part ${index}`, index, name, key, from: start * 8, to: end * 8, where: `bytes ${start}–${end}` };
};

// A part as the cells of a table's row: its kind, bytes, value and rule.
export function partCells({ start, end, kind, value, rule: section }) {
  const short = value.length > 60 ? `${value.slice(0, 59)}…` : value;
  return [h('span', {}, h('span', { class: `wb-key wb-${kind}` }), kind), `${start}–${end}`, h('code', {}, short),
    rule(section, section.replace('RFC ', ''))];
}

const byte = (answer, at) => {
  const code = answer.input.charCodeAt(at);
  const inside = answer.parts.findIndex((one) => one.start <= at && at < one.end);
  const key = inside < 0 ? `byte ${small(code)}` : answer.parts[inside].key;
  const name = inside < 0 ? small(code) : answer.parts[inside].kind;
  const where = `byte ${at}: ${hex(code)}`;
  return { id: `byte ${at}`, name, key, where, index: inside, from: at * 8, to: at * 8 + 8 };
};

// Pale behind the cut, framed at the error, underlined as its part.
function classes(answer, cut, at, kind) {
  const wrong = answer.fault && at === answer.fault.offset;
  return `${kind ? `wb-part wb-${kind}` : ''} ${at >= cut ? 'wb-rest' : ''} ${wrong ? 'wb-bad' : ''}`;
}

// The bytes as text. CR, LF and their like are small words; a line end ends the line.
export function asText(answer, cut) {
  const out = [];
  const edges = new Set([0, answer.len, cut]);
  if (answer.fault) edges.add(answer.fault.offset).add(answer.fault.offset + 1);
  for (const one of answer.parts) edges.add(one.start).add(one.end);
  for (let at = 0; at < answer.len; at += 1) if (NAMES[answer.input.charCodeAt(at)]) edges.add(at).add(at + 1);
  const stops = [...edges].filter((edge) => edge <= answer.len).sort((a, b) => a - b);
  stops.forEach((start, index) => {
    if (start === cut && cut < answer.len) out.push(h('span', { class: 'wb-mark' }));
    if (index + 1 === stops.length) return;
    const inside = answer.parts.findIndex((one) => one.start <= start && stops[index + 1] <= one.end);
    const about = inside < 0 ? byte(answer, start) : part(answer, inside);
    const style = classes(answer, cut, start, answer.parts[inside]?.kind);
    out.push(spot(about, 'span', { class: style }, ...words(answer.input.slice(start, stops[index + 1]))));
    if (answer.input[stops[index + 1] - 1] === '\n') out.push(h('br'));
  });
  if (answer.fault?.offset >= answer.len) out.push(h('span', { class: 'wb-bad wb-end' }, ' end '));
  return out;
}

const words = (text) => text.split(/([^\x20-\x7e])/).filter(Boolean).map((piece) => (/[^\x20-\x7e]/.test(piece)
  ? h('span', { class: 'wb-end' }, small(piece.charCodeAt(0))) : piece));

// The bytes as a hex grid, ASCII beneath each: eight a row, and as many rows beside each other as there is room for.
export function asGrid(answer, cut) {
  const rows = [];
  const shown = Math.min(answer.len, GRID);
  for (let start = 0; start < shown; start += 8) {
    const cells = Array.from({ length: Math.min(8, shown - start) }, (_, index) => {
      const code = answer.input.charCodeAt(start + index);
      const about = byte(answer, start + index);
      const style = `wb-cell ${classes(answer, cut, start + index, answer.parts[about.index]?.kind)}`;
      return spot(about, 'span', { class: style }, hex(code), h('small', {}, ascii(code)));
    });
    rows.push(h('div', { class: 'wb-line' }, h('span', { class: 'wb-offset' }, hex(start).padStart(4, '0')), ...cells));
  }
  const rest = answer.len - shown;
  return [h('div', { class: 'wb-hex' }, ...rows), rest ? dim(`… and ${rest} more`) : ''];
}

const ascii = (code) => (code > 0x20 && code < 0x7f ? String.fromCharCode(code) : '·');

const WEB = {
  'HTML §9.2.4': 'https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header',
  'HTML §9.2.5': 'https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream',
  'HTML §9.2.6': 'https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation',
};

// "RFC 9112 §3.2" as a link to its text, which opens beside the book.
export function rule(section, label = section) {
  const [, number, at] = /^RFC (\d+) §([\d.]+)$/.exec(section) ?? [];
  const href = number ? `https://www.rfc-editor.org/rfc/rfc${number}#section-${at}` : WEB[section];
  return href ? h('a', { href, target: '_blank', rel: 'noopener' }, label) : section;
}

// "http1/src/parser/split.rs:118" as a link to that line.
export function source(place) {
  const href = `https://github.com/wirebook/wirebook/blob/main/${place.replace(':', '#L')}`;
  return h('a', { href, target: '_blank', rel: 'noopener' }, place);
}
