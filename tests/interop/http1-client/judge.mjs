// Our client against Node's http server; curl and Chromium through our proxy to the same server.
import http from 'node:http';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const [client, proxyProgram] = process.argv.slice(2);
const big = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 256));
let failed = 0;

function check(name, got, wanted) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (a === b) return console.log(`ok ${name}`);
  failed++;
  console.error(`FAILED ${name}: ${a.slice(0, 300)} instead of ${b.slice(0, 300)}`);
}

const routes = {
  '/length': (request, response) => response.setHeader('Content-Length', 5).end('hello'),
  '/chunked': (request, response) => { response.write('one '); setTimeout(() => response.end('two'), 20); },
  '/trailers': (request, response) => { response.setHeader('Trailer', 'Sum'); response.write('x'); response.addTrailers({ Sum: '1' }); response.end(); },
  '/until-close': (request, response) => { response.useChunkedEncodingByDefault = false; response.removeHeader('Transfer-Encoding'); response.setHeader('Connection', 'close'); response.write('all '); response.end('of it'); },
  '/hints': (request, response) => response.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => response.end('page')),
  '/none': (request, response) => response.writeHead(204).end(),
  '/big': (request, response) => response.end(big),
  '/moved': (request, response) => response.writeHead(302, { Location: '/length' }).end(),
  '/headers': (request, response) => response.end(request.headers.host),
  // With a body of bytes Node writes the head as Latin-1; with one of text it does not.
  '/latin': (request, response) => response.setHeader('X-Latin', 'caf\u00e9').end(Buffer.from('x')),
  '/echo': (request, response) => request.pipe(response),
  '/hop': (request, response) => response.end(JSON.stringify(request.rawHeaders)),
};
const server = http.createServer((request, response) => (routes[request.url] ?? ((_, response) => response.writeHead(404).end()))(request, response));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${server.address().port}`;

async function fetched(path) {
  const { stdout } = await run(client, ['--json', '--redirects', '3', '--url', base + path], { maxBuffer: 1 << 26 });
  return JSON.parse(stdout);
}
for (const [path, status, body] of [
  ['/length', 200, 'hello'], ['/chunked', 200, 'one two'], ['/trailers', 200, 'x'], ['/until-close', 200, 'all of it'],
  ['/hints', 200, 'page'], ['/none', 204, ''], ['/big', 200, big.toString('latin1')], ['/moved', 200, 'hello'], ['/missing', 404, ''],
  ['/headers', 200, base.slice('http://'.length)],
]) {
  const answer = await fetched(path);
  check(`Node ${path}`, [answer.status, answer.body], [status, body]);
}
check('Node, a value beyond ASCII', (await fetched('/latin')).headers.find(([name]) => name === 'X-Latin')?.[1], 'caf\u00e9');

const proxy = spawn(proxyProgram, ['--addr', '127.0.0.1:0']);
const line = await new Promise((resolve) => proxy.stdout.once('data', (data) => resolve(String(data))));
const via = `http://${/listening on (\S+)/.exec(line)[1]}`;
try {
  const curl = async (...rest) => (await run('curl', ['-sS', '-m', '20', '-x', via, ...rest], { encoding: 'latin1', maxBuffer: 1 << 26 })).stdout;
  const hasCurl = await run('curl', ['--version']).then(() => true, () => false);
  if (hasCurl) {
    const upload = join(mkdtempSync(join(tmpdir(), 'wirebook-upload-')), 'x');
    writeFileSync(upload, 'x'.repeat(200_000));
    check('curl -x', await curl(`${base}/length`), 'hello');
    check('curl -x, chunks', await curl(`${base}/chunked`), 'one two');
    check('curl -x, large', await curl(`${base}/big`), big.toString('latin1'));
    check('curl -x, POST', await curl('--data-binary', `@${upload}`, `${base}/echo`), 'x'.repeat(200_000));
    check('curl -x, POST in chunks', await curl('-H', 'Transfer-Encoding: chunked', '-d', 'abc', `${base}/echo`), 'abc');
    check('curl -x -p, a tunnel', await curl('-p', `${base}/length`), 'hello');
    check('curl -x, HEAD', (await curl('-I', `${base}/length`)).split('\r\n')[0], 'HTTP/1.1 200 OK');
    check('curl -x, nobody there', await curl('-o', '/dev/null', '-w', '%{http_code}', 'http://127.0.0.1:1/'), '502');
    const hop = JSON.parse(await curl('-H', 'Connection: x-secret', '-H', 'X-Secret: 1', '-H', 'TE: trailers', '-H', 'X-Kept: 2', `${base}/hop`));
    const names = hop.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    check('hop-by-hop fields stay behind', ['x-secret', 'te', 'proxy-connection'].some((name) => names.includes(name)), false);
    check('the others go on, with Via', ['x-kept', 'via'].every((name) => names.includes(name)), true);
  }
  if (process.env.CHROMIUM) {
    routes['/page'] = (request, response) => response.setHeader('Content-Type', 'text/html').end(`<title>p</title><p id=a></p><script>fetch('/length').then((r) => r.text()).then((t) => { document.getElementById('a').textContent = 'script got ' + t; })</script>`);
    const profile = mkdtempSync(join(tmpdir(), 'wirebook-proxy-'));
    const arguments_ = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`, `--proxy-server=${via}`, '--proxy-bypass-list=<-loopback>', '--virtual-time-budget=5000', '--dump-dom', `${base}/page`];
    const { stdout } = await run(process.env.CHROMIUM, arguments_, { timeout: 60_000 });
    check('Chromium through the proxy', stdout.includes('script got hello'), true);
  }
} finally {
  proxy.kill();
  server.closeAllConnections();
  server.close();
}
process.exitCode = failed ? 1 : 0;
