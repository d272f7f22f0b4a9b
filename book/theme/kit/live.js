// The way to the server: the one place that knows the transport.

// Thrown where there is no server, or it does not answer.
export class Away extends Error {}

// Asks for an operation's answer. A refused request throws an Error with the server's sentence.
export async function ask(operation, body) {
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
