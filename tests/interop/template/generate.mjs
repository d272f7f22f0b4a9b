// Templates that nobody wrote, with what `ejs` makes of them: JSON lines {name, template, data, output | error}.
//
//   node generate.mjs SEED COUNT
import { render } from './record.mjs';

const [seed = '1', count = '300'] = process.argv.slice(2);
let state = BigInt(seed) * 2n + 1n;
const random = n => { state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn; return Number((state >> 33n) % BigInt(n)); };
const pick = list => list[random(list.length)];

const data = { n: 3, f: -2.5, s: 'He said "5 < 6" & é😀', e: '', list: [3, 1, 2], words: ['pear', 'fig', '<b>'], o: { 7: null, a: 'x', b: 1 }, nil: null, yes: true, no: false };
const numbers = ['0', '1', '2', '10', '-1', '0.5', '1e3', '7', 'n', 'f', 'list.length', 's.length', 'list[0]', 'NaN'];
const strings = ["'a'", "''", "'1'", 's', 'e', 'words[1]', "'<&>'", '`t${n}`', "o.a", "words.join('-')"];

function number(depth) {
  if (depth <= 0) return pick(numbers);
  const [a, b] = [() => number(depth - 1), () => number(depth - 1)];
  return pick([
    () => `(${a()} ${pick(['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>', '>>>'])} ${b()})`,
    () => `Math.${pick(['floor', 'ceil', 'round', 'abs', 'trunc', 'sign', 'sqrt'])}(${a()})`,
    () => `Math.${pick(['max', 'min', 'pow'])}(${a()}, ${b()})`,
    () => `Number(${string(depth - 1)})`, () => `parseInt(${string(depth - 1)})`, () => `+${string(depth - 1)}`,
    () => `${string(depth - 1)}.length`, () => `${string(depth - 1)}.indexOf(${string(depth - 1)})`, () => `${array(depth - 1)}.length`,
    () => `(${test(depth - 1)} ? ${a()} : ${b()})`, () => `-${pick(numbers).replace(/^-/, '')}`,
    () => `${array(depth - 1)}.reduce((p, q) => p + q, ${a()})`, () => `${string(depth - 1)}.charCodeAt(${a()})`,
  ])();
}

function string(depth) {
  if (depth <= 0) return pick(strings);
  const s = () => string(depth - 1), n = () => number(depth - 1);
  return pick([
    () => `(${s()} + ${value(depth - 1)})`, () => `(${value(depth - 1)} + ${s()})`, () => `String(${value(depth - 1)})`,
    () => `${s()}.${pick(['toUpperCase', 'toLowerCase', 'trim', 'toString'])}()`, () => `${s()}.slice(${n()}, ${n()})`,
    () => `${s()}.substring(${n()}, ${n()})`, () => `${s()}.charAt(${n()})`, () => `${s()}.padStart(${pick(['3', '7', '12'])}, ${s()})`,
    () => `${s()}.repeat(${pick(['0', '1', '2', '3'])})`, () => `${s()}.replace(${s()}, ${s()})`, () => `${s()}.split(${s()}).join(${s()})`,
    () => `\`<\${${value(depth - 1)}}>\``, () => `(${n()}).toFixed(${random(4)})`, () => `(${n()}).toString(${pick(['', '2', '16', '36'])})`,
    () => `${array(depth - 1)}.join(${s()})`, () => `JSON.stringify(${value(depth - 1)})`, () => `typeof ${value(depth - 1)}`,
    () => `${s()}.replace(/${pick(['a', '[a-z]', '\\\\s', '.', '\\\\d+', '(.)(.)'])}/${pick(['', 'g', 'gi'])}, '${pick(['-', '[$&]', '$1', ''])}')`.replaceAll('\\\\', '\\'),
  ])();
}

function array(depth) {
  if (depth <= 0) return pick(['list', 'words', '[]', '[1, 2]', "['a', 'b']"]);
  const a = () => array(depth - 1), v = () => value(depth - 1);
  return pick([
    () => `[${v()}, ${v()}]`, () => `${a()}.map(x => ${pick(['x', "x + ''", 'typeof x', '[x]', 'String(x).length'])})`,
    () => `${a()}.filter(x => ${pick(['x', '!x', "x > 1", "String(x) < 'c'"])})`, () => `${a()}.slice(${number(depth - 1)})`,
    () => `${a()}.concat(${v()})`, () => `[...${a()}].reverse()`, () => `[...${a()}].sort()`, () => `[...${string(depth - 1)}]`,
    () => `Object.keys(${pick(['o', 'list', '{ q: 1, 2: 3 }'])})`, () => `${string(depth - 1)}.split('')`, () => `${a()}.flat()`,
  ])();
}

function test(depth) {
  if (depth <= 0) return pick(['yes', 'no', 'nil', 'n', 'e', 's']);
  const v = () => value(depth - 1);
  return pick([
    () => `${v()} ${pick(['==', '!=', '===', '!==', '<', '<=', '>', '>='])} ${v()}`, () => `!(${test(depth - 1)})`,
    () => `(${test(depth - 1)} ${pick(['&&', '||'])} ${test(depth - 1)})`, () => `${array(depth - 1)}.includes(${v()})`,
    () => `${array(depth - 1)}.${pick(['some', 'every'])}(x => x)`, () => `${string(depth - 1)}.startsWith(${string(depth - 1)})`,
  ])();
}

function value(depth) {
  return pick([() => number(depth), () => number(depth), () => string(depth), () => string(depth), () => array(depth), () => `(${test(depth)})`, () => 'nil', () => 'undefined', () => 'o', () => '{ a: [n] }.a', () => `(nil ?? ${string(0)})`, () => 'o?.nope?.x'])().replace(/^\{/, '({').replace(/^\(\{ a: \[n\] \}\.a/, '({ a: [n] }).a');
}

const end = () => pick(['%>', '%>', '-%>', '_%>']);
const open = () => pick(['<%', '<%', '<%_']);
let names = 0;
function statement(depth) {
  const body = () => block(depth - 1), name = `v${names++}`;
  return pick([
    () => pick(['text ', '\n', '  <b>&amp;</b>\n', 'é😀 ', '%', '<', "'\"\\"]),
    () => `<%= ${value(2)} ${end()}`, () => `<%- ${value(2)} ${end()}`, () => `<%# ${pick(['note', "it's", '"'])} ${end()}`, () => '<%% x %%>',
    () => `${open()} let ${name} = ${value(2)}; ${end()}<%= ${name} %>`,
    ...(depth > 0 ? [
      () => `${open()} if (${test(2)}) { ${end()}${body()}${open()} } else { ${end()}${body()}${open()} } ${end()}`,
      () => `${open()} for (const ${name} of ${array(1)}) { ${end()}<%= ${name} %>${body()}${open()} } ${end()}`,
      () => `${open()} ${array(1)}.forEach((${name}, i) => { ${end()}<%= i %>:<%= ${name} %>${body()}${open()} }) ${end()}`,
      () => `${open()} for (let ${name} = 0; ${name} < ${random(4)}; ${name}++) { ${end()}<%= ${name} %>${body()}${open()} } ${end()}`,
      () => `${open()} try { ${end()}${body()}${open()} nope.x } catch (e) { ${end()}<%= e.name %>${open()} } ${end()}`,
      () => `${open()} switch (${number(1)}) { case 1: ${end()}one${open()} break; default: ${end()}${body()}${open()} } ${end()}`,
    ] : []),
  ])();
}
const block = depth => Array.from({ length: 1 + random(3) }, () => statement(depth)).join('');

for (let i = 0; i < Number(count); i++) {
  const template = Array.from({ length: 2 + random(4) }, () => statement(2)).join('');
  const name = `seed ${seed}, ${i}`;
  const result = render({ name, template, data: structuredClone(data), options: {} });
  console.log(JSON.stringify({ ...result, template, data }));
}
