// The way to the server: the one place that knows the transport. One WebSocket carries all widgets of a page; where none can
// be opened, each question is a POST.

// Thrown where there is no server, or it does not answer.
export class Away extends Error {}

let opening; // a promise of the socket, or of null
const waiting = new Map(); // id → [resolve, reject]
let last = 0;

function socket() {
  opening ??= new Promise((resolve) => {
    let one;
    try {
      const url = new URL('../../live/socket', import.meta.url);
      url.protocol = 'ws:';
      one = new WebSocket(url);
    } catch {
      resolve(null);
      return;
    }
    one.onopen = () => resolve(one);
    one.onmessage = (event) => {
      const { id, answer, refused } = JSON.parse(event.data);
      const [take, fail] = waiting.get(id) ?? [];
      waiting.delete(id);
      if (refused === undefined) take?.(answer);
      else fail?.(new Error(refused));
    };
    one.onclose = () => {
      resolve(null);
      opening = undefined;
      for (const [, fail] of waiting.values()) fail(new Away('the server went away'));
      waiting.clear();
    };
  });
  return opening;
}

// Asks for an operation's answer. A refused request throws an Error with the server's sentence.
export async function ask(operation, body) {
  const one = await socket();
  if (!one) return post(operation, body);
  return new Promise((take, fail) => {
    const id = ++last;
    waiting.set(id, [take, fail]);
    one.send(JSON.stringify({ id, operation, body }));
  });
}

async function post(operation, body) {
  let response;
  try {
    response = await fetch(new URL(`../../live/${operation}`, import.meta.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Away('the server does not answer');
  }
  if (response.status === 404 || response.status === 405 || response.status === 501) throw new Away('no live server here');
  if (!response.ok) throw new Error((await response.text()).trim());
  return response.json();
}
