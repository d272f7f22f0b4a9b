// Compares the recorded results of every pair with real `ejs`, or records them.
//
//   npm install --prefix tests/interop/template     (ejs is never committed)
//   node tests/interop/template/record.mjs          compares; exit status 1 when anything differs
//   node tests/interop/template/record.mjs --write  records
//   node tests/interop/template/record.mjs --stdin  renders JSON lines {template, data, options}; prints JSON lines
//
// A result is `{"name", "output"}` or `{"name", "error"}`, where error is the name of JavaScript's error class.
import { readFileSync, readdirSync, writeFileSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
export const ejs = createRequire(import.meta.url)(process.env.EJS_PATH ?? 'ejs');

export function read(file) {
  const lines = readFileSync(join(here, 'pairs', file), 'utf8').split('\n');
  const shared = JSON.parse(lines[0].replace('@data ', ''));
  const cases = [];
  for (const line of lines.slice(1)) {
    if (line.startsWith('=== ')) {
      const [name, data, options] = line.slice(4).split(' | ').map(s => s.trim());
      cases.push({
        name,
        data: data && data !== '-' ? JSON.parse(data) : structuredClone(shared),
        options: options ? JSON.parse(options) : {},
        lines: [],
      });
    } else if (cases.length) {
      cases.at(-1).lines.push(line);
    }
  }
  const last = cases.at(-1).lines;
  if (last.at(-1) === '') last.pop();
  return cases.map(({ lines, ...rest }) => ({ ...rest, template: lines.join('\n') }));
}

export function render({ name, template, data, options }) {
  const opts = { ...options };
  if (opts.filename) opts.filename = join(here, 'views', opts.filename);
  const before = new Set(Object.keys(globalThis));
  try {
    // Through UTF-8, as every server sends it: a lone surrogate becomes U+FFFD.
    const output = Buffer.from(ejs.render(template, data, opts), 'utf8').toString('utf8');
    return { name, output };
  } catch (error) {
    return { name, error: error?.name ?? 'thrown' };
  } finally {
    for (const key of Object.keys(globalThis)) if (!before.has(key)) delete globalThis[key];
  }
}

async function main() {
  if (process.argv.includes('--stdin')) {
    let text = '';
    for await (const chunk of process.stdin) text += chunk;
    const results = text.split('\n').filter(Boolean).map(line => JSON.stringify(render(JSON.parse(line))));
    process.stdout.write(results.join('\n') + '\n');
    return;
  }
  const write = process.argv.includes('--write');
  let count = 0, failures = 0;
  for (const file of readdirSync(join(here, 'pairs')).sort()) {
    const results = read(file).map(render);
    count += results.length;
    const path = join(here, 'expected', file.replace('.txt', '.json'));
    const text = '[\n' + results.map(r => JSON.stringify(r)).join(',\n') + '\n]\n';
    if (write) {
      writeFileSync(path, text);
    } else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
      const known = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : [];
      for (const [n, result] of results.entries()) {
        if (JSON.stringify(result) !== JSON.stringify(known[n])) {
          failures++;
          console.error(`${file}: ${result.name}\n  node     ${JSON.stringify(result)}\n  recorded ${JSON.stringify(known[n])}`);
        }
      }
    }
  }
  console.log(`${count} pairs, ${failures} differ`);
  process.exit(failures ? 1 : 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
