// Node's http client and fetch against the example servers at $PAGES and $INSPECT.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const pages = `http://${process.env.PAGES}`;
const inspect = `http://${process.env.INSPECT}`;
const watchdog = setTimeout(() => { console.error('FAIL Node: no answer'); process.exit(1); }, 60_000);

async function check(name, work) {
  await work();
  console.log(`ok   ${name}`);
}

/** Sends a request and gives the response with its whole body. */
async function ask(url, options = {}, body = undefined) {
  const request = http.request(url, options);
  if (body instanceof Readable) pipeline(body, request); else request.end(body);
  const [response] = await once(request, 'response');
  const pieces = [];
  for await (const piece of response) pieces.push(piece);
  return { response, request, body: Buffer.concat(pieces) };
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });

await check('an agent with 4 sockets asks 200 times', async () => {
  const ports = new Set();
  const answers = await Promise.all(Array.from({ length: 200 }, async (_, number) => {
    const { response, body } = await ask(`${inspect}/${number}`, { agent });
    ports.add(response.socket?.localPort);
    assert.equal(JSON.parse(body).target, `/${number}`);
    return response.statusCode;
  }));
  assert.ok(answers.every((status) => status === 200));
  ports.delete(undefined);
  assert.ok(ports.size <= 4, `${ports.size} connections`);
});

await check('a stream up in chunks, and down again', async () => {
  const pieces = Array.from({ length: 50 }, (_, number) => Buffer.alloc(10_000, number));
  const { body, response } = await ask(`${pages}/echo`, { method: 'POST', agent }, Readable.from(pieces));
  assert.ok(body.equals(Buffer.concat(pieces)));
  assert.equal(response.headers['transfer-encoding'], 'chunked');
});

await check('the event continue comes before the body is sent', async () => {
  const request = http.request(`${pages}/echo`, { method: 'POST', headers: { Expect: '100-continue', 'Content-Length': 5 } });
  request.flushHeaders();
  await once(request, 'continue');
  request.end('hello');
  const [response] = await once(request, 'response');
  assert.equal(Buffer.concat(await response.toArray()).toString(), 'hello');
});

await check('the event upgrade, and raw bytes both ways', async () => {
  const request = http.request(`${pages}/upgrade`, { headers: { Connection: 'Upgrade', Upgrade: 'echo' } });
  request.end();
  const [response, socket] = await once(request, 'upgrade');
  assert.equal(response.statusCode, 101);
  socket.write('hello');
  assert.equal((await once(socket, 'data'))[0].toString(), 'hello');
  socket.end();
});

await check('HEAD, 404, 405 and 426 on one connection', async () => {
  const one = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const seen = [];
  for (const [method, path] of [['HEAD', '/file'], ['GET', '/none'], ['DELETE', '/'], ['GET', '/upgrade'], ['GET', '/']]) {
    const { response } = await ask(pages + path, { method, agent: one });
    seen.push(response.statusCode);
  }
  assert.deepEqual(seen, [200, 404, 405, 426, 200]);
  one.destroy();
});

await check('a client that goes away in the middle of an answer', async () => {
  const request = http.get(`${pages}/file`);
  const [response] = await once(request, 'response');
  response.destroy();
  assert.equal((await ask(pages, { agent })).body.toString(), 'Hello, World!');
});

await check('a body that is too large gets its 413', async () => {
  const { response } = await ask(inspect, { method: 'POST', headers: { 'Content-Length': 2_000_000 } }, Readable.from([Buffer.alloc(2_000_000)])).catch((error) => ({ response: error }));
  assert.ok(response.statusCode === 413 || ['EPIPE', 'ECONNRESET'].includes(response.code), String(response));
});

await check('fetch: text, JSON, streams and a body', async () => {
  assert.equal(await (await fetch(`${pages}/chunked`)).text(), 'one\ntwo\nthree\n');
  const read = await (await fetch(`${inspect}/path?q=1`, { method: 'POST', body: 'hello', headers: { 'X-A': 'b' } })).json();
  assert.deepEqual([read.method, read.target, read.body], ['POST', '/path?q=1', 'hello']);
  const streamed = await fetch(`${pages}/echo`, { method: 'POST', body: Readable.toWeb(Readable.from([Buffer.from('hel'), Buffer.from('lo')])), duplex: 'half' });
  assert.equal(await streamed.text(), 'hello');
});

agent.destroy();
clearTimeout(watchdog);
process.exit(0);
