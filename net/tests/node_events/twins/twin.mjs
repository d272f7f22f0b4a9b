// What every twin uses. A word is said on standard output; the list of words is what is compared.
import net from 'node:net';

export const say = (word) => process.stdout.write(word + ' ');
export const word = (text) => () => say(text);
/** What a program calls a millisecond lasts longer, so that a busy machine keeps the order of the timers. */
export const stretch = 3;
export const later = (milliseconds, callback) => setTimeout(callback, milliseconds * stretch);

const kinds = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'ended',
  ERR_STREAM_WRITE_AFTER_END: 'ended',
  EADDRINUSE: 'in-use',
  ERR_SERVER_ALREADY_LISTEN: 'already-listening',
};

/** An error's word: its kind, or its message if the program made it. */
export const kind = (error) => kinds[error.code] ?? error.message;

/** Says every event of an emitter, by its own name in front: `client:connect`. Listening to `data` is not watching. */
export function watch(who, emitter, events = 'listening connection connect end drain timeout error close') {
  for (const name of events.split(' ')) {
    emitter.on(name, (value) => say(name === 'error' ? `${who}:error(${kind(value)})` : `${who}:${name}`));
  }
}

/** Says how many bytes came in all, when they have ended. */
export function count(who, socket) {
  let bytes = 0;
  socket.on('data', (data) => { bytes += data.length; });
  socket.on('end', () => say(`${who}:${bytes}`));
}

/** Says how long every chunk is. */
export const lengths = (socket) => socket.on('data', (data) => say(data.length));

/**
 * A server that closes at its first connection, so that the program ends by itself. `onListening` is given a function
 * that connects to it.
 */
export function serve(onConnection, onListening, options = {}) {
  const server = net.createServer(options, (socket) => {
    server.close();
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    onListening((more = {}) => net.connect({ port, host: '127.0.0.1', ...more }));
  });
}

/** A server that swallows what comes, and closes after a while even if nobody came. */
export function serveAWhile(onListening) {
  const server = net.createServer((socket) => socket.on('error', () => {}).resume());
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    onListening(() => net.connect({ port, host: '127.0.0.1' }));
    later(50, () => server.close());
  });
}

/** A port at which nobody listens. */
export function nobody(then) {
  const server = net.createServer();
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => then(() => net.connect({ port, host: '127.0.0.1' })));
  });
}
