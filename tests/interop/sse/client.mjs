// Our event source against a server in Node: `sse_client --json` has to print what the server meant.
import { createServer } from 'node:http';
import { spawn } from 'node:child_process';
import assert from 'node:assert/strict';

const client = process.argv[2];
const requests = [];
const server = createServer((request, response) => {
  requests.push({ url: request.url, id: request.headers['last-event-id'] ?? null, accept: request.headers.accept, coding: request.headers['accept-encoding'], at: performance.now() });
  const count = requests.filter(({ url }) => url === request.url).length;
  const open = () => response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
  switch (request.url) {
    case '/redirect': return response.writeHead(302, { location: 'events' }).end();
    case '/never': return response.writeHead(404).end();
    case '/gzip': return response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }).end('\x1f\x8b');
    case '/spin': return count < 4 ? (open(), response.end('retry: 0\ndata: x\n\n')) : response.writeHead(204).end();
    case '/html': return response.writeHead(200, { 'content-type': 'text/html' }).end('<p>');
    case '/broken': return count === 1 ? (open(), response.write('retry: 10\nid: 1\ndata: one\n\nid: 2\ndata: cut'), setTimeout(() => response.destroy(), 20)) : count === 2 ? (open(), response.end('data: two\n\n')) : response.writeHead(204).end();
    case '/events': {
      if (count > 2) return response.writeHead(204).end();
      open();
      const text = count === 1
        ? '\uFEFFretry: 10\n\n: hello\ndata: first\n\nevent: add\r\nid: é7\r\ndata: a\r\ndata: b\r\n\r\n'
        : 'data: again\r\rid\ndata: no id\n\n';
      // One byte at a time, so that every cut is tried, those within characters too.
      const bytes = Buffer.from(text);
      let at = 0;
      const next = () => (at < bytes.length ? response.write(bytes.subarray(at, (at += 1)), next) : response.end());
      return next();
    }
    default: return response.writeHead(500).end();
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${server.address().port}`;

async function run(path, ...more) {
  const child = spawn(client, ['--json', '--url', base + path, ...more], { stdio: ['ignore', 'pipe', 'ignore'] });
  let out = '';
  child.stdout.on('data', (data) => { out += data; });
  const status = await new Promise((resolve) => child.on('close', resolve));
  return { status, events: out.split('\n').filter(Boolean).map((line) => JSON.parse(line)) };
}

const events = [
  { type: 'message', data: 'first', lastEventId: '' },
  { type: 'add', data: 'a\nb', lastEventId: 'é7' },
  { type: 'message', data: 'again', lastEventId: 'é7' },
  { type: 'message', data: 'no id', lastEventId: '' },
];
const sorted = (list) => list.map(({ type, data, lastEventId }) => ({ type, data, lastEventId }));
const through = await run('/redirect');
assert.deepEqual({ status: through.status, events: sorted(through.events) }, { status: 0, events });
const asked = requests.filter(({ url }) => url === '/events');
assert.deepEqual(asked.map(({ id }) => id && Buffer.from(id, 'latin1').toString()), [null, 'é7', null]);
assert.ok(asked.every(({ accept }) => accept === 'text/event-stream'));

const broken = await run('/broken');
assert.equal(broken.status, 0);
assert.deepEqual(sorted(broken.events), [{ type: 'message', data: 'one', lastEventId: '1' }, { type: 'message', data: 'two', lastEventId: '1' }]);
assert.equal((await run('/never')).status, 2);
assert.equal((await run('/html')).status, 2);
assert.ok(asked.every(({ coding }) => coding === 'identity'));
assert.equal((await run('/gzip')).status, 2);

// retry: 0 is not a leave to spin: the floor is half a second.
assert.equal((await run('/spin')).status, 0);
const spun = requests.filter(({ url }) => url === '/spin').map(({ at }) => at);
assert.equal(spun.length, 4);
assert.ok(spun.every((at, index) => index === 0 || at - spun[index - 1] > 450), `connections at ${spun}`);

// What cannot be sent is said at once, and nothing is asked.
const before = requests.length;
for (const header of ['Host: x', 'content-length: 5', 'naïve: x', 'a b: x']) assert.equal((await run('/events', '--header', header)).status, 64);
assert.equal(requests.length, before);
console.log('our client against a server in Node: reconnects, redirects, ids and exit statuses agree');
server.close();
