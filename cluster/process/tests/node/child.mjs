// Node is the child: it echoes, answers on the connections that it is given, and gives a listener.
import net from 'node:net';

let connections = 0;
process.on('message', (message, handle) => {
  if (message === 'listen') {
    const server = net.createServer((socket) => socket.end('from a server of the child'));
    server.listen(0, '127.0.0.1', () => process.send(server.address().port, server));
  } else if (handle instanceof net.Socket) {
    connections += 1;
    handle.end('from the child');
    process.send({ kind: 'net.Socket', connections });
  } else if (handle instanceof net.Server) {
    handle.on('connection', (socket) => socket.end('from the child'));
    process.send({ kind: 'net.Server' });
  } else if (handle) {
    process.send({ kind: handle.type });
    handle.close();
  } else {
    process.send(message);
  }
});
process.on('disconnect', () => process.exit(connections === 100 ? 0 : 1));
