// The recorded pairs with a mistake in them, and what `ejs` makes of that: JSON lines {name, template, data, options, output | error}.
//
//   node mutate.mjs SEED COUNT
//
// A mutation takes a token, a tag or a delimiter out, writes it twice, puts another in its place, or swaps two.
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import { ejs, read, render } from './record.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const [seed = '1', count = '300'] = process.argv.slice(2);
let state = BigInt(seed) * 2n + 1n;
const random = n => { state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn; return Number((state >> 33n) % BigInt(n)); };
const pick = list => list[random(list.length)];

/// A template as what can be lost: delimiters, names, numbers, strings, marks, white space; texts between tags are one each.
function tokens(template) {
  const parts = [];
  let inside = false;
  for (const part of template.split(/(<%%|%%>|<%[=\-_#]?|[-_]?%>)/)) {
    if (/^<%[^%]?$/.test(part)) inside = true;
    if (/%>$/.test(part) && part !== '%%>') inside = false;
    parts.push(...(inside ? part.match(/<%[=\-_#]?|[A-Za-z_$][\w$]*|\d[\w.]*|'[^'\n]*'|"[^"\n]*"|`|=>|\?\.|\?\?|\.\.\.|[=!]==?|[<>]=|&&|\|\||\+\+|--|\*\*|\s+|[^]/g) ?? [] : [part]).filter(Boolean));
  }
  return parts;
}

const OTHERS = ['', ' ', '\n', ';', ',', '.', '(', ')', '[', ']', '{', '}', '=', '+', '-', '*', '/', '!', '?', ':', '&&', '??', '?.', '...', '=>', '<%', '%>', '<%=', '<%-', '<%_', '_%>', '-%>', '<%#', '<%%', '%%>', '`', "'", '"', '\\', 'x', '0', '1', 'if', 'for', 'return', 'const', 'let', 'typeof', 'in', 'of', 'null', '//', '/*', '*/', '\t'];

function mutated(list) {
  const parts = [...list];
  for (let n = 1 + random(2); n > 0; n--) {
    const at = random(parts.length);
    const other = random(parts.length);
    pick([
      () => parts.splice(at, 1),
      () => parts.splice(at, 0, parts[at]),
      () => { [parts[at], parts[other]] = [parts[other], parts[at]]; },
      () => { if (at + 1 < parts.length) [parts[at], parts[at + 1]] = [parts[at + 1], parts[at]]; },
      () => { parts[at] = pick(OTHERS); },
      () => parts.splice(at, 0, pick(OTHERS)),
      () => { parts[at] = parts[other]; },
    ])();
  }
  return parts.join('');
}

/// What is not compared: chance and the time; `let` as a name; holes in arrays; tags without code; the sources of functions that
/// are `ejs`'s own; names that the global object inherits; a template that returns nothing or throws what is no error.
/// Some of the 50,000 of seeds 12, 2026 and 4711 differ (2026-11), and are not left out: the path in `JSON.stringify`'s message about a
/// circle; a method that is a value and not called; `new TypeError * x`, which has another class; `'use strict'` behind an empty statement,
/// which is no directive; a name of its own on an array, which is refused by name; how many intermediate values V8 counts in a function
/// that is called; a text that has the end of a comment which a tag left open.
const LEFT_OUT = [
  /Math\.random|Date|now\b/, /\blet\b(?!\s*[\w$[{])/, /[[,]\s*,/, /<%[=_#-]?\s*[-_]?%>/, /\b(include|escapeFn|locals|JSON|Math)(?![a-z])(?!\s*[(.])/,
  /\blet_?%>/, /\bthrow\b(?!\s*new\b)/,
  /(?<!\.)\b(constructor|hasOwnProperty|toLocaleString|toString|valueOf)\b/, /\breturn\b\s*([;}]|[-_]?%>)/,
];
const parses = code => { try { return Boolean(new Function(code)); } catch { return false; } };

/// Whether code gets out of what `ejs` puts around it: the call of an output tag, or the function's braces.
function getsOut(template) {
  let depth = 0;
  for (const [, output, code] of template.matchAll(/<%([=-])?([^]*?)[-_]?%>/g)) {
    if (output && !(parses(`[${code}\n]`) && parses(`(${code}\n)`))) return true;
    for (const brace of code.match(/[{}]/g) ?? []) {
      depth += brace === '{' ? 1 : -1;
      if (depth < 0) return true;
    }
  }
  return false;
}

/// Whether `arguments` stands outside of functions, where it is that of the function that `ejs` makes.
const isOfEjs = template => [...template.matchAll(/\barguments\b/g)].some(({ index }) => {
  const before = template.slice(0, index);
  return before.split('{').length <= before.split('}').length;
});

/// A mutation may never end, so Node renders in a thread that can be stopped.
function judge() {
  const worker = new Worker(fileURLToPath(import.meta.url), { argv: process.argv.slice(2), resourceLimits: { maxOldGenerationSizeMb: 256 } });
  worker.setMaxListeners(0);
  return {
    worker,
    ask: pair => new Promise(resolve => {
      const done = result => { clearTimeout(timer); worker.off('message', done); worker.off('error', lost); resolve(result); };
      const lost = () => done(null);
      const timer = setTimeout(lost, 2000);
      worker.once('message', done);
      worker.once('error', lost);
      worker.postMessage(pair);
    }),
  };
}

/// Whether a tag has no end for `ejs`, or a template returned something that is no text.
function isOdd({ template, data, options }, error) {
  if (error !== 'Error' && error !== 'TypeError') return false;
  try { return typeof ejs.render(template, data, options) !== 'string'; } catch (error) { return /matching close tag/.test(error?.message); }
}

async function main() {
  const pairs = readdirSync(join(here, 'pairs')).sort().flatMap(read).map(pair => ({ ...pair, parts: tokens(pair.template) })).filter(pair => pair.parts.length > 1);
  let node = judge();
  for (let n = 0; n < Number(count);) {
    const { name, data, options, parts } = pick(pairs);
    const template = mutated(parts);
    if (LEFT_OUT.some(kind => kind.test(template)) || isOfEjs(template)) continue;
    const pair = { name: `seed ${seed}, ${n} of ${name}`, template, data, options };
    const result = await node.ask(pair);
    // Where there is no end of a tag for `ejs`, there may be one for those who know what a string is; and what `ejs` made of
    // the template shows in a function's source, in a message and in the global object.
    if (result && (result.odd || /__append|>> \d|&gt;&gt; \d|\[object global\]/.test(result.output) || (result.error !== 'SyntaxError' && getsOut(template)))) continue;
    if (result) {
      n++;
      // As text, whose order of keys counts.
      console.log(JSON.stringify({ ...result, template, data: JSON.stringify(data), options }));
    } else {
      await node.worker.terminate();
      node = judge();
    }
  }
  await node.worker.terminate();
}

if (isMainThread) {
  await main();
} else {
  for (const name of ['debug', 'error', 'info', 'log', 'warn']) console[name] = () => {};
  // Everything that a template can reach, to see whether one has changed it.
  const reached = ['Array', 'Boolean', 'Date', 'Error', 'Function', 'JSON', 'Map', 'Math', 'Number', 'Object', 'RegExp', 'Set', 'String', 'TypeError'].map(name => globalThis[name]);
  const objects = [globalThis, ...reached, ...reached.map(object => object.prototype).filter(Boolean)];
  const legacy = object => object === RegExp ? ['prototype'] : Object.getOwnPropertyNames(object);
  const contents = () => objects.flatMap(object => legacy(object).flatMap(key => [key, Object.getOwnPropertyDescriptor(object, key).value]));
  const before = contents();
  parentPort.on('message', pair => {
    const result = render(pair);
    const odd = isOdd(pair, result.error);
    const after = contents();
    const changed = after.length !== before.length || after.some((value, n) => !Object.is(value, before[n]));
    parentPort.postMessage(changed ? null : { ...result, odd });
  });
}
