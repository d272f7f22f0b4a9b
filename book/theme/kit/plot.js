// Lines over a common axis, each with a dash and a name of its own: totals, levels.
import { h } from './dom.js';

const SVG = 'http://www.w3.org/2000/svg';
const DASHES = ['none', '7 4', '2 4', '10 3 2 3'];
const [HEIGHT, LEFT, TOP, BELOW] = [240, 64, 14, 30];

// How wide a drawing is: its words have the size of words on a phone, too.
export const breadth = () => (matchMedia('(max-width: 600px)').matches ? 340 : 680);

export function svg(name, attributes, ...children) {
  const one = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  one.append(...children);
  return one;
}

// A sample of how something looks in a drawing, and what it is.
export function sample(mark, name) {
  const picture = svg('svg', { viewBox: '0 0 34 10', width: 34, height: 10, 'aria-hidden': 'true' }, mark);
  return h('span', {}, picture, ` ${name}`);
}

// A drawing with its samples above.
export function drawing(samples, ...inside) {
  return h('div', { class: 'wb-lines' }, h('div', { class: 'wb-legend' }, ...samples), ...inside);
}

function short(value) {
  if (value >= 1e6) return `${+(value / 1e6).toFixed(1)} M`;
  return value >= 1e4 ? `${Math.round(value / 1e3)} k` : `${+value.toFixed(1)}`;
}

// `lines` are { name, points: [[x, y]…], steps }; `now` is the place that is marked, and `title` says what is seen.
export function plot({ title, x, lines, now }) {
  const width = breadth();
  const all = lines.flatMap(({ points }) => points);
  const [right, high] = [0, 1].map((axis) => Math.max(1, ...all.map((point) => point[axis])));
  const across = (value) => LEFT + (value / right) * (width - LEFT - 12);
  const up = (value) => TOP + (1 - value / high) * (HEIGHT - TOP - BELOW);
  const path = ({ points, steps }) => points.map(([at, value], index) => {
    const [to, height] = [across(at), up(value)].map((place) => place.toFixed(1));
    if (index === 0) return `M${to} ${height}`;
    return steps ? `H${to} V${height}` : `L${to} ${height}`;
  }).join(' ');
  const look = (index) => ({ class: `wb-line-${index + 1}`, 'stroke-dasharray': DASHES[index % DASHES.length] });
  const text = (place, anchor, words) => svg('text', { ...place, 'text-anchor': anchor }, words);
  const rule = (value) => [
    svg('line', { x1: LEFT, x2: width - 12, y1: up(value), y2: up(value), class: 'wb-axis' }),
    text({ x: LEFT - 8, y: up(value) + 4 }, 'end', short(value)),
  ];
  const place = now === undefined ? [] : [across(now)];
  const mark = place.map((at) => svg('line', { x1: at, x2: at, y1: TOP, y2: HEIGHT - BELOW, class: 'wb-now' }));
  const samples = lines.map(({ name }, index) => sample(svg('path', { d: 'M1 5 H33', ...look(index) }), name));
  return drawing(samples, svg(
    'svg', { viewBox: `0 0 ${width} ${HEIGHT}`, role: 'img', 'aria-label': title }, ...rule(high), ...rule(0),
    ...lines.map((line, index) => svg('path', { d: path(line), ...look(index) })), ...mark,
    text({ x: LEFT, y: HEIGHT - 8 }, 'start', '0'),
    text({ x: width - 12, y: HEIGHT - 8 }, 'end', `${short(right)} ${x}`),
  ));
}
