// Servers: listening, connection, close, error.
import net from 'node:net';
import { count, kind, later, say, serve, watch, word } from './twin.mjs';

const listen = (server, then) => server.listen(0, '127.0.0.1', then);
const connectTo = (server) => net.connect(server.address().port, '127.0.0.1');

export default {
  'listening comes later'() {
    const server = net.createServer();
    watch('server', server);
    server.listen(0);
    process.nextTick(word('tick'));
    queueMicrotask(word('microtask'));
    server.on('listening', () => server.close());
    say('main');
  },
  'closed before listening'() {
    const server = net.createServer();
    watch('server', server);
    server.listen(0);
    server.close();
    say('main');
  },
  'closed in listening'() {
    const server = net.createServer();
    watch('server', server);
    server.listen(0);
    server.on('listening', () => { server.close(); process.nextTick(word('tick')); say('main'); });
  },
  'closed twice'() {
    const server = net.createServer();
    watch('server', server);
    server.listen(0, () => { server.close(); server.close(); });
  },
  'closed in close'() {
    const server = net.createServer();
    watch('server', server);
    server.listen(0, () => server.close());
    server.once('close', () => server.close());
  },
  'closed and never listened'() {
    const server = net.createServer();
    watch('server', server);
    server.close();
    say('main');
  },
  'listen twice'() {
    const server = net.createServer();
    watch('server', server);
    server.listen(0);
    try {
      server.listen(0);
    } catch (error) {
      say(kind(error));
    }
    server.on('listening', () => server.close());
  },
  'the address is in use'() {
    const one = net.createServer();
    listen(one, () => {
      const two = net.createServer();
      watch('two', two);
      two.on('error', () => one.close());
      two.listen(one.address().port, '127.0.0.1');
    });
  },
  'listen again after close'() {
    const server = net.createServer();
    watch('server', server);
    server.listen(0);
    server.once('listening', () => server.close());
    server.once('close', () => { server.listen(0); server.once('listening', () => server.close()); });
  },
  'listening is asked'() {
    const server = net.createServer();
    say(server.listening);
    server.listen(0, () => { say(server.listening); server.close(); say(server.listening); });
    say(server.listening);
  },
  'connection comes before connect'() {
    const server = net.createServer((socket) => { socket.end(); socket.resume(); server.close(); });
    watch('server', server);
    listen(server, () => {
      const client = connectTo(server);
      client.on('connect', word('client:connect'));
      client.resume();
    });
  },
  'connection, and the queues'() {
    const server = net.createServer((socket) => {
      say('connection');
      process.nextTick(word('tick'));
      queueMicrotask(word('microtask'));
      socket.on('data', () => {
        say('data');
        queueMicrotask(word('data-microtask'));
        process.nextTick(word('data-tick'));
      });
      socket.on('end', word('end'));
      server.close();
    });
    listen(server, () => { const client = connectTo(server); client.end('x'); client.resume(); });
  },
  'close waits for the connections'() {
    const server = net.createServer((socket) => {
      watch('socket', socket);
      server.close();
      socket.resume();
    });
    watch('server', server);
    listen(server, () => {
      const client = connectTo(server);
      client.resume();
      later(30, () => { say('end'); client.end(); });
    });
  },
  'close comes when the last connection is destroyed'() {
    const server = net.createServer((socket) => {
      watch('socket', socket);
      server.close();
      later(20, () => { say('destroy'); socket.destroy(); process.nextTick(word('tick')); });
    });
    watch('server', server, 'close');
    listen(server, () => connectTo(server).resume());
  },
  'close, and two connections'() {
    const sockets = [];
    const server = net.createServer((socket) => {
      sockets.push(socket);
      watch(`socket${sockets.length}`, socket, 'close');
      if (sockets.length < 2) return;
      server.close();
      later(20, () => { say('first'); sockets[0].destroy(); });
      later(60, () => { say('second'); sockets[1].destroy(); });
    });
    watch('server', server, 'close');
    listen(server, () => { connectTo(server).resume(); connectTo(server).resume(); });
  },
  'close, and all connections destroyed at once'() {
    const sockets = [];
    const server = net.createServer((socket) => {
      sockets.push(socket);
      watch(`socket${sockets.length}`, socket, 'close');
      if (sockets.length < 3) return;
      server.close();
      later(20, () => { for (const each of sockets) each.destroy(); });
    });
    watch('server', server, 'close');
    listen(server, () => { for (let n = 0; n < 3; n++) connectTo(server).resume(); });
  },
  'destroyed in connection, then closed'() {
    const server = net.createServer((socket) => {
      watch('socket', socket);
      socket.destroy();
      server.close();
      say('main');
    });
    watch('server', server);
    listen(server, () => connectTo(server).resume());
  },
  'a connection after close is refused'() {
    const server = net.createServer();
    listen(server, () => {
      const { port } = server.address();
      server.close();
      const client = net.connect(port, '127.0.0.1');
      watch('client', client);
    });
    server.on('close', word('server:close'));
  },
  'without a listener for connection they stay open'() {
    const server = net.createServer();
    listen(server, () => {
      const client = connectTo(server);
      watch('client', client);
      later(30, () => { say('end'); client.end(); client.resume(); server.close(); });
    });
    server.on('close', word('server:close'));
  },
  'a socket\'s error is not the server\'s'() {
    const server = net.createServer((socket) => {
      watch('socket', socket);
      server.close();
      socket.destroy(new Error('mine'));
    });
    watch('server', server);
    listen(server, () => connectTo(server).resume());
  },
  'close holds nobody up'() {
    const server = net.createServer();
    watch('server', server, 'close');
    listen(server, () => { server.close(); later(20, word('later')); });
  },
  'half-open is asked of the server'() {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      watch('socket', socket);
      server.close();
      later(40, () => { say('end'); socket.end(); });
      socket.resume();
    });
    listen(server, () => { const client = connectTo(server); client.end(); client.resume(); });
  },
  'connections one after the other'() {
    let seen = 0;
    const server = net.createServer((socket) => {
      seen += 1;
      say(`connection${seen}`);
      process.nextTick(word('tick'));
      queueMicrotask(word('microtask'));
      count('bytes', socket);
      if (seen === 3) server.close();
    });
    watch('server', server, 'close');
    listen(server, () => {
      const last = connectTo(server);
      for (const client of [connectTo(server), connectTo(server)]) {
        client.end();
        client.resume();
      }
      later(40, () => { last.end(); last.resume(); });
    });
  },
};
