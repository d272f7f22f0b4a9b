// Node is the parent: argv[2] and what follows start a child of ours, whose channel this judges.
import assert from 'node:assert';
import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import net from 'node:net';
import { once } from 'node:events';

const [, , program, ...args] = process.argv;
const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
const next = async () => (await once(child, 'message'));

child.send('echo');
// A thousand messages, in order, of every shape and many in a write.
const sent = Array.from({ length: 1000 }, (_, n) => ({ n, text: 'ä'.repeat(n % 300), deep: [[[{ n }]]], half: '\ud800' }));
const answers = [];
const all = new Promise((done) => {
  child.on('message', function hear(message) {
    answers.push(message);
    if (answers.length === sent.length) { child.off('message', hear); done(); }
  });
});
for (const message of sent) child.send(message);
await all;
assert.deepStrictEqual(answers, sent);

// A hundred connections.
const server = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address();
const read = async (socket) => {
  let text = '';
  for await (const bytes of socket.setEncoding('utf8')) text += bytes;
  return text;
};
for (let n = 0; n < 100; n++) {
  const client = net.connect(port, '127.0.0.1');
  const [connection] = await once(server, 'connection');
  child.send({ n }, connection);
  const [answer] = await next();
  assert.deepStrictEqual(answer, { kind: 'TcpStream', said: { n } });
  assert.strictEqual(await read(client), 'from the child');
}
const count = await new Promise((done, failed) => server.getConnections((error, count) => (error ? failed(error) : done(count))));
assert.strictEqual(count, 0);

// A listener.
child.send('take this server', server);
const heard = next();
// Both listen now, and a connection is whichever's takes it first: one that is ours is closed, and another made.
server.on('connection', (ours) => { ours.destroy(); again(); });
const clients = [];
const again = () => clients.push(net.connect(port, '127.0.0.1').on('error', () => {}));
again();
const [answer] = await heard;
assert.deepStrictEqual(answer, { kind: 'TcpListener', said: 'take this server' });
assert.strictEqual(await read(clients.at(-1)), 'from the child');
// It closes, since the child says that the connections which it was given are no concern of the server's.
server.close();
await once(server, 'close');

// A UDP socket.
const udp = dgram.createSocket('udp4').bind(0, '127.0.0.1');
await once(udp, 'listening');
child.send('udp', udp);
assert.deepStrictEqual((await next())[0], { kind: 'Udp4', said: 'udp' });
udp.close();

// One of the child's.
child.send('listen');
const [theirs, listener] = await next();
assert.strictEqual(listener.address().port, theirs);
net.connect(theirs, '127.0.0.1').end();
const [connection] = await once(listener, 'connection');
connection.destroy();
listener.close();

child.disconnect();
const [code] = await once(child, 'exit');
assert.strictEqual(code, 0);
console.log('judged');
