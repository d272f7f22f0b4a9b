// Every message makes one broadcast of 1 KiB to all, as one writes it with Node's `ws`: a set of clients and a loop.
import { WebSocketServer } from 'ws';

const payload = Buffer.alloc(1024, 'x');
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', backlog: 4096 });
server.on('connection', (socket) => socket.on('message', () => {
  for (const client of server.clients) client.send(payload, { binary: true });
}));
server.on('listening', () => console.log(`listening on 127.0.0.1:${server.address().port}`));
