// pause() and resume(), and back-pressure both ways.
import { count, later, lengths, say, serve, watch, word } from './twin.mjs';

export default {
  'without a listener for data the bytes wait'() {
    serve((socket) => socket.end('hello'), (connect) => {
      const client = connect();
      watch('client', client);
      later(30, () => { say('listen'); lengths(client); });
    });
  },
  'without a listener for data an empty stream ends'() {
    serve((socket) => socket.end(), (connect) => watch('client', connect()));
  },
  'resumed without a listener the bytes are lost'() {
    serve((socket) => { socket.write('hello'); later(90, () => socket.end('world')); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.resume();
      later(50, () => { say('listen'); lengths(client); });
    });
  },
  'paused in data and resumed later'() {
    serve((socket) => { socket.write('one'); later(20, () => socket.end('four')); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.on('data', (data) => {
        say(data.length);
        client.pause();
        later(60, () => { say('resume'); client.resume(); });
      });
    });
  },
  'paused before connect nothing is read'() {
    serve((socket) => socket.end(), (connect) => {
      const client = connect();
      watch('client', client);
      client.pause();
      later(40, () => { say('resume'); client.resume(); });
    });
  },
  'paused in connect nothing is read'() {
    serve((socket) => socket.end('hello'), (connect) => {
      const client = connect();
      watch('client', client);
      lengths(client);
      client.on('connect', () => client.pause());
      later(40, () => { say('resume'); client.resume(); });
    });
  },
  'paused with nothing waiting the end still comes'() {
    serve((socket) => { socket.write('x'); later(30, () => socket.end()); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.on('data', (data) => { say(data.length); client.pause(); });
    });
  },
  'paused with bytes waiting the end waits behind them'() {
    serve((socket) => { socket.write('x'); later(30, () => socket.end('rest')); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.on('data', (data) => { say(data.length); client.pause(); });
      later(80, () => { say('resume'); client.resume(); });
    });
  },
  'a listener for data does not undo pause'() {
    serve((socket) => socket.end('hello'), (connect) => {
      const client = connect();
      watch('client', client);
      client.pause();
      lengths(client);
      later(40, () => { say('resume'); client.resume(); });
    });
  },
  'resumed and paused at once stays paused'() {
    serve((socket) => socket.end('hello'), (connect) => {
      const client = connect();
      watch('client', client);
      lengths(client);
      client.on('connect', () => { client.resume(); client.pause(); say(client.isPaused()); });
      later(40, () => { say('resume'); client.resume(); say(client.isPaused()); });
    });
  },
  'is paused'() {
    serve((socket) => socket.end(), (connect) => {
      const client = connect();
      say(client.isPaused());
      client.pause();
      say(client.isPaused());
      client.resume();
      say(client.isPaused());
    });
  },
  'resume takes effect at a tick'() {
    serve((socket) => socket.end('hello'), (connect) => {
      const client = connect();
      lengths(client);
      client.pause();
      client.on('connect', () => { client.resume(); client.pause(); });
      later(40, () => {
        process.nextTick(word('before'));
        client.resume();
        process.nextTick(word('after'));
        queueMicrotask(word('microtask'));
        say('main');
      });
    });
  },
  'once is served and the rest is lost'() {
    serve((socket) => { socket.write('one'); later(30, () => socket.end('three')); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.once('data', (data) => say(data.length));
    });
  },
  'a paused reader holds the writer back'() {
    serve((socket) => {
      socket.pause();
      later(60, () => { say('resume'); count('server', socket); socket.resume(); });
    }, (connect) => {
      const client = connect();
      watch('client', client, 'drain close');
      client.on('connect', () => { say(client.write(Buffer.alloc(10_000_000))); });
      client.on('drain', () => client.end());
      client.resume();
    });
  },
  'a reader without a listener holds the writer back'() {
    serve((socket) => {
      later(60, () => { say('listen'); count('server', socket); });
    }, (connect) => {
      const client = connect();
      watch('client', client, 'drain close');
      client.on('connect', () => { say(client.write(Buffer.alloc(10_000_000))); });
      client.on('drain', () => client.end());
      client.resume();
    });
  },
  'a small write needs no drain'() {
    serve((socket) => socket.resume(), (connect) => {
      const client = connect();
      watch('client', client);
      client.on('connect', () => { say(client.write(Buffer.alloc(client.writableHighWaterMark - 1))); later(20, () => client.end()); });
      client.resume();
    });
  },
  'a write that the kernel does not take whole asks for one drain'() {
    serve((socket) => socket.resume(), (connect) => {
      const client = connect();
      watch('client', client);
      client.on('connect', () => {
        say(client.write(Buffer.alloc(10_000_000)));
        process.nextTick(word('tick'));
        queueMicrotask(word('microtask'));
      });
      client.on('drain', () => client.end());
      client.resume();
    });
  },
  'what the kernel took does not count'() {
    serve((socket) => socket.resume(), (connect) => {
      const client = connect();
      watch('client', client);
      client.on('connect', () => {
        say(client.write(Buffer.alloc(client.writableHighWaterMark)));
        say(client.write('x'));
        later(20, () => client.end());
      });
      client.resume();
    });
  },
  'what waits for the connection counts'() {
    serve((socket) => socket.resume(), (connect) => {
      const client = connect();
      watch('client', client);
      say(client.write(Buffer.alloc(client.writableHighWaterMark - 1)));
      say(client.write('x'));
      later(30, () => client.end());
      client.resume();
    });
  },
  'after end no drain'() {
    serve((socket) => { count('server', socket); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.on('connect', () => { say(client.write(Buffer.alloc(10_000_000))); client.end(); });
      client.resume();
    });
  },
  'a producer that minds drain'() {
    serve((socket) => { count('server', socket); }, (connect) => {
      const client = connect();
      let left = 3;
      const more = () => {
        if (left-- === 0) return client.end();
        say(client.write(Buffer.alloc(10_000_000)));
      };
      client.on('connect', more);
      client.on('drain', more);
      client.resume();
    });
  },
  'drain, then a small write and the end'() {
    serve((socket) => { later(30, () => { count('server', socket); }); }, (connect) => {
      const client = connect();
      watch('client', client);
      client.on('connect', () => { say(client.write(Buffer.alloc(10_000_000))); });
      client.on('drain', () => { say(client.write('small')); client.end(); });
      client.resume();
    });
  },
};
