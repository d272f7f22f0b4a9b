// Three twins asked the same, over the wire: ours, Express's and Koa's. What differs has a reason in deviations.mjs, and every reason is
// needed. `node judge.mjs OURS`.
import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { deviations } from './deviations.mjs';
import { expressOnly, next, questions } from './questions.mjs';

const started = [];
process.on('exit', () => started.forEach((twin) => twin.kill()));
async function start(command, ...args) {
  const twin = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(twin);
  for await (const line of createInterface({ input: twin.stdout })) return Number(line);
  throw new Error(`${command} ${args} said no port`);
}

const askOnce = (port, { method, path, headers = {}, body }) => new Promise((resolve, reject) => {
  const sent = request({ host: '127.0.0.1', port, method, path, headers: { host: 'twin.example', connection: 'close', ...headers } }, (answer) => {
    const pieces = [];
    answer.on('data', (piece) => pieces.push(piece)).on('error', reject).on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(pieces) }));
  });
  // What is refused by its length is answered before all of it is sent.
  sent.on('error', (error) => (sent.res ? undefined : reject(error)));
  if (body !== undefined && !headers['transfer-encoding']) sent.setHeader('content-length', Buffer.byteLength(body));
  sent.end(body);
});

// Who is refused before all of a body is sent may meet the end of the connection before the answer: then it is asked again.
async function ask(port, question) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await askOnce(port, question);
    } catch (error) {
      if (tries === 9 || !['ECONNRESET', 'EPIPE'].includes(error.code)) throw error;
    }
  }
}

// A cookie with its attributes in order, and its end as seconds from now.
function cookie(line, date) {
  const [pair, ...attributes] = line.split(/; */);
  const map = new Map(attributes.map((attribute) => attribute.toLowerCase().split('=')));
  const expires = /expires=([^;]*)/i.exec(line)?.[1];
  const life = map.has('max-age') ? Number(map.get('max-age')) : expires && Math.max(0, Math.round((Date.parse(expires) - Date.parse(date)) / 5000) * 5);
  map.delete('expires');
  map.delete('max-age');
  return [pair, ...[...map].map((attribute) => attribute.filter(Boolean).join('=')).sort(), ...(life === undefined ? [] : [`life=${life}`])].join('; ');
}

const list = (value) => value?.toLowerCase().split(/\s*,\s*/).sort().join(', ');
const compared = ['location', 'cache-control', 'accept-ranges', 'content-range', 'content-disposition', 'content-encoding', 'last-modified', 'link', 'www-authenticate', 'x-one', 'x-two', 'x-three', 'content-length'];
function normal({ method }, { status, headers, body }) {
  const type = headers['content-type']?.toLowerCase().replace(/\s/g, '');
  const text = body.toString('latin1');
  const fields = Object.fromEntries(compared.map((name) => [name, headers[name]]));
  const isJson = type?.startsWith('application/json') && text && status !== 206 && method !== 'HEAD';
  return {
    status, type, ...fields, allow: list(headers.allow), vary: list(headers.vary), etag: headers.etag && (headers.etag.startsWith('W/') ? 'weak' : 'strong'),
    cookies: headers['set-cookie']?.map((line) => cookie(line, headers.date)).sort(), body: isJson ? JSON.parse(body.toString()) : body.toString(),
    // Another order of members is another length.
    ...(isJson && { 'content-length': 'of JSON' }),
  };
}

const [ours, express, koa] = await Promise.all([start(process.argv[2]), start('node', 'express.mjs'), start('node', 'koa.mjs')]);
const used = new Map();
const unexplained = [];
let same = 0;

async function judge(peer, port, question, mine) {
  const [left, right] = [normal(question, await ask(port, question.of?.[peer] ?? question)), normal(question, mine)];
  for (const field of Object.keys({ ...left, ...right })) {
    if (isDeepStrictEqual(left[field], right[field])) { same += 1; continue; }
    const asked = { ...question, peer, field };
    const reason = deviations.find((deviation) => [deviation.field].flat().includes(field) && (!deviation.peer || deviation.peer === peer) && deviation.when(asked, left, right));
    if (reason) used.set(reason, (used.get(reason) ?? 0) + 1);
    else unexplained.push({ peer, asked: `${question.method} ${question.path}`, headers: question.headers, name: question.name, field, theirs: left[field], ours: right[field] });
  }
}

for (const question of questions) {
  const mine = await ask(ours, question);
  const peers = [['express', express], ...(expressOnly.test(question.path) ? [] : [['koa', koa]])];
  for (const [peer, port] of peers) {
    await judge(peer, port, question, mine);
    // Each is asked for what it has itself said: tags differ, and what they mean must not.
    const theirs = next(question, await ask(port, question));
    const own = next(question, mine);
    for (const further of own) {
      const counterpart = theirs.find(({ name }) => name === further.name);
      if (counterpart) await judge(peer, port, { ...further, of: { [peer]: counterpart } }, await ask(ours, further));
      // What one has signed the other takes.
      if (counterpart?.name === 'a signed cookie') await judge(peer, port, counterpart, await ask(ours, counterpart));
    }
  }
}

console.log(`${questions.length} questions and what follows from them: ${same} fields are the same`);
for (const deviation of deviations) console.log(`${String(used.get(deviation) ?? 0).padStart(6)}  ${deviation.peer ?? 'both'}: ${deviation.reason}`);
const stale = deviations.filter((deviation) => !used.has(deviation));
for (const deviation of stale) console.error(`no difference needs this reason: ${deviation.reason}`);
for (const difference of unexplained.slice(0, Number(process.env.TOLD ?? 10))) console.error(JSON.stringify(difference));
if (unexplained.length) console.error(`${unexplained.length} differences without a reason`);
process.exit(unexplained.length || stale.length ? 1 : 0);
