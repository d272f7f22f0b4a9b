// What Node's cluster does, row by row, as one object of JSON. cluster/tests/processes/node.rs plays the same rows on ours and holds
// the two against each other; where they differ on purpose stands in deviations.json, with the reason.
//
// Run: node tests/interop/cluster/table.mjs [ROW]
import { execFile } from 'node:child_process';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PATIENCE = 3000; // ms, and whoever waits longer hangs
const run = promisify(execFile);
const pause = (time) => new Promise((done) => { setTimeout(done, time); });

// Workers that listen, and where.
async function start(count, task = '') {
  cluster.setupPrimary({ args: [task], silent: true });
  const workers = Array.from({ length: count }, () => cluster.fork());
  const ports = await Promise.all(workers.map((worker) => new Promise((done) => {
    const found = [];
    worker.on('listening', ({ port }) => { found.push(port); if (found.length === (task ? 2 : 1)) done(found.sort()); });
  })));
  return { workers, ports, port: ports[0][0] };
}

// A request on a connection of its own: its status, or what became of it.
function ask(port, path = '/') {
  return new Promise((done) => {
    const request = get({ port, path, host: '127.0.0.1', agent: false }, (answer) => {
      let text = '';
      answer.on('data', (data) => { text += data; });
      answer.on('end', () => done({ said: `${answer.statusCode}`, text }));
      answer.on('error', () => done({ said: 'broken' }));
    });
    request.on('error', ({ code }) => done({ said: code === 'ECONNREFUSED' ? 'refused' : 'broken' }));
    setTimeout(() => { done({ said: 'hangs' }); request.destroy(); }, PATIENCE).unref();
  });
}

const exited = (worker) => new Promise((done) => {
  worker.on('exit', (code, signal) => done(`${signal ?? code}, ${worker.exitedAfterDisconnect ? 'expected' : 'not expected'}`));
});
const counts = (answers) => {
  const said = answers.map((answer) => answer.said);
  return ['200', 'broken', 'hangs', 'refused'].filter((one) => said.includes(one))
    .map((one) => `${said.filter((other) => other === one).length} × ${one}`).join(', ');
};

function rows() {
  return {
    async 'events of a life'() {
      const events = [];
      for (const name of ['fork', 'online', 'listening', 'disconnect', 'exit']) cluster.on(name, () => events.push(name));
      const { workers: [worker] } = await start(1);
      const over = exited(worker);
      worker.disconnect();
      await over;
      for (const name of ['fork', 'online', 'listening', 'disconnect', 'exit']) cluster.removeAllListeners(name);
      return events.join(' ');
    },
    async 'numbers are never used twice'() {
      const { workers } = await start(2);
      const first = workers[0].id;
      const over = exited(workers[1]);
      workers[1].process.kill('SIGKILL');
      await over;
      const { workers: [next] } = await start(1);
      return `${workers.map(({ id }) => id - first + 1).join(' ')}, then ${next.id - first + 1}`;
    },
    async 'port 0 twice in two workers'() {
      const { ports } = await start(2, 'two ports');
      return `${new Set(ports.flat()).size} ports, ${ports[0].join() === ports[1].join() ? 'the same' : 'others'} in both`;
    },
    async 'thirty connections to three workers'() {
      const { port } = await start(3);
      const shares = {};
      for (let number = 0; number < 30; number += 1) {
        const { text } = await ask(port);
        shares[text] = (shares[text] ?? 0) + 1;
      }
      return Object.values(shares).join(' ');
    },
    async 'told to leave with a request in flight'() {
      const { workers: [worker], port } = await start(1);
      const over = exited(worker);
      const answer = ask(port, '/slow');
      await once(worker, 'message');
      worker.disconnect();
      return `${(await answer).said}, then ${await over}`;
    },
    async 'SIGTERM with a request in flight'() {
      const { workers: [worker], port } = await start(1);
      const over = exited(worker);
      const answer = ask(port, '/slow');
      await once(worker, 'message');
      worker.process.kill('SIGTERM');
      return `${(await answer).said}, then ${await over}`;
    },
    async 'a bug in a handler'() {
      const { workers: [worker], port } = await start(1);
      const over = Promise.race([exited(worker), pause(PATIENCE).then(() => 'it lives')]);
      const { said } = await ask(port, '/throw');
      return `${said}, then ${await over}`;
    },
    async 'SIGKILL while nothing is asked'() {
      const { workers: [worker], port } = await start(1);
      const over = exited(worker);
      worker.process.kill('SIGKILL');
      return `${await over}; the next client: ${(await ask(port)).said}`;
    },
    async 'eight connections and one of two stopped'() {
      const { workers, port } = await start(2);
      workers[0].process.kill('SIGSTOP');
      return counts(await Promise.all(Array.from({ length: 8 }, () => ask(port))));
    },
    async 'the stopped one is killed then'() {
      const { workers, port } = await start(2);
      workers[0].process.kill('SIGSTOP');
      const answers = Promise.all(Array.from({ length: 8 }, () => ask(port)));
      await pause(200);
      workers[0].process.kill('SIGKILL');
      return counts(await answers);
    },
  };
}

if (cluster.isWorker) {
  const answer = (request, response) => {
    if (request.url === '/throw') throw new Error('a bug');
    const end = () => response.end(`${cluster.worker.id} ${process.pid}`);
    if (request.url === '/slow') { process.send('asked'); setTimeout(end, 400); }
    else end();
  };
  createServer(answer).listen(0, '127.0.0.1');
  if (process.argv[2] === 'two ports') createServer(answer).listen(0, '127.0.0.1');
} else if (process.argv[2]) {
  console.log(await rows()[process.argv[2]]());
  for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGKILL');
  process.exit(0);
} else {
  // Each row by a process of its own, side by side: the most of each is to wait.
  const play = async (name) => [name, (await run(process.execPath, [fileURLToPath(import.meta.url), name])).stdout.trim()];
  console.log(JSON.stringify(Object.fromEntries(await Promise.all(Object.keys(rows()).map(play)))));
}
