// Programs that nobody wrote, with what Node makes of them: JSON lines {name, template, data, output | error}.
//
//   node programs.mjs SEED COUNT
//
// They are about what a compiler gets wrong: nested functions and what they capture, variables before their declaration,
// conversions that throw or change what is being converted, references that are read and written, ways out of blocks.
import { createContext, Script } from 'node:vm';

const [seed = '1', count = '300'] = process.argv.slice(2);
let state = BigInt(seed) * 2n + 1n;
const random = n => { state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn; return Number((state >> 33n) % BigInt(n)); };
const pick = list => list[random(list.length)];
const times = (n, f) => Array.from({ length: n }, f).join('');

/// What is in scope: names that can be read, names that can be written, functions.
let names, budget, serial;
const fresh = prefix => `${prefix}${serial++}`;
const scoped = f => { const outer = names; names = { read: [...outer.read], write: [...outer.write], call: [...outer.call], loop: outer.loop }; const made = f(); names = outer; return made; };

const reads = () => names.read.length ? pick(names.read) : '1';
const writes = () => pick(['o.a', 'o.b', 'o[k()]', 'a[0]', 'a[i0()]', 'o.in.c', ...names.write, ...names.write, ...names.write]);

function value(depth) {
  if (depth <= 0 || budget-- < 0) return pick(['0', '1', '2', "'s'", "''", 'undefined', 'null', 'true', reads(), reads(), reads()]);
  const v = () => value(depth - 1);
  return pick([
    () => reads(), () => reads(), () => `(${v()} ${pick(['+', '-', '*', '<', '===', '==', '&&', '||', '??', ','])} ${v()})`,
    () => `(${v()} ? ${v()} : ${v()})`, () => `\`\${${v()}}-\${${v()}}\``, () => `typeof ${reads()}`,
    () => `(${writes()} ${pick(['=', '=', '+=', '-=', '||=', '??=', '&&='])} ${v()})`,
    () => `${writes()}${pick(['++', '--'])}`, () => `${pick(['++', '--'])}${writes()}`,
    () => `[${v()}, ...[${v()}]]`, () => `({ p: ${v()}, q: ${v()} }).${pick(['p', 'q', 'r?.s'])}`,
    () => call(depth), () => call(depth), () => call(depth), () => lambda(depth), () => `(${lambda(depth)})(${v()})`,
    () => thrower(depth), () => `o?.${pick(['a', 'in.c', 'none?.x', 'm?.(1)'])}`, () => `delete ${pick(['o.b', 'o?.b', "o['x']", 'o.none?.x'])}`,
    () => `[3, 1, 2].${pick(['map', 'filter', 'forEach', 'some', 'every'])}(${lambda(depth - 1)})`,
    () => `String(${v()})`, () => `(${v()} in o)`, () => `Object.${pick(['freeze', 'seal', 'preventExtensions'])}(${pick(['o', 'a', 'o.in', 'o.rest', `[${v()}]`])})`,
    () => `Object.${pick(['isFrozen', 'isSealed', 'isExtensible'])}(${pick(['o', 'a', v()])})`, () => `(({ p: [${fresh('d')} = ${v()}] = [] } = {}) => ${v()})(${v()})`,
  ])();
}

/// An object whose conversion throws, changes something, or is plain.
const thrower = depth => `{ toString() { ${pick(["throw 'T'", 'throw new TypeError(1)', `${writes()} = 7; return 'c'`, "return 'd'", 'return {}'])} } }`.replace(/^/, '(').concat(')');

function call(depth) {
  if (!names.call.length) return value(depth - 1);
  return `${pick(names.call)}(${Array.from({ length: random(3) }, () => value(depth - 1)).join(', ')})`;
}

function parameters() {
  const made = Array.from({ length: random(3) }, () => fresh('p'));
  names.read.push(...made); names.write.push(...made);
  const rest = random(5) === 0 ? fresh('r') : null;
  if (rest) names.read.push(rest);
  const text = made.map((name, n) => pick([name, name, `${name} = ${n ? made[n - 1] : reads()}`, `${name} = () => ${name}`]));
  return [...text, ...(rest ? [`...${rest}`] : [])].join(', ');
}

function body(depth, statements) {
  return `{ fuel(); ${block(depth, statements)} ${random(2) ? `return ${value(depth)};` : ''} }`;
}

function lambda(depth) {
  return scoped(() => { names.loop = null; names.inside = true;
    const list = parameters();
    return random(2) ? `((${list}) => ${random(3) ? `(fuel(), ${value(depth - 1)})` : body(depth - 1, 1)})`
      : `(function ${random(3) ? '' : fresh('g')}(${list}) ${body(depth - 1, 2)})`;
  });
}

function block(depth, statements) {
  return scoped(() => times(statements, () => statement(depth) + ' '));
}

function declaration(depth) {
  const kind = pick(['let', 'const', 'var', 'let']);
  const name = fresh('v');
  if (random(6) === 0) {
    const [x, y] = [fresh('v'), fresh('v')];
    const text = pick([`${kind} [${x}, ${y} = ${value(1)}] = [${value(depth)}];`, `${kind} { p: ${x}, q: ${y} = ${value(1)} } = { p: ${value(depth)} };`]);
    names.read.push(x, y); if (kind !== 'const') names.write.push(x, y);
    return text;
  }
  // Sometimes it is known before it is declared.
  const early = random(5) === 0;
  if (early) names.read.push(name);
  const text = `${kind} ${name}${kind === 'const' || random(4) ? ` = ${value(depth)}` : ''};`;
  if (!early) names.read.push(name);
  if (kind !== 'const' || random(8) === 0) names.write.push(name);
  return text;
}

function definition(depth) {
  const name = fresh('f');
  const made = scoped(() => { names.loop = null; names.call.push(name); const list = parameters(); return `function ${name}(${list}) ${body(depth - 1, 2)}`; });
  names.call.push(name); names.read.push(name);
  return made;
}

function loop(depth) {
  return scoped(() => {
    const label = fresh('l'), i = fresh('i');
    names.loop = label;
    names.read.push(i);
    const inner = () => `{ fuel(); ${block(depth - 1, 2)} }`;
    return `${label}: ` + pick([
      () => `for (let ${i} = 0; ${i} < 3; ${i}++) ${(names.write.push(i), inner())}`,
      () => `for (const ${i} of [${value(1)}, ${value(1)}]) ${inner()}`,
      () => `for (var ${i} of a) ${inner()}`, () => `for (const ${i} in o) ${inner()}`,
      () => `for (${writes()} of [1, 2]) ${inner().replaceAll(i, '1')}`,
      () => `for (const [${i}] of [[${value(1)}], 'xy']) ${inner()}`,
      () => `{ let ${i} = 0; do { fuel(); ${i}++; ${block(depth - 1, 2)} } while (${i} < 2); }`.replace(new RegExp(`(break|continue) ${label};`, 'g'), ''),
    ])();
  });
}

function statement(depth) {
  if (depth <= 0 || budget-- < 0) return `log(${value(0)});`;
  return pick([
    () => declaration(depth), () => declaration(depth), () => declaration(depth), () => definition(depth), () => definition(depth),
    () => loop(depth), () => loop(depth), () => `log(${value(depth)});`, () => `log(${value(depth)});`, () => `${writes()} = ${value(depth)};`,
    () => `if (${value(depth)}) { ${block(depth - 1, 2)} } else { ${block(depth - 1, 1)} }`,
    () => `try { ${block(depth - 1, 2)} } catch (e) { log(e); ${block(depth - 1, 1)} }${random(3) ? '' : ` finally { ${block(depth - 1, 1)} }`}`,
    () => `try { ${block(depth - 1, 2)} } finally { log('f'); }`,
    () => `try { log(${call(depth)}); } catch { log('c'); }`, () => `try { ${writes()} += ${thrower(depth)}; } catch (e) { log(e); }`,
    () => `switch (${value(1)}) { case 1: ${block(depth - 1, 1)} ${pick(['break;', ''])} default: ${block(depth - 1, 1)} case 's': log('s'); }`,
    () => names.loop ? `if (${value(1)}) ${pick(['break', 'continue'])} ${names.loop};` : `log(${call(depth)});`,
    () => `[${writes()}, ${writes()}] = [${value(1)}, ${value(1)}];`, () => `({ p: ${writes()} = ${value(1)}, ...o.rest } = { p: ${value(1)}, z: 1 });`,
    () => `fs.push(${lambda(depth)});`, () => `for (const f of fs) { fuel(); log(f(${value(1)})); }`,
    () => `for (let ${fresh('c')} = 0, g = []; ; ) { fuel(); g.push(() => ${value(1)}); if (g.length > 2) { log(g.map(h => { try { return h() } catch (e) { return 'E' } })); break; } }`,
    () => `{ const c = []; for (let n = 0; n < 3; n++) { c.push(() => n++); ${pick(['n += 0;', 'if (n === 1) continue;', 'c[0]();'])} } log(c.map(g => g())); }`,
    () => { const l = fresh('b'); return `${l}: { ${block(depth - 1, 1)} if (${value(1)}) break ${l}; ${block(depth - 1, 1)} }`; },
    () => `(function () { 'use strict'; try { ${writes()} = ${value(1)}; ${pick(['o.a = 1;', 'a[5] = 1;', 'delete o.b;', 'a.length = 0;', 'log(this);'])} } catch (e) { log(e) } })();`,
    () => random(6) ? `log(${value(depth)});` : `throw ${value(1)};`, () => `{ ${block(depth - 1, 3)} }`,
  ])();
}

const PRELUDE = `let left = 120, out = [], fs = []; function fuel() { if (left-- < 0) throw 'fuel'; } function shown(x) { try { return typeof x === 'function' ? 'fn' : x instanceof Error ? x.name : typeof x === 'object' && x ? JSON.stringify(x) : typeof x + x } catch (e) { return 'unshown' } } function log(x) { if (out.length < 300) out.push(shown(x)); } const o = { a: 1, b: 's', in: { c: 2 }, m(x) { return x }, rest: {} }; const a = [1, 2]; let calls = 0; function k() { calls++; return 'a' } function i0() { calls++; return 0 }`;

function program() {
  names = { read: ['calls', 'left'], write: [], call: [], loop: null };
  budget = 90; serial = 0;
  const text = times(5, () => statement(3) + '\n');
  return `${PRELUDE}\ntry {\n${text}} catch (e) { log('end'); log(e); }\nlog(calls); for (const f of fs) { try { log(f(1)) } catch (e) { log(e) } }`;
}

/// Whether Node can read it at all: a name may be declared twice, a label used outside of its loop.
function run(text) {
  try { return { output: String(new Script(`(function () { ${text}\nreturn out.join('|'); })()`).runInContext(createContext({}), { timeout: 2000 })) }; } catch (error) {
    return { error: error?.name ?? 'thrown' };
  }
}

for (let n = 0; n < Number(count);) {
  const text = program();
  const result = run(text);
  if (result.error || /%>|<%|<!--|-->/.test(text)) continue;
  console.log(JSON.stringify({ name: `program ${seed}, ${n++}`, template: `<%\n${text}\n%><%- out.join('|') %>`, data: {}, ...result }));
}
