// The rule of errors: error before close, once each, and an error that nobody hears ends the program.
import net from 'node:net';
import { later, nobody, say, serve, watch, word } from './twin.mjs';

export default {
  'refused'() {
    nobody((connect) => watch('client', connect()));
  },
  'refused, and the queues'() {
    nobody((connect) => {
      const client = connect();
      watch('client', client);
      client.on('error', () => {
        process.nextTick(word('tick'));
        queueMicrotask(word('microtask'));
        setImmediate(word('immediate'));
      });
    });
  },
  'refused with bytes waiting'() {
    nobody((connect) => {
      const client = connect();
      watch('client', client);
      say(client.write(Buffer.alloc(client.writableHighWaterMark)));
      client.end();
    });
  },
  'written in error'() {
    nobody((connect) => {
      const client = connect();
      watch('client', client);
      client.on('error', () => { say(client.write('x')); client.end(); });
    });
  },
  'two listeners both hear'() {
    nobody((connect) => {
      const client = connect();
      client.on('error', word('one'));
      client.on('error', word('two'));
      client.on('close', word('close'));
    });
  },
  'unheard'() {
    process.on('uncaughtException', () => { say('uncaught'); process.exit(); });
    nobody((connect) => watch('client', connect(), 'connect close'));
  },
  'unheard, given to destroy'() {
    process.on('uncaughtException', () => { say('uncaught'); process.exit(); });
    nobody((connect) => {
      const client = connect();
      watch('client', client, 'connect close');
      client.destroy(new Error('mine'));
      say('main');
    });
  },
  'heard by once'() {
    nobody((connect) => {
      const client = connect();
      client.once('error', word('heard'));
      client.on('close', word('close'));
    });
  },
  'a listener added before the tick hears'() {
    nobody((connect) => {
      const client = connect();
      client.destroy(new Error('mine'));
      watch('client', client);
    });
  },
  'in one socket, the other goes on'() {
    nobody((refused) => {
      serve((socket) => later(30, () => socket.end()), (connect) => {
        watch('one', refused());
        const two = connect();
        watch('two', two, 'end close');
        two.resume();
      });
    });
  },
  'a port that cannot be'() {
    try {
      watch('client', net.connect({ port: 99999, host: '127.0.0.1' }));
    } catch {
      say('thrown');
    }
  },
  'the connection is closed when error is heard'() {
    serve((socket) => { socket.on('error', () => {}); socket.resume(); }, (connect) => {
      const client = connect();
      client.on('connect', () => client.destroy(new Error('mine')));
      client.on('error', () => { say(client.destroyed); say(client.write('x')); });
      client.on('close', word('close'));
    });
  },
  'a reset'() {
    serve((socket) => { watch('server', socket); socket.write('x'); }, (connect) => {
      const client = connect();
      client.pause();
      // What is unread when a connection is closed is answered by a reset.
      later(30, () => client.destroy());
    });
  },
  'written to a peer that is gone'() {
    serve((socket) => socket.destroy(), (connect) => {
      const client = connect({ allowHalfOpen: true });
      watch('client', client);
      later(20, () => say(client.write('one')));
      later(60, () => say(client.write('two')));
      later(100, () => say(client.write('three')));
    });
  },
  'unheard, of a socket of a server'() {
    process.on('uncaughtException', () => { say('uncaught'); process.exit(); });
    serve((socket) => { watch('server', socket, 'end close'); socket.destroy(new Error('mine')); }, (connect) => {
      connect().on('error', () => {}).resume();
    });
  },
  'a connection that nobody accepted'() {
    let clients = [];
    serve((socket) => { socket.on('error', () => {}); socket.resume(); later(60, () => socket.destroy()); }, (connect) => {
      clients = [connect(), connect()];
      clients[0].resume();
      watch('second', clients[1], 'end error close');
      clients[1].resume();
    });
  },
};
