// Node's contestant of the bench `cluster`. Arguments: policy (round_robin or shared), what (sink, long or http), workers.
import cluster from 'node:cluster';
import http from 'node:http';
import net from 'node:net';

const [policy, what, count] = process.argv.slice(2);

if (cluster.isWorker) {
  const sink = net.createServer((socket) => {
    socket.on('error', () => {});
    const said = `${cluster.worker.id}\n`;
    if (what === 'sink') socket.end(said);
    else socket.write(said);
  });
  const server = what === 'http' ? http.createServer((request, response) => response.end('hello')) : sink;
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 });
} else {
  cluster.schedulingPolicy = policy === 'shared' ? cluster.SCHED_NONE : cluster.SCHED_RR;
  let ready = 0;
  const fork = () => {
    const worker = cluster.fork();
    worker.on('listening', ({ port }) => {
      ready += 1;
      console.log(`worker ${worker.process.pid}`);
      if (ready === Number(count)) console.log(`listening on 127.0.0.1:${port}`);
    });
    // Who dies is replaced: Node leaves that to the program.
    worker.on('exit', fork);
  };
  for (let number = 0; number < Number(count); number += 1) fork();
}
