// One conversation with our echo server, for any client with the browser's WebSocket interface. Answers [name, ok] pairs.
export async function judge(WebSocket, url) {
  const results = [];
  const check = (name, ok) => results.push([name, Boolean(ok)]);
  const open = (...rest) => new Promise((resolve, reject) => {
    const socket = new WebSocket(url, ...rest);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject(new Error('not opened'));
  });
  const next = (socket) => new Promise((resolve) => { socket.onmessage = (event) => resolve(event.data); });
  const echo = async (socket, data) => { const answer = next(socket); socket.send(data); return answer; };
  const closed = (socket) => new Promise((resolve) => { socket.onclose = resolve; });

  const socket = await open();
  check('text', (await echo(socket, 'Grüße, 世界 🎉')) === 'Grüße, 世界 🎉');
  check('empty text', (await echo(socket, '')) === '');
  const bytes = Uint8Array.from({ length: 70000 }, (_, i) => (i * 31) & 255);
  const back = new Uint8Array(await echo(socket, bytes));
  check('70 000 bytes', back.length === bytes.length && back.every((byte, i) => byte === bytes[i]));
  const long = 'compress me '.repeat(100000);
  check('1.2 MB of text', (await echo(socket, long)) === long);
  const many = [];
  const all = new Promise((resolve) => { socket.onmessage = (event) => { many.push(event.data); if (many.length === 2000) resolve(); }; });
  for (let i = 0; i < 2000; i++) socket.send(`message ${i}`);
  await all;
  check('2 000 at once, in order', many.every((text, i) => text === `message ${i}`));
  check('permessage-deflate was agreed on', socket.extensions.includes('permessage-deflate'));
  const end = closed(socket);
  socket.close(3001, 'bye');
  const { code, wasClean } = await end;
  check('the close code comes back', code === 3001 && wasClean !== false);
  return results;
}

export function report(who, results) {
  for (const [name, ok] of results) if (!ok) console.log(`FAILED: ${who}: ${name}`);
  console.log(`${who}: ${results.filter(([, ok]) => ok).length} of ${results.length}`);
  if (results.some(([, ok]) => !ok)) process.exitCode = 1;
}
