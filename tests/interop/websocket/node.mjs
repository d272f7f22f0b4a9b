// Node's `ws`: its client against our server, our client against its server.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { WebSocket, WebSocketServer } from 'ws';
import { judge, report } from './judge.mjs';

const [url, client] = process.argv.slice(2);
report("Node's ws as client", await judge(WebSocket, url));

// What a browser cannot say: fragments, pings, and no compression.
const results = [];
const socket = new WebSocket(url, { perMessageDeflate: false });
await new Promise((resolve) => socket.on('open', resolve));
const message = new Promise((resolve) => socket.once('message', resolve));
socket.send('Hel', { fin: false });
const pong = new Promise((resolve) => socket.once('pong', resolve));
socket.ping('between');
socket.send('lo', { fin: true });
results.push(['a ping between fragments', String(await pong) === 'between']);
results.push(['fragments', String(await message) === 'Hello']);
results.push(['no extension', socket.extensions === '']);
socket.terminate();
report("Node's ws, frame by frame", results);

for (const perMessageDeflate of [false, true]) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate });
  server.on('connection', (peer) => peer.on('message', (data, binary) => peer.send(data, { binary })));
  await new Promise((resolve) => server.on('listening', resolve));
  const { stdout } = await promisify(execFile)(client, [`ws://127.0.0.1:${server.address().port}/`, '--send', 'one', '--send', 'zwei €', '--send', 'x'.repeat(1000)]);
  report(`Node's ws as server, deflate ${perMessageDeflate}`, [['echoes', stdout === `one\nzwei €\n${'x'.repeat(1000)}\n`]]);
  server.close();
}
