// setTimeout(): once for each silence, armed again by what moves.
import { later, say, serve, stretch, watch, word } from './twin.mjs';

const quiet = (then) => serve((socket) => { socket.on('error', () => {}); socket.resume(); }, (connect) => {
  const client = connect();
  watch('client', client);
  client.resume();
  then(client);
});

export default {
  'one silence is told once'() {
    quiet((client) => { client.setTimeout(20 * stretch); later(120, () => { say('end'); client.end(); }); });
  },
  'switched off by zero'() {
    quiet((client) => { client.setTimeout(20 * stretch); client.setTimeout(0); later(80, () => client.end()); });
  },
  'switched off by nothing'() {
    // Node has no other word for it than zero.
    quiet((client) => { client.setTimeout(20 * stretch); client.setTimeout(0); later(80, () => client.end()); });
  },
  'zero from the start'() {
    quiet((client) => { client.setTimeout(0); later(30, () => client.end()); });
  },
  'set twice is one timeout'() {
    quiet((client) => { client.setTimeout(20 * stretch); client.setTimeout(40 * stretch); later(150, () => client.end()); });
  },
  'set twice, the second counts'() {
    quiet((client) => {
      client.setTimeout(20 * stretch);
      client.setTimeout(80 * stretch);
      later(50, word('not-yet'));
      later(160, () => client.end());
    });
  },
  'a write arms it again'() {
    quiet((client) => {
      client.setTimeout(30 * stretch);
      later(100, () => { say('write'); client.write('x'); });
      later(200, () => client.end());
    });
  },
  'set again in its own listener'() {
    quiet((client) => {
      client.setTimeout(20 * stretch);
      client.once('timeout', () => client.setTimeout(20 * stretch));
      later(120, () => client.end());
    });
  },
  'switched off in its own listener'() {
    quiet((client) => {
      client.setTimeout(20 * stretch);
      client.once('timeout', () => { client.setTimeout(0); client.write('x'); });
      later(100, () => client.end());
    });
  },
  'writes put it off'() {
    quiet((client) => {
      client.setTimeout(80 * stretch);
      for (const at of [30, 60, 90, 120]) later(at, () => client.write('x'));
      later(140, word('not-yet'));
      later(290, () => client.end());
    });
  },
  'bytes that come put it off'() {
    serve((socket) => {
      for (const at of [30, 60, 90, 120]) later(at, () => socket.write('x'));
      later(290, () => socket.end());
    }, (connect) => {
      const client = connect();
      watch('client', client);
      client.setTimeout(80 * stretch);
      later(140, word('not-yet'));
      client.resume();
    });
  },
  'the connection stays open'() {
    quiet((client) => {
      client.setTimeout(20 * stretch);
      client.on('timeout', () => { say(client.write('x')); client.setTimeout(0); });
      later(60, () => { say('end'); client.end(); });
    });
  },
  'destroy takes it back'() {
    quiet((client) => { client.setTimeout(20 * stretch); client.on('connect', () => client.destroy()); later(60, word('later')); });
  },
  'it does not hold the loop'() {
    serve((socket) => { socket.setTimeout(60_000); socket.end(); socket.resume(); }, (connect) => {
      const client = connect();
      client.setTimeout(60_000);
      watch('client', client);
      client.resume();
    });
  },
  'on the server\'s side'() {
    serve((socket) => {
      watch('server', socket);
      socket.setTimeout(20 * stretch);
      socket.on('timeout', () => socket.end());
      socket.resume();
    }, (connect) => connect().resume());
  },
  'the longest never comes'() {
    quiet((client) => { client.setTimeout(2147483647); later(20, () => client.end()); });
  },
  'one millisecond'() {
    quiet((client) => { client.once('connect', () => client.setTimeout(stretch)); later(60, () => client.end()); });
  },
  'less than one millisecond'() {
    quiet((client) => { client.once('connect', () => client.setTimeout(0.000001)); later(60, () => client.end()); });
  },
  'bytes that come while paused put it off'() {
    serve((socket) => {
      for (const at of [30, 60, 90, 120]) later(at, () => socket.write('x'));
      later(290, () => socket.end());
    }, (connect) => {
      const client = connect();
      watch('client', client);
      client.setTimeout(80 * stretch);
      client.once('data', () => client.pause());
      later(140, word('not-yet'));
      later(300, () => client.resume());
    });
  },
  'a write that does not move does not put it off'() {
    serve((socket) => { socket.pause(); later(120, () => socket.destroy()); }, (connect) => {
      const client = connect();
      watch('client', client, 'connect timeout drain close');
      client.on('error', () => {});
      client.on('connect', () => { client.setTimeout(50 * stretch); client.write(Buffer.alloc(10_000_000)); });
      client.resume();
    });
  },
};
