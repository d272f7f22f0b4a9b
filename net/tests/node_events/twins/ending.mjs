// end(), half-open both ways, and what may still be written.
import { count, later, say, serve, serveAWhile, watch, word } from './twin.mjs';

export default {
  'the client ends'() {
    serve((socket) => socket.resume(), (connect) => {
      const client = connect();
      watch('client', client);
      client.on('connect', () => client.end());
      client.resume();
    });
  },
  'the client ends, seen by the server'() {
    serve((socket) => { watch('server', socket); socket.resume(); }, (connect) => {
      const client = connect();
      client.on('connect', () => client.end());
      client.resume();
    });
  },
  'the server ends'() {
    serve((socket) => { socket.end(); socket.resume(); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.resume();
    });
  },
  'the server ends, seen by the server'() {
    serve((socket) => { watch('server', socket); socket.end(); socket.resume(); }, (connect) => connect().resume());
  },
  'both end at once'() {
    serve((socket) => { socket.end(); socket.resume(); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.end();
      client.resume();
    });
  },
  'twice'() {
    serve((socket) => { count('server', socket); socket.on('close', word('close')); }, (connect) => {
      const client = connect();
      client.on('connect', () => { client.write('once'); client.end(); client.end(); });
      client.resume();
    });
  },
  'written and ended while connecting'() {
    serve((socket) => { watch('server', socket); count('server', socket); }, (connect) => {
      const client = connect();
      say(client.write('hello'));
      client.end();
      client.resume();
    });
  },
  'bytes before the end all arrive'() {
    serve((socket) => { count('server', socket); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.on('connect', () => { say(client.write(Buffer.alloc(5_000_000))); client.end(); });
      client.resume();
    });
  },
  'a server that stays half-open answers late'() {
    serve((socket) => {
      watch('server', socket, 'end error');
      socket.on('end', () => later(20, () => { say('answer'); socket.write('late'); socket.end(); }));
      socket.resume();
    }, (connect) => {
      const client = connect();
      count('client', client);
      client.end();
    }, { allowHalfOpen: true });
  },
  'a server that stays half-open never ends by itself'() {
    serve((socket) => {
      watch('server', socket);
      socket.on('end', () => later(40, () => { say('still-open'); say(socket.write('x')); socket.destroy(); }));
      socket.resume();
    }, (connect) => {
      const client = connect();
      client.on('error', () => {});
      client.end();
      client.resume();
    }, { allowHalfOpen: true });
  },
  'a client that stays half-open goes on'() {
    serve((socket) => { count('server', socket); socket.end(); }, (connect) => {
      const client = connect({ allowHalfOpen: true });
      watch('client', client, 'connect end error');
      client.on('end', () => later(20, () => { say('goes-on'); client.write('late'); client.end(); }));
      client.resume();
    });
  },
  'half-open, and ended before the peer'() {
    serve((socket) => later(20, () => socket.end()), (connect) => {
      const client = connect({ allowHalfOpen: true });
      watch('client', client);
      client.end();
      client.resume();
    }, { allowHalfOpen: true });
  },
  'half-open is switched on in data'() {
    serve((socket) => { socket.write('x'); socket.end(); socket.resume(); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.on('data', () => { client.allowHalfOpen = true; });
      client.on('end', () => later(20, () => { say('still-open'); client.end(); }));
    });
  },
  'what is written in end still goes'() {
    serve((socket) => { socket.on('end', () => say(socket.write('last'))); socket.resume(); }, (connect) => {
      const client = connect();
      count('client', client);
      client.end();
    });
  },
  'written after end'() {
    serve((socket) => { socket.on('error', () => {}); socket.resume(); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.on('connect', () => { client.end(); say(client.write('late')); say('main'); });
      client.resume();
    });
  },
  'written after end, twice'() {
    serve((socket) => { socket.on('error', () => {}); socket.resume(); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.on('connect', () => { client.end(); say(client.write('late')); say(client.write('later')); });
      client.resume();
    });
  },
  'written after end, while connecting'() {
    serveAWhile((connect) => {
      const client = connect();
      watch('client', client);
      client.end();
      say(client.write('late'));
    });
  },
  'written after both have ended'() {
    serve((socket) => { socket.end(); socket.resume(); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.on('end', () => process.nextTick(() => process.nextTick(() => { say(client.write('late')); })));
      client.resume();
    });
  },
  'and the queues'() {
    serve((socket) => socket.end(), (connect) => {
      const client = connect();
      watch('client', client);
      client.on('connect', () => { process.nextTick(word('tick')); queueMicrotask(word('microtask')); });
      client.on('end', () => { queueMicrotask(word('end-microtask')); process.nextTick(word('end-tick')); });
      client.resume();
    });
  },
  'data, end and close are three callbacks'() {
    serve((socket) => socket.end('bytes'), (connect) => {
      const client = connect();
      for (const name of ['data', 'end', 'close']) {
        client.on(name, () => {
          say(name);
          queueMicrotask(word(`${name}-microtask`));
          process.nextTick(word(`${name}-tick`));
        });
      }
    });
  },
  'one side sends and the other ends'() {
    serve((socket) => { for (const text of ['one', 'two', 'three']) socket.write(text); socket.end(); }, (connect) => {
      const client = connect();
      client.end();
      count('client', client);
      watch('client', client);
    });
  },
};
