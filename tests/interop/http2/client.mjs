// Node's http2 client against our server: requests side by side, content both ways, trailers, 103, PING, settings, resets, GOAWAY.
import assert from 'node:assert';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import https from 'node:https';

const [http, secure, file] = process.argv.slice(2);
const ca = readFileSync(file);

function ask(session, headers, body, trailers) {
  return new Promise((done, fail) => {
    const stream = session.request(headers, { endStream: body === undefined, waitForTrailers: Boolean(trailers) });
    const answer = { interim: [], trailers: {}, body: [] };
    stream.on('headers', (fields) => answer.interim.push(fields[':status']));
    stream.on('response', (fields) => (answer.fields = fields));
    stream.on('trailers', (fields) => (answer.trailers = fields));
    stream.on('data', (piece) => answer.body.push(piece));
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.on('error', fail);
    stream.on('close', () => done({ ...answer, body: Buffer.concat(answer.body), code: stream.rstCode }));
    if (body !== undefined) stream.end(body);
  });
}

for (const base of [http, secure]) {
  const session = http2.connect(base, { ca });
  session.on('error', (error) => { throw error; });
  const ping = () => new Promise((done, fail) => session.ping((error, time) => (error ? fail(error) : done(time))));
  const plain = await ask(session, { ':path': '/tea' });
  assert.equal(plain.fields[':status'], 200);
  assert.match(plain.body.toString(), /^GET \/tea over 2 and https?$/);
  assert.ok(await ping() >= 0);
  assert.ok(session.remoteSettings.maxConcurrentStreams >= 100);

  const body = Buffer.alloc(1_500_000, 'abc');
  const echo = await ask(session, { ':path': '/length', ':method': 'POST' }, body);
  assert.equal(echo.body.toString(), '1500000');
  const some = await ask(session, { ':path': '/echo', ':method': 'PUT' }, body.subarray(0, 900_000));
  assert.ok(some.body.equals(body.subarray(0, 900_000)));
  const trailers = await ask(session, { ':path': '/trailers', ':method': 'POST' }, 'x', { 'x-mine': 'yes' });
  assert.deepEqual([trailers.trailers['x-mine'], trailers.trailers['x-sum']], ['yes', '17']);
  const hints = await ask(session, { ':path': '/hints' });
  assert.deepEqual([hints.interim, hints.body.toString()], [[103], 'page']);
  const head = await ask(session, { ':path': '/large', ':method': 'HEAD' });
  assert.deepEqual([head.fields['content-length'], head.body.length], ['5000000', 0]);
  const cookies = await ask(session, { ':path': '/cookies', cookie: ['a=1', 'b=2', 'c=3'] });
  assert.equal(cookies.body.toString(), 'a=1; b=2; c=3');

  const together = await Promise.all(Array.from({ length: 90 }, () => ask(session, { ':path': '/slow' })));
  assert.ok(together.every((answer) => answer.body.toString() === 'slow'));
  await assert.rejects(ask(session, { ':path': '/breaks' }), { code: 'ERR_HTTP2_STREAM_ERROR' });
  // One that is taken back costs the others nothing.
  const taken = session.request({ ':path': '/slow' });
  taken.close(http2.constants.NGHTTP2_CANCEL);
  await new Promise((done) => taken.on('close', done));
  session.settings({ initialWindowSize: 1000 });
  const large = await ask(session, { ':path': '/large' });
  assert.equal(large.body.length, 5_000_000);
  const last = ask(session, { ':path': '/slow' });
  session.goaway();
  assert.equal((await last).body.toString(), 'slow');
  await new Promise((done) => session.close(done));
}

// One that stays with HTTP/1.1 on the same port.
const agent = new https.Agent({ ca, keepAlive: true });
const text = await new Promise((done, fail) => https.get(`${secure}/tea`, { agent }, (response) => {
  let all = '';
  response.on('data', (piece) => (all += piece)).on('end', () => done(all));
}).on('error', fail));
assert.equal(text, 'GET /tea over 1.1 and https');
agent.destroy();
console.log('all is well');
