// curl keeps what we say that a client keeps, but for rules that it does not have, and sends it back. `node judge.mjs PROGRAM`.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const program = spawn(process.argv[2], { stdio: ['ignore', 'pipe', 'inherit'] });
const folder = mkdtempSync(join(tmpdir(), 'wirebook-cookies-'));
process.on('exit', () => { program.kill(); rmSync(folder, { recursive: true }); });
const [first, second] = await new Promise((resolve, reject) => {
  createInterface({ input: program.stdout }).once('line', (line) => resolve(line.split(' ')));
  program.on('exit', (code) => reject(new Error(`the server ended with ${code}`)));
});
const jar = join(folder, 'jar');
const curl = (...words) => execFileSync('curl', ['--silent', '--show-error', '--max-time', '20', '--cookie', jar, '--cookie-jar', jar, ...words]).toString();
const ours = `http://localhost:${first}`;

// Netscape's format: domain, subdomains, path, secure, expires, name, value.
const kept = () => readFileSync(jar, 'utf8').split('\n').map((line) => line.replace(/^#HttpOnly_/, '')).filter((line) => line && !line.startsWith('#'))
  .map((line) => { const [domain, , path, secure, expires, name, value] = line.split('\t'); return { domain, path, secure: secure === 'TRUE', expires: Number(expires), name, value }; });
const names = () => kept().map(({ name }) => name).sort();
const forget = () => { if (existsSync(jar)) rmSync(jar); };

// What curl does not look at: it is no browser, and embeds nothing.
const lenient = [
  ['SameSite=None without Secure', (line) => /SameSite=None/.test(line) && !/Secure(;|$)/.test(line.replace(/^[^;]*/, ''))],
  ['Partitioned without Secure', (line) => /Partitioned/.test(line) && !/; Secure(;|$)/.test(line)],
];
const used = new Map();
let agreed = 0;
for (let batch = 0; batch < JSON.parse(curl(`${ours}/cookies/count`)); batch += 1) {
  forget();
  const told = JSON.parse(curl(`${ours}/cookies/batch/${batch}`));
  const there = new Set(names());
  for (const { name, line, kept: expected } of told) {
    if (there.has(name) === expected) { agreed += 1; continue; }
    const reason = lenient.find(([, fits]) => there.has(name) && fits(line));
    assert.ok(reason, `${line}: ${expected ? 'curl does not keep it' : 'curl keeps it'}`);
    used.set(reason[0], (used.get(reason[0]) ?? 0) + 1);
  }
}
for (const [reason] of lenient) assert.ok(used.has(reason), `no difference needs this reason: ${reason}`);

// What we set comes back, to its host and path alone; what we remove is gone.
forget();
curl(`${ours}/cookies/ours`);
assert.deepEqual(names(), ['__Host-ours', '__Secure-ours', 'apart', 'plain']);
assert.ok(kept().every(({ domain, path, name, secure }) => domain === 'localhost' && path === '/' && secure === (name !== 'plain')));
assert.equal(curl(`${ours}/cookies/echo`), '__Host-ours __Secure-ours apart plain');
assert.equal(curl(`http://localhost:${second}/cookies/echo`), '__Host-ours __Secure-ours apart plain', 'cookies know no ports');
assert.equal(curl(`http://127.0.0.1:${first}/cookies/echo`), '', 'another host gets none');
// One by one: of several in one answer curl 7.88 forgets the last alone.
for (const name of names()) {
  curl(`${ours}/cookies/away/${name}`);
  assert.ok(!names().includes(name), name);
}
assert.equal(curl(`${ours}/cookies/echo`), '');
console.log(`curl keeps what we say of ${agreed} cookies; ${[...used].map(([reason, count]) => `${count} times it does not mind ${reason}`).join('; ')}`);
process.exit(0);
