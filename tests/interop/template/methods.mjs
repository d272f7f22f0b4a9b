// Calls of every method that Node has on the kinds of values that templates have, with arguments that nobody would give, and
// what comes of it: JSON lines {name, template, data, output | error}.
//
//   node methods.mjs SEED COUNT
//
// One of the 50,000 of seed 77 differs (2026-11), in its last digit: the sine of 1e86, of which V8 has the nearer neighbour.
import { createContext, Script } from 'node:vm';

const [seed = '1', count = '300'] = process.argv.slice(2);
let state = BigInt(seed) * 2n + 1n;
const random = n => { state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn; return Number((state >> 33n) % BigInt(n)); };
const pick = list => list[random(list.length)];

const RECEIVERS = {
  String: ["'abc'", "''", "'a-b_c d'", "'Hello World'", "'é😀x'", "'  pad\\n'", "'aXbXc'", "'12.50'", "'ß\\u0130ı'", "'\\ud83d'", "'a,b,,c'", "'x'.repeat(20)"],
  Array: ['[3, 1, 2]', '[1, , 3]', 'new Array(3)', '[, undefined, , "a"]', '[]', "['b', 'a', 'c', 'a']", '[1, [2, [3, [4]]]]', '[undefined, null, NaN, 0]', '[10, 9, 1, 100]', '[{ a: 1 }, { a: 2 }]', '[true, false]', "['é', 'e', 'z', 'Z', 'a']", '[1, 2, 3, 4, 5, 6, 7]'],
  Number: ['12.5', '0', '-0', 'NaN', 'Infinity', '1e21', '1234567.891', '0.000001234', '-7', '255', '1.005', '9007199254740991', '123.456', '1e-7', '0.1'],
  Boolean: ['true', 'false'],
  Object: ['({ a: 1 })', '({})', '({ b: 1, a: [2], 1: 0 })', "({ toString() { return 'T' } })", "({ length: 2, 0: 'x', 1: 'y' })"],
  Function: ['(function f(a, b) { return a + b })', '(x => x)', 'Math.max', 'parseInt'],
  RegExp: ['/a(b)/gi', '/x/y', '/(?<n>\\d+)/', '/[a-z]+/g', '/^\\s*$/m'],
  Date: ['new Date(0)', 'new Date(NaN)', 'new Date(Date.UTC(2024, 1, 29, 12, 34, 56, 789))', "new Date('2023-12-31T23:59:59Z')", 'new Date(-1)'],
  Map: ["new Map([[1, 2], ['a', 'b']])", 'new Map()'],
  Set: ['new Set([1, 2, 1])', "new Set('abca')"],
};
const ARGUMENTS = ['0', '1', '2', '-1', '-2', '5', '100', '1.7', 'NaN', 'Infinity', '-Infinity', 'undefined', 'null', 'true', "''", "'a'", "'b'", "'X'", "' '", "'abc'", "'1'", "'2'", '/[a-c]/', '/a/g', '/(b)(x)?/g', '/,/', '[]', '[1]', "['a']", '({})', '({ a: 1 })', '[[1, 2]]',
  'x => x', 'x => x > 1', 'x => !x', '(a, b) => a + b', '(a, b) => b - a', '(a, b) => a < b ? -1 : 1', '(a, b) => a < b', '(x, i) => i', '(x, i, a) => a.length', 'x => [x, x]', "x => '<' + x + '>'", '(k, v) => v', '() => { throw 1 }', 'String', 'Number', 'Boolean', 'isNaN', '4294967296', "'en'", "'en-US'", "'$&'", "'$1-$2'", "'[$`|$\\']'", "'NFD'", '16', '36', '3', '20'];
const given = () => Array.from({ length: pick([0, 1, 1, 1, 2, 2, 3]) }, () => pick(ARGUMENTS)).join(', ');

const SPACES = ['Math', 'JSON', 'Object', 'Array', 'Number', 'String'];
const FREE = ['String', 'Number', 'Boolean', 'parseInt', 'parseFloat', 'isNaN', 'isFinite', 'encodeURIComponent', 'encodeURI', 'decodeURIComponent', 'escape', 'unescape', 'Object', 'new Set', 'new String'];
// Those that are not there, those whose result is the machine's, and those that show a property's inside.
const LEFT_OUT = ['constructor', 'random', 'localeCompare', 'getTimezoneOffset', 'toTimeString', 'toLocaleString', 'toLocaleDateString', 'toLocaleTimeString', 'toLocaleUpperCase', 'toLocaleLowerCase', 'create', 'defineProperty', 'defineProperties', 'getOwnPropertyDescriptor', 'getOwnPropertyDescriptors', 'getOwnPropertyNames', 'getOwnPropertySymbols', 'setPrototypeOf', 'getPrototypeOf', 'raw', 'assign', 'compile', 'apply', 'bind', 'isSealed', 'isFrozen', 'isExtensible', 'freeze', 'seal', 'preventExtensions'];
const methods = object => Object.getOwnPropertyNames(object).filter(name => !name.startsWith('__') && !LEFT_OUT.includes(name) && typeof Object.getOwnPropertyDescriptor(object, name).value === 'function');

/// The text of anything, kinds and signs and all; errors and functions by what they are.
const SHOW = `const show = (x, d = 0) => {
  if (d > 5) return '…';
  if (x === undefined) return 'u';
  if (typeof x === 'number') return Object.is(x, -0) ? '-0' : '' + x;
  if (typeof x === 'string') return JSON.stringify(x);
  if (typeof x === 'function') return 'fn';
  if (Array.isArray(x)) return '[' + x.map(y => show(y, d + 1)).join() + ']';
  if (x instanceof Date) return 'D' + x.getTime();
  if (x instanceof Map) return 'M' + show([...x], d + 1);
  if (x instanceof Set) return 'S' + show([...x], d + 1);
  if (x instanceof RegExp) return String(x) + x.lastIndex;
  if (x instanceof Boolean || x instanceof Number || x instanceof String) return 'box' + String(x);
  if (x === null || typeof x !== 'object') return typeof x + x;
  if (typeof x.next === 'function') return 'I' + show([...x], d + 1);
  return '{' + Object.keys(x).map(k => k + ':' + show(x[k], d + 1)).join() + '}';
};`;

/// Any number: of all sizes, near 0, near 1, near what sines turn at, whole, and those that nobody expects.
const SIZES = [
  () => (random(2 ** 31) / 2 ** 31 - 0.5) * 2 ** (random(2100) - 1050), () => (random(2 ** 31) / 2 ** 31 - 0.5) * 2 ** (random(80) - 40), () => (random(2 ** 31) / 2 ** 31) * 4 - 2,
  () => (random(2 ** 31) / 2 ** 31 - 0.5) * 1500, () => 1 + (random(2 ** 31) / 2 ** 31 - 0.5) * 2 ** -random(60), () => random(1000) * Math.PI / 4, () => random(2001) - 1000, () => 10 ** (random(640) - 320), () => 2 ** (random(2100) - 1050),
  () => pick([0, -0, 1, -1, 0.5, NaN, Infinity, -Infinity, 5e-324, -5e-324, Number.MAX_VALUE, Number.MIN_VALUE, Number.EPSILON, 2 ** 53, 0.1, 1.5e25, -1234567.891, 709.78, -745.13]),
];
const size = () => { const n = pick(SIZES)(); return Object.is(n, -0) ? '-0' : String(n); };

/// What is done to a list one after another: holes move, come and go.
const CHANGES = ['h.push(7)', 'h.pop()', 'h.shift()', 'h.unshift(8)', 'h.unshift(8, 9)', 'h.splice(1, 1)', 'h.splice(0, 2, 5)', 'h.splice(2, 0, 5, 6)', 'h.splice(-1)', 'h.reverse()', 'h.sort()', 'h.sort((a, b) => b - a)', 'h.fill(4, 1, 2)', 'h.fill(0)',
  'h.copyWithin(0, 1)', 'h.copyWithin(1, 0, 2)', 'h.length = 5', 'h.length = 2', 'h.length = 70', 'h[3] = 1', 'h[9] = 2', 'h[66] = 3', 'h[0] = undefined', 'delete h[1]', 'delete h[0]', 'h.t = 1', 'delete h.t', "h['x' + h.length] = 2", 'h = h.slice(1)', 'h = h.concat([, 1])', 'h = h.map(x => x)', 'h = h.slice()',
  'h = [...h]', 'h = h.filter(x => x !== 5)', 'h = h.flat()', 'h = h.toReversed()', 'h = h.toSorted()', 'h = h.with(0, 1)', 'h = h.toSpliced(0, 1)', 'h = Object.assign([], h)', 'h = Array.from(h)', 'h = [].concat(h)', 'h = h.flatMap(x => [x])'];
const list = () => `let h = ${pick(['[]', '[,]', '[1, , 2]', '[, , ,]', 'new Array(4)', '[3, 1, 2]', 'Array(65)', '[1, , , , 5]'])}, e = 0;
  ${Array.from({ length: 1 + random(6) }, () => `try { ${pick(CHANGES)} } catch { e++ }`).join('; ')}
  return [h, e, Object.entries(h), h.indexOf(undefined), h.lastIndexOf(undefined), 1 in h, h.reduce((a, b) => a + b, ''), h.reduceRight((a, b) => a + b, ''), h.some(x => x === undefined), h.findLastIndex(x => x === undefined), h.hasOwnProperty(2), h.join()]`;

/// Dates as people write them, and as nobody would.
const DATES = ['2020-03-04 05:06', '2020-03-04 05:06:07 +0800', '4 Mar 2020', 'Mar 4, 2020 5:06 PM', '2020/3/4', '3/4/20', '2020-03-04T05:06:07.890Z', 'Wed Mar 04 2020 05:06:07 GMT+0100 (CET)', 'March 4 2020', '4-Mar-2020', '2020-03-04T05:06', '20200304', '2020.03.04', '04.03.2020', '2020-03-04 05:06:07.123 UTC', '2020-03-04T05:06:07+0100', '12:30 3/4/2020', '+002020-01-01', '-000000'];
const PARTS = ['2020', '2020-1-5', '5', '31', '32', '0', '99', '10:00', '10:00:00', '25:00', '10:61', '1:2:3.5', '24:00', '-', '/', ',', ' ', 'T', 'Z', 'UTC', 'GMT', 'EST', 'am', 'PM', '+0100', '-08:00', '+8', 'Jan', 'January', 'feb.', 'Mon', 'of', 'th', '(x)', '(', ')', '.', ':', '::', '+', '000123', '12345', 'é', ';', 'T10:00', 'T24:00:00', 'noon'];
function date() {
  if (random(2)) return Array.from({ length: 1 + random(6) }, () => pick(PARTS) + (random(2) ? ' ' : '')).join('');
  const form = pick(DATES), at = random(form.length);
  return pick([form, form.slice(0, at), form.slice(0, at) + pick(PARTS) + form.slice(at), form.slice(0, at) + form.slice(at + 1)]);
}

function call() {
  if (random(8) === 0) return list();
  if (random(12) === 0) return `return [Date.parse(${JSON.stringify(date())})]`;
  if (random(5) === 0) return `return Math.${pick(methods(Math))}(${Array.from({ length: pick([1, 1, 2, 2, 3]) }, size).join(', ')})`;
  if (random(6) === 0) {
    const space = pick(SPACES);
    return `return [${space}.${pick(methods(globalThis[space]))}(${given()})]`;
  }
  if (random(12) === 0) return `return [${pick(FREE)}(${given()})]`;
  const kind = pick(Object.keys(RECEIVERS));
  return `const r = ${pick(RECEIVERS[kind])}; const v = r.${pick(methods(globalThis[kind].prototype))}(${given()}); return [v, r]`;
}

for (let n = 0; n < Number(count); n++) {
  const code = call();
  const body = `${SHOW}\nfunction go() { ${code} }\nlet out; try { out = show(go()) } catch (e) { out = e instanceof Error ? e.name : 'thrown ' + show(e) }`;
  // A copy per call: what one of them changes the next must not see.
  const result = { output: Buffer.from(String(new Script(`(function () { ${body}\nreturn out })()`).runInContext(createContext({ atob, btoa }))), 'utf8').toString('utf8') };
  console.log(JSON.stringify({ name: `call ${seed}, ${n}`, template: `<% ${body} %><%- out %>`, data: {}, ...result }));
}
