// destroy() in every state: nothing follows but an error that was given, and one close.
import { count, later, nobody, say, serve, serveAWhile, stretch, watch, word } from './twin.mjs';

export default {
  'before connecting'() {
    nobody((connect) => {
      const client = connect();
      watch('client', client);
      client.destroy();
    });
  },
  'twice'() {
    nobody((connect) => {
      const client = connect();
      watch('client', client);
      client.destroy();
      client.destroy();
    });
  },
  'while connecting'() {
    serveAWhile((connect) => {
      const client = connect();
      watch('client', client);
      process.nextTick(() => client.destroy());
    });
  },
  'while connecting to nobody, with nobody listening to error'() {
    nobody((connect) => {
      const client = connect();
      watch('client', client, 'connect close');
      process.nextTick(() => client.destroy());
      later(20, word('later'));
    });
  },
  'while connecting, with bytes waiting'() {
    nobody((connect) => {
      const client = connect();
      watch('client', client);
      say(client.write('lost'));
      client.end();
      client.destroy();
    });
  },
  'in connect'() {
    serve((socket) => socket.on('error', () => {}).resume(), (connect) => {
      const client = connect();
      watch('client', client);
      client.on('connect', () => client.destroy());
    });
  },
  'in connect, seen by the server'() {
    serve((socket) => { watch('server', socket); socket.resume(); }, (connect) => {
      const client = connect();
      client.on('connect', () => client.destroy());
    });
  },
  'in connection'() {
    serve((socket) => { watch('server', socket); socket.destroy(); }, (connect) => {
      connect().resume();
    });
  },
  'in connection, seen by the client'() {
    serve((socket) => socket.destroy(), (connect) => {
      const client = connect();
      watch('client', client);
      client.resume();
    });
  },
  'in the first data'() {
    serve((socket) => { socket.on('error', () => {}); socket.write(Buffer.alloc(3_000_000)); }, (connect) => {
      const client = connect();
      watch('client', client, 'connect data end error close');
      client.on('data', () => client.destroy());
    });
  },
  'in the first data, with more that waited'() {
    serve((socket) => { socket.on('error', () => {}); socket.write('one'); later(20, () => socket.end('two')); }, (connect) => {
      const client = connect();
      client.pause();
      client.on('connect', () => { client.resume(); client.pause(); });
      later(60, () => {
        watch('client', client, 'data end error close');
        client.on('data', () => client.pause());
        client.resume();
        client.once('data', () => later(5, () => { say('again'); client.destroy(); client.resume(); }));
      });
    });
  },
  'in end'() {
    serve((socket) => socket.end(), (connect) => {
      const client = connect();
      watch('client', client);
      client.on('end', () => client.destroy());
      client.resume();
    });
  },
  'after end'() {
    serve((socket) => { socket.on('error', () => {}); socket.end(); socket.resume(); }, (connect) => {
      const client = connect({ allowHalfOpen: true });
      watch('client', client);
      client.on('end', () => later(10, () => { say('now'); client.destroy(); }));
      client.resume();
    });
  },
  'after one\'s own end'() {
    serve((socket) => { socket.on('error', () => {}); socket.resume(); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.on('connect', () => { client.end(); client.destroy(); });
    });
  },
  'in error'() {
    nobody((connect) => {
      const client = connect();
      client.on('error', () => { say('destroy'); client.destroy(); });
      watch('client', client);
    });
  },
  'in close'() {
    nobody((connect) => {
      const client = connect();
      watch('client', client);
      client.on('close', () => client.destroy());
      client.destroy();
    });
  },
  'in drain'() {
    serve((socket) => { socket.on('error', () => {}); socket.resume(); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.on('connect', () => client.write(Buffer.alloc(10_000_000)));
      client.on('drain', () => client.destroy());
    });
  },
  'in timeout'() {
    serve((socket) => { socket.on('error', () => {}); socket.resume(); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.setTimeout(20 * stretch);
      client.on('timeout', () => client.destroy());
    });
  },
  'before drain'() {
    serve((socket) => { socket.on('error', () => {}); socket.resume(); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.on('connect', () => { say(client.write(Buffer.alloc(10_000_000))); client.destroy(); });
    });
  },
  'with an error'() {
    serve((socket) => { socket.on('error', () => {}); socket.resume(); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.on('connect', () => client.destroy(new Error('mine')));
    });
  },
  'with an error, before connecting'() {
    nobody((connect) => {
      const client = connect();
      watch('client', client);
      client.destroy(new Error('mine'));
    });
  },
  'with two errors'() {
    nobody((connect) => {
      const client = connect();
      watch('client', client);
      client.destroy(new Error('first'));
      client.destroy(new Error('second'));
    });
  },
  'first without an error, then with one'() {
    nobody((connect) => {
      const client = connect();
      watch('client', client);
      client.destroy();
      client.destroy(new Error('mine'));
    });
  },
  'with an error in error'() {
    nobody((connect) => {
      const client = connect();
      watch('client', client);
      client.on('error', () => client.destroy(new Error('second')));
    });
  },
  'then write and end'() {
    serve((socket) => { socket.on('error', () => {}); socket.resume(); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.on('connect', () => { client.destroy(); say(client.write('lost')); client.end(); });
    });
  },
  'then pause, resume and a timeout'() {
    serve((socket) => { socket.on('error', () => {}); socket.resume(); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.on('connect', () => {
        client.destroy();
        client.setTimeout(1);
        client.pause();
        client.resume();
        later(20, word('later'));
      });
    });
  },
  'and the queues'() {
    nobody((connect) => {
      const client = connect();
      watch('client', client);
      setImmediate(word('immediate'));
      queueMicrotask(word('microtask'));
      process.nextTick(word('tick'));
      client.destroy();
      say('main');
    });
  },
  'with an error, and the queues'() {
    nobody((connect) => {
      const client = connect();
      watch('client', client);
      client.on('error', () => process.nextTick(word('inner-tick')));
      setImmediate(word('immediate'));
      queueMicrotask(word('microtask'));
      process.nextTick(word('before'));
      client.destroy(new Error('mine'));
      process.nextTick(word('after'));
      say('main');
    });
  },
  'two in one callback'() {
    nobody((connect) => {
      const [one, two, three] = ['one', 'two', 'three'].map((name) => {
        const socket = connect();
        watch(name, socket, 'connect end drain timeout close');
        socket.on('error', () => {});
        return socket;
      });
      one.on('close', () => three.destroy());
      process.nextTick(() => { one.destroy(); two.destroy(); });
    });
  },
  'with bytes on their way'() {
    serve((socket) => { watch('server', socket); count('server', socket); }, (connect) => {
      const client = connect();
      client.on('connect', () => { client.write('sent'); client.destroy(); });
    });
  },
  'in data, and the other listener is still called'() {
    serve((socket) => { socket.on('error', () => {}); socket.write('x'); }, (connect) => {
      const client = connect();
      client.on('data', () => { say('one'); client.destroy(); });
      client.on('data', word('two'));
      watch('client', client);
    });
  },
  'in close, with an error, a write and an end'() {
    nobody((connect) => {
      const client = connect();
      watch('client', client);
      client.on('close', () => { client.destroy(new Error('late')); say(client.write('x')); client.end(); });
      client.destroy();
    });
  },
  'in resumed bytes of several chunks'() {
    serve((socket) => {
      socket.on('error', () => {});
      socket.write('one');
      later(20, () => socket.write('two'));
    }, (connect) => {
      const client = connect();
      client.on('connect', () => { client.resume(); later(5, () => client.pause()); });
      watch('client', client);
      client.once('data', () => client.pause());
      later(60, () => { say('resume'); client.on('data', () => { say('data'); client.destroy(); }); client.resume(); });
    });
  },
};
