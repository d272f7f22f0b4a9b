// FormData of Node and of Chromium: what they write, our decoder reads, and our encoder writes byte for byte; what our encoder
// writes, they read. And what curl -F sends.
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, writeFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { ours, latin1, seeded } from './ours.mjs';

const program = process.argv[2];

const NAMES = ['a', 'b c', '', 'q"q', 'line\nline', 'cr\rcr', 'both\r\nboth', '100%', '%22', 'back\\slash', 'tea é 🦀', "o'hara; x=y", '__proto__', 'a[]', '\ttab'];
const VALUES = ['', '1', 'tea', 'two\nlines', 'old\rmac', 'dos\r\n', '--B', '\r\n--B--', 'é 🦀', ' spaces '];
const TYPES = ['text/plain', 'image/png', '', 'application/octet-stream', 'what ever'];

/** Forms of fields and files, from a seed. */
function forms(count, seed) {
  const random = seeded(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  return Array.from({ length: count }, () => Array.from({ length: Math.floor(random() * 5) }, () => {
    if (random() < 0.6) return { name: pick(NAMES), value: pick(VALUES) };
    return { name: pick(NAMES), filename: pick(NAMES), type: pick(TYPES), content: pick([...VALUES.map((text) => latin1(Buffer.from(text))), '\x00\xff\r\n\r\n', 'x'.repeat(5000)]) };
  }));
}

/** Runs in Node and in a page: a form as it is sent, as Latin-1. */
async function send(entries) {
  const form = new FormData();
  for (const { name, value, filename, type, content } of entries) {
    if (value !== undefined) form.append(name, value);
    else form.append(name, new File([Uint8Array.from(content, (char) => char.charCodeAt(0))], filename, { type }));
  }
  const response = new Response(form);
  const bytes = new Uint8Array(await response.arrayBuffer());
  let body = '';
  for (const byte of bytes) body += String.fromCharCode(byte);
  return { type: response.headers.get('content-type'), body };
}

/** And a body read by it. */
async function receive({ type, body }) {
  const bytes = Uint8Array.from(body, (char) => char.charCodeAt(0));
  const form = await new Response(bytes, { headers: { 'content-type': type } }).formData();
  const entries = [];
  for (const [name, value] of form) {
    if (typeof value === 'string') { entries.push({ name, value }); continue; }
    let content = '';
    for (const byte of new Uint8Array(await value.arrayBuffer())) content += String.fromCharCode(byte);
    entries.push({ name, filename: value.name, content });
  }
  return entries;
}

const lines = (text) => text.replace(/\r\n|\r|\n/g, '\r\n');
// The three escapes cannot be told from what somebody typed: this is what a reader of the wire makes of a name.
const unescaped = (text) => text.replace(/%22/g, '"').replace(/%0D/g, '\r').replace(/%0A/g, '\n');

async function judge(who, send, receive, { reads, leavesOut }) {
  const all = forms(400, 7578).map((form) => form.filter((entry) => entry.filename !== leavesOut));
  const sent = [];
  for (const entries of all) sent.push(await send(entries));
  const read = await ours(program, sent.map((message, at) => ({ ...message, cut: 1 + (at % 97) })));
  for (const [at, { parts, error }] of read.entries()) {
    assert.equal(error, undefined, `${who}: ${error} of ${JSON.stringify(sent[at])}`);
    assert.equal(parts.length, all[at].length);
    for (const [index, entry] of all[at].entries()) {
      const part = parts[index];
      assert.equal(part.name, unescaped(lines(entry.name)), JSON.stringify(sent[at]));
      if (entry.value !== undefined) assert.equal(part.content, latin1(Buffer.from(lines(entry.value))));
      else assert.deepEqual([part.filename, part.content, part.type], [unescaped(entry.filename), entry.content, entry.type || 'application/octet-stream']);
    }
  }
  // With its boundary, our encoder writes the same bytes.
  const boundary = ({ type }) => /boundary=(.*)$/.exec(type)[1];
  const entries = (form) => form.map((entry) => ({ ...entry, type: entry.type || 'application/octet-stream' }));
  const written = await ours(program, all.map((form, at) => ({ boundary: boundary(sent[at]), entries: entries(form) })));
  for (const [at, { body }] of written.entries()) assert.equal(body, sent[at].body, `${who} and our encoder`);
  // And it reads what we write.
  const own = await ours(program, all.map((form) => ({ boundary: '----WirebookFormBoundary0', entries: entries(form) })));
  for (const [at, { body }] of own.entries()) {
    // An empty form has nothing to be read, and Node wants a part.
    if (all[at].length === 0) continue;
    const back = await receive({ type: 'multipart/form-data; boundary=----WirebookFormBoundary0', body });
    const means = (text) => reads(text.replace(/"/g, '%22').replace(/\r/g, '%0D').replace(/\n/g, '%0A'));
    const wanted = all[at].map((entry) => (entry.value !== undefined
      ? { name: means(lines(entry.name)), value: lines(entry.value) }
      : { name: means(lines(entry.name)), filename: means(entry.filename), content: entry.content }));
    assert.deepEqual(back, wanted, who);
  }
  console.log(`${who}: ${all.length} forms, both ways, byte for byte`);
}

/** A form that curl sends. */
async function curl() {
  const folder = mkdtempSync(join(tmpdir(), 'wirebook-forms-'));
  const file = join(folder, 'a "leaf".txt');
  writeFileSync(file, Buffer.from('\x00\xff\r\nleaf', 'latin1'));
  const received = new Promise((resolve) => {
    const server = createServer((request, response) => {
      const pieces = [];
      request.on('data', (piece) => pieces.push(piece));
      request.on('end', () => {
        response.end();
        server.close();
        resolve({ type: request.headers['content-type'], body: latin1(Buffer.concat(pieces)), cut: 7 });
      });
    }).listen(0, '127.0.0.1', () => {
      const args = ['-sS', '--noproxy', '*', '-F', 'tea=green', '-F', 'empty=', '-F', 'q"q=1', '-F', `f=@"${file.replace(/"/g, '\\"')}";type=text/x-leaf`, '-F', 'g=@-;filename=C:\\tea.bin', `http://127.0.0.1:${server.address().port}/`];
      const child = execFile('curl', args, (error) => { if (error) throw error; });
      child.stdin.end('from standard input');
    });
  });
  const [{ parts, error }] = await ours(program, [await received]);
  rmSync(folder, { recursive: true });
  assert.equal(error, undefined);
  assert.deepEqual(parts.map(({ name, basename, content }) => [name, basename, content]), [
    ['tea', null, 'green'], ['empty', null, ''], ['q"q', null, '1'], ['f', 'a "leaf".txt', '\x00\xff\r\nleaf'], ['g', 'tea.bin', 'from standard input'],
  ]);
  console.log('curl -F: five parts');
}

await curl();
// Node's FormData leaves an empty file name out, and so makes a field of a file.
await judge(`Node ${process.version}`, send, receive, { reads: unescaped, leavesOut: '' });
if (process.env.CHROMIUM) {
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  try {
    const page = await browser.newPage();
    // Chromium does not read back what it writes: it leaves the three escapes, and takes a backslash away.
    const reads = (text) => text.replace(/\\(.)/g, '$1');
    await judge(`Chromium ${browser.version()}`, (form) => page.evaluate(send, form), (message) => page.evaluate(receive, message), { reads, leavesOut: null });
  } finally {
    await browser.close();
  }
}
