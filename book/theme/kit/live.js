// The way to the server, and the one place that knows the transport: one WebSocket carries all widgets of a page.
// Whether the server is there is known within three seconds, both ways: it is asked for a sign of life all the time.
import { hex } from './dom.js';

// Thrown where there is no server, or it does not answer.
export class Away extends Error {}

const BEAT = 600; // ms between two signs of life, and between two attempts to connect
const PATIENCE = 1800; // ms that an answer to one may take
const REFUSED = 10_000; // ms until a host that serves the pages and opens no socket is asked again

// A name that nobody can guess.
export const secret = () => [...crypto.getRandomValues(new Uint8Array(16))].map(hex).join('');

// With it the page can ask what went over its socket: nobody else knows it.
export const key = secret();

const address = new URL(`../../live/socket?${key}`, import.meta.url);
const waiting = new Map(); // id → [resolve, reject]
const watchers = new Set();
let socket = null;
let last = 0;
let silence; // the timer of a sign of life that has not come
let wake = () => {};

// Calls back whenever the server has come or gone, and at once if it is there.
export function watch(watcher) {
  watchers.add(watcher);
  if (socket) watcher(true);
}

// Asks for an operation's answer. A refused request throws an Error with the server's sentence. What stands in `own` is
// sent as a message by itself, right behind.
export async function ask(operation, body, own) {
  await first;
  if (!socket) throw new Away('the server does not answer');
  return new Promise((...both) => {
    const id = ++last;
    waiting.set(id, both);
    socket.send(JSON.stringify({ id, operation, body }));
    if (own !== undefined) socket.send(own);
  });
}

function receive({ data }) {
  clearTimeout(silence);
  silence = undefined;
  const { id, answer, refused } = JSON.parse(data);
  const [take, fail] = waiting.get(id) ?? [];
  waiting.delete(id);
  if (refused === undefined) take?.(answer);
  else fail?.(new Error(refused));
}

function lose(code) {
  if (!socket) return;
  socket.onclose = null;
  socket.close();
  socket = null;
  clearTimeout(silence);
  silence = undefined;
  const why = code === 1009 ? new Error('This is too large for the server.') : new Away('the server went away');
  for (const [, fail] of waiting.values()) fail(why);
  waiting.clear();
  for (const watcher of watchers) watcher(false);
  wake();
}

function beat() {
  socket.send('{"id":0,"operation":"here"}');
  silence ??= setTimeout(lose, PATIENCE);
}

// A page is asked for first: browsers punish sockets that fail with longer and longer waits.
async function connect() {
  try {
    await fetch(import.meta.url, { method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    return BEAT;
  }
  return new Promise((done) => {
    try {
      address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
      const one = new WebSocket(address);
      const patience = setTimeout(() => one.close(), PATIENCE);
      one.onopen = () => {
        clearTimeout(patience);
        socket = one;
        socket.onmessage = receive;
        socket.onclose = ({ code }) => lose(code);
        done(BEAT);
        for (const watcher of watchers) watcher(true);
      };
      one.onclose = () => done(REFUSED);
    } catch {
      done(REFUSED);
    }
  });
}

const pause = (time) => new Promise((done) => { wake = done; setTimeout(done, time); });

// A network that went away says nothing about a server on this machine: it is asked anew.
addEventListener('offline', () => lose());
addEventListener('online', () => wake());

const attempt = connect();
const first = Promise.race([attempt, new Promise((done) => { setTimeout(done, PATIENCE); })]);
(async () => {
  for (let time = await attempt; ; time = socket ? (beat(), BEAT) : await connect()) {
    if (!socket && watchers.size) for (const watcher of watchers) watcher(false);
    await pause(time);
  }
})();
