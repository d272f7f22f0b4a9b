// Node's contestant: parent and child of the bench `process`. Arguments: part, count.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const [, self, part, count] = process.argv;

function cpu(pid) {
  const tasks = fs.readdirSync(`/proc/${pid}/task`);
  return tasks.reduce((sum, task) => sum + Number(fs.readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]), 0);
}

async function parent() {
  const child = fork(self, [part, count], { env: { ...process.env, WIREBOOK_BENCH_CHILD: '1' } });
  const hear = async () => (await once(child, 'message'))[0];
  await hear();
  const message = { text: 'x'.repeat(64 - '{"text":""}'.length) };
  // Connections to hand over: of a server that accepts and leaves them to us.
  const file = path.join(os.tmpdir(), `wirebook-bench-${process.pid}.sock`);
  const accepted = [];
  const server = net.createServer({ pauseOnConnect: true }, (socket) => accepted.push(socket));
  if (part === 'hand_over') {
    server.listen(file);
    await once(server, 'listening');
  }
  const before = cpu(process.pid) + cpu(child.pid);
  if (part === 'round_trip') {
    for (let n = 0; n < count; n++) {
      child.send(message);
      await hear();
    }
  } else {
    const last = hear();
    for (let n = 0; n < count; n++) {
      if (part === 'burst') {
        if (!child.send(message)) await new Promise((done) => setImmediate(done));
        continue;
      }
      const client = net.connect(file);
      await once(client, 'connect');
      while (accepted.length === 0) await new Promise((done) => setImmediate(done));
      await new Promise((done) => child.send(1, accepted.pop(), done));
      client.destroy();
    }
    child.send('last');
    await last;
  }
  const after = cpu(process.pid) + cpu(child.pid);
  server.close();
  child.disconnect();
  console.log((after - before) / count);
  process.exit(0);
}

function child() {
  process.on('message', (message, handle) => {
    handle?.destroy();
    if (part === 'round_trip' || message === 'last') process.send(message);
  });
  process.on('disconnect', () => process.exit(0));
  process.send('ready');
}

if (process.env.WIREBOOK_BENCH_CHILD) child();
else await parent();
