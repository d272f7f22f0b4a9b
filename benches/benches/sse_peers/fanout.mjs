// One event to many subscribers, as one writes it in Node: a set of responses and a loop.
import { createServer } from 'node:http';

const [subscribers, every] = process.argv.slice(2).map(Number);
const clients = new Set();
let number = 0;
const server = createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.flushHeaders();
  clients.add(response);
  response.on('close', () => clients.delete(response));
  if (clients.size === subscribers) {
    setInterval(() => {
      const event = `id: ${(number += 1)}\ndata: ${'x'.repeat(99)}~\n\n`;
      for (const client of clients) client.write(event);
    }, every);
  }
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => console.log(`listening on 127.0.0.1:${server.address().port}`));
