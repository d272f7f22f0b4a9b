// Mistakes, and what V8 says of them, word for word: JSON lines {name, template, data, output | error}.
//
//   node errors.mjs SEED COUNT
//
// What is called, iterated or taken apart and can not be; what is assigned to and can not be; texts that are no JSON; options
// that no number has. V8 finds an expression by its place in the source, and another one there may be taken for it. Not compared
// for that: a declaration of elements whose value is in parentheses or a member of a call (`[a] = (x)`, `[a] = f().x`), functions
// of several statements that are operands, and `for ({} of …)`.
import { createContext, Script } from 'node:vm';

const [seed = '1', count = '300'] = process.argv.slice(2);
let state = BigInt(seed) * 2n + 1n;
const random = n => { state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn; return Number((state >> 33n) % BigInt(n)); };
const pick = list => list[random(list.length)];

/// What every piece may use: `u` is undefined, `f` gives 1, `o` has members, `x`, `y` and `z` are numbers.
const SCOPE = "let x = 1, y = 2, z = 3, u, n = null, s = 'abc', f = () => 1, o = { x: 1, y: null, f() { return {} }, g: () => u, 'a-b': 7 };";

/// An operand, with brackets where it has an operator; `deep` is how far its parts may go on.
function operand(deep) {
  if (deep <= 0) return pick(['x', 'y', 'u', 'n', 's', 'f', 'o', 'o.x', 'o.y', '0', '1.5', '"t"', 'null', 'true', 'this', '[]', '{}'.replace('{}', '({})')]);
  const e = () => operand(deep - 1 - random(2));
  return pick([
    () => `${e()}.${pick(['x', 'y', 'f', 'foo', 'length'])}`,
    () => `${e()}[${pick(['0', 'x', "'x'", "'a-b'", "'0'", 'x + 1', 'o.x', '`x`', 'null', '-1', 'x ? y : z', '() => 1', '/a/'])}]`,
    () => `${e()}(${pick(['', 'x', '1, 2'])})`,
    () => `${e()}.f()`,
    () => `${e()}?.${pick(['x', '[x]', 'f()', 'foo'])}`,
    () => `(${e()} ${pick(['+', '-', '*', '/', '%', '**', '&', '|', '<<', '>', '<=', '==', '!=', '===', '!==', '&&', '||'])} ${e()})`,
    () => `(${e()} + ${e()} + ${e()})`,
    () => `(${e()} ?? ${e()})`,
    () => `(1 ${pick(['+', '-', '*', '|', '<<'])} 2 + ${e()})`,
    () => `(${pick(['!', '-', '+', '~', 'typeof ', 'void '])}${e()})`,
    () => `(${e()}, ${e()})`,
    () => `(${e()} ? ${e()} : ${e()})`,
    () => `(${pick(['x', 'o.x', 'o[x]'])} ${pick(['=', '+=', '&&='])} ${e()})`,
    () => `(${pick(['x++', '--x', 'o.x--', '++o.x'])})`,
    () => `([x, o.y] = [1, ${e()}])`,
    () => `[${e()}, ${e()}]`,
    () => `[...${pick(["'ab'", 's', '[1]'])}, ${e()}]`,
    () => `({ a: ${e()}, b: 1 })`,
    () => `({ ...o })`,
    () => `\`${pick(['', 'a', '${x}', 'a${x}b${s}', '${o.x}'])}\``,
    () => pick(['/a/', '/a[b]/gi', '/a/yg', '(() => 1)', '(function () {})', 'new Date(0)', 'new Map', "new Error('m')"]),
    () => pick(['Math', 'JSON', 'Math.max(1, 2)', 'Object.keys(o)', 'parseInt', "s.split('')", '[1, 2].map(f)', "'abc'.length", 'NaN', 'undefined']),
  ])();
}

/// A pattern; `targets` are names of its own.
function pattern(deep, declares) {
  const name = () => declares ? `v${random(1000)}` : pick(['x', 'y', 'o.x']);
  const part = () => deep > 0 && random(2) ? pattern(deep - 1, declares) : name();
  const value = () => pick(['', '', '', ' = 1', ' = x', ' = u', ' = o.x', ' = null']);
  if (random(2)) return `[${Array.from({ length: 1 + random(2) }, () => part() + value()).join(', ')}${random(5) ? '' : `, ...${name()}`}]`;
  const entries = Array.from({ length: declares ? random(3) : 1 + random(2) }, () => `${pick(['x', 'y', 'q', 'f', "'a-b'", '0', '[x]', "['q']"])}: ${part()}${value()}`);
  if (!random(6)) entries.push(`...${declares ? name() : 'x'}`);
  return `{ ${entries.join(', ')} }`;
}

const FUNCTIONS = ['(function () { x; return 1 })', '(() => { x; y; return 1 })', '(function (a) { var q; if (x) return 2 })', '((a = 1) => a)', "(function () { 'use strict' })"];
const subject = () => random(8) ? operand(random(4)) : pick(FUNCTIONS) + pick(['', '()', '.x', '(1)()', '[x]', '.call(x)']);
/// What stands on the right of a declaration of elements: without brackets, which V8 counts as part of the place.
const KNOWN = ['x', 'u', 'n', 'o', 'f', '1', 'null', 'true', '{}', '{ a: 1 }', 'f()', 'parseInt(5)', '-x', '!x', 'o.x', 'o.f()', 'o[x]', 'x + y', 'x + y + z', 'x ? y : z', 'x || y', '() => 1', '++x', 'x++', '/a/', 'new Date(0)', "'ab'.length", 'o?.x', 'typeof u == s'];
const TARGETS = ['x', 'o.x', 'o[x]', 'f()', 'o.f()', '(f())', 'f()()', 'o?.x', '(x)', '(o.x)', '1', 'null', 'this', '(x + 1)', 'x + 1', '-x', '[x]', '([x])', '({ x })', '[f()]', '/a/', '`a`', '[(x)]', '[([x])]', '[...f()]', '[f() = 1]', 'x++', 'new Date', 'u.x', 'u[x]', 'u[o]', 'n.x', 'n[[1]]', 'f().x', 'o.f().x.y', '(x = 1)', '(x, y)', 'x?.()'];
const METHODS = ['map', 'forEach', 'filter', 'find', 'some', 'every', 'reduce', 'flatMap', 'findLast', 'sort', 'toSorted'];
const NO_FUNCTION = ['', '1', 'u', 'null', "'t'", '{}', 'o', '[]', '[1]', '/a/', 'new Date(0)', 'new Map', 'new Set', "new Error('m')", "new TypeError('')", '-0', '{ toString() { return 1 } }', 'Math'];

const KINDS = {
  call: () => `${subject()}(${pick(['', 'x', '...[1]'])})`,
  method: () => `${subject()}.${pick(['foo', 'x', 'map', 'toFixed'])}()`,
  element: () => `${subject()}[${pick(['x', "'q'", '0', 's'])}]()`,
  callback: () => `[1, 2].${pick(METHODS)}(${pick(NO_FUNCTION)})`,
  collection: () => pick([() => `new ${pick(['Set', 'Map'])}(${pick(NO_FUNCTION)})`, () => `new ${pick(['Set', 'Map'])}([[1, 2]]).forEach(${pick(NO_FUNCTION)})`, () => `Object.fromEntries(${pick(NO_FUNCTION)})`, () => `new Map([[1, 2], ${pick(NO_FUNCTION) || 1}])`, () => `Array.from([1], ${pick(NO_FUNCTION) || 1})`])(),
  spread: () => `[...${pick(KNOWN)}]`,
  argument: () => pick([() => `f(...${pick(KNOWN)})`, () => `o.f(1, ...${pick(KNOWN)})`, () => `f(...${pick(KNOWN)}, 1)`, () => `Math.max(...s, ...${pick(KNOWN)})`])(),
  loop: () => `for (const v of ${pick(KNOWN)}) { }`,
  loops: () => `for (${pick(['const ', 'let ', 'var ', ''])}${'PATTERN'} of [${pick(['u', 'null', '1', '{}', '[]'])}]) { }`.replace(/(const |let |var |)PATTERN/, (_, kind) => kind + pattern(1, kind !== '')),
  declare: () => `${pick(['let', 'const', 'var'])} ${pattern(random(3), true)} = ${pick(KNOWN)}`,
  assign: () => `(${pattern(random(3), false)} = ${pick(KNOWN)})`,
  parameter: () => `(function (${pattern(random(2), true)}${pick(['', '', ' = u', ' = null'])}) { })(${pick(['', 'u', 'null', '1', '{}', '[]', 'f'])})`,
  catches: () => `try { throw ${pick(['null', 'u', '1', '{}', '[]'])} } catch (${pattern(random(2), true)}) { }`,
  target: () => pick([t => `${t} ${pick(['=', '+=', '&&=', '??=', '**='])} 1`, t => `${t}${pick(['++', '--'])}`, t => `${pick(['++', '--'])}${t}`, t => `for (${t} of [[1]]) { }`, t => `for (${t} in { a: 1 }) { }`, t => `[${t}] = [[1]]`, t => `({ x: ${t} } = { x: [1] })`, t => `[...${t}] = [1]`, t => `[${t} = 1] = [[1]]`])(pick(TARGETS)),
  read: () => `${pick(['u', 'n', 'o.y', 'u.x', 'f().x.y', 'undefined', 'null', 'o.g()'])}${pick(['.x', '[0]', '[x]', '[o]', '[[1]]', '[f]', '[/a/]', '[n]', '[s]', '[-1.5]', '[new Map]', "[new Error('m')]", '.x.y', '[o].x', '.x()', '[s]()', ' .x = 1', '[o] = 1', '[[1]] = 1', '[f] = 1', '.x += 1', '[o]++', '.x++'])}`,
  operator: () => pick([() => `${pick(['x', 's', 'o', 'f', '[1]', '/a/', 'null', 'new Map'])} in ${pick(['x', 's', 'u', 'null', 'true', 'o', '[1]'])}`, () => `x instanceof ${pick(['x', 'u', 'o', '[]', 'null', 's', '/a/'])}`, () => `delete ${pick(['u.x', 'n[0]', 'u[o]'])}`])(),
  names: () => pick(['q9', 'q9()', 'q9.x', 'q9.x()', 'q9 + 1', 'q9++', 'q9 += 1', 'typeof q9', '[...q9]', 'k1; let k1', 'const k2 = 1; k2 = 2', 'const k3 = 1; k3++', 'const k4 = 1; [k4] = [2]', 'k5(); let k5', 'for (const k6 of [1]) k6 = 2']),
  errors: () => `return String(Object.assign(new ${pick(['Error', 'TypeError'])}(${pick(['', "''", "'m'", 'u', 'null', '5', '{}'])}), { ${pick(['', "name: ''", "name: 'N'", 'name: u', 'name: null', "message: ''", 'message: u', 'message: 5', "name: '', message: ''", "message: { toString() { return 'T' } }"])} }))`,
  json: () => `JSON.parse(${JSON.stringify(text())})`,
  options: () => `(${pick(['1234.5', '0', 'NaN'])}).toLocaleString('en-US', { ${Array.from({ length: 1 + random(2) }, () => pick(OPTIONS)).join(', ')} })`,
};
const OPTIONS = ["style: 'unit'", "style: 'currency'", "style: 'percent'", "style: 'x'", "style: ''", 'style: null', 'style: u', "currency: 'USD'", "currency: 'x'", "currency: ''", 'currency: u', "currency: 'usd'", 'minimumFractionDigits: 2', 'minimumFractionDigits: -1', 'minimumFractionDigits: 101', "minimumFractionDigits: 'x'", 'maximumFractionDigits: 0', 'maximumFractionDigits: 21', 'maximumFractionDigits: 101', 'maximumFractionDigits: NaN', 'maximumFractionDigits: u', 'minimumIntegerDigits: 0', 'minimumIntegerDigits: 22', 'minimumIntegerDigits: 3', 'maximumSignificantDigits: 0', 'maximumSignificantDigits: 22', 'minimumSignificantDigits: NaN', 'useGrouping: false', "useGrouping: 'x'", "notation: 'x'", "currencyDisplay: 'x'", "signDisplay: 'x'"];

/// A text that is nearly JSON.
function text() {
  const value = d => d <= 0 ? pick(['1', '-2.5', '1e5', 'true', 'false', 'null', '"a"', '"\\n"', '"\\u00e9"', '""', '[]', '{}', '0']) : random(2) ? `[${Array.from({ length: random(4) }, () => value(d - 1)).join(pick([',', ', ', ',\n']))}]` : `{${Array.from({ length: random(4) }, (_, n) => `"k${n}"${pick([':', ': '])}${value(d - 1)}`).join(pick([',', ', ']))}}`;
  const units = [...value(random(4))];
  for (let n = random(3); n > 0; n--) {
    const at = random(units.length + 1);
    pick([() => units.splice(at, 1), () => units.splice(at, 0, pick([',', ':', '"', '}', ']', '{', '[', '1', '0', '-', '.', 'e', 't', 'n', 'x', '\\', ' ', '\n', '\t', "'", 'é', '\u0001', 'NaN'])), () => { units.length = at; }, () => { units[at] = pick(['"', '\\', '}', 'u', '0', ',']); }])();
  }
  return random(12) ? units.join('') : pick(['NaN', 'Infinity', 'undefined', '[object Object]', '', ' ', '-', '01', '1.', '1e', '"\\x"', '"\\u12"', '{"a":1,"b" 2}', '{"a":1,"b" "c"}', '{"a":1,"b"', '{a:1}', "{'a':1}", '[1,]', '<!DOCTYPE html><html></html>']);
}

/// Names that one piece would declare twice.
const twice = code => { const names = code.match(/\bv\d+\b/g) ?? []; return new Set(names).size < names.length; };

const one = process.argv[4];
for (let n = 0; n < Number(count);) {
  const kind = one ?? pick(Object.keys(KINDS));
  const code = KINDS[kind]();
  if (twice(code)) continue;
  const body = `${SCOPE}\nfunction go() { ${code}\n }\nlet out; try { out = 'fine ' + go() } catch (e) { out = e instanceof Error ? e.name + ': ' + e.message : 'thrown' }`;
  let result;
  try {
    result = { output: Buffer.from(String(new Script(`(function () { ${body}\nreturn out })()`).runInContext(createContext({ atob, btoa }))), 'utf8').toString('utf8') };
  } catch (error) {
    if (error.name !== 'SyntaxError') throw error;
    result = { error: 'SyntaxError' };
  }
  n++;
  console.log(JSON.stringify({ name: `${kind} ${seed}, ${n}`, template: `<% ${body} %><%- out %>`, data: {}, ...result }));
}
