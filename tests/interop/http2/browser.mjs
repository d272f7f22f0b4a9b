// Chromium against our server over TLS: what carried the page, a hundred fetches at once, more EventSources than six connections could
// carry, and WebSockets on the same connection (RFC 8441).
import { createRequire } from 'node:module';
import assert from 'node:assert/strict';

const { chromium } = createRequire(new URL('../../browser/package.json', import.meta.url))('playwright-core');
const base = process.argv[2];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(`${base}/page`);
  assert.equal(await page.evaluate(() => performance.getEntriesByType('navigation')[0].nextHopProtocol), 'h2');
  // None of them is answered before all are there: with six connections they would wait for ever.
  const fetched = await page.evaluate(() => Promise.all(Array.from({ length: 100 }, async (_, n) => (await fetch(`/together?100&${n}`)).text())));
  const connection = fetched[0];
  assert.match(connection, /^Http2 [1-9]/);
  assert.deepEqual(new Set(fetched), new Set([connection]), 'a hundred at once, on one connection');
  const protocols = await page.evaluate(() => performance.getEntriesByType('resource').map((entry) => entry.nextHopProtocol));
  assert.deepEqual(new Set(protocols), new Set(['h2']));
  const heard = await page.evaluate(() => Promise.all(Array.from({ length: 20 }, (_, n) => new Promise((done, fail) => {
    const source = new EventSource(`/events?${n}`);
    (globalThis.sources ??= []).push(source);
    source.onmessage = (event) => done(event.data);
    source.onerror = () => fail(new Error(`EventSource ${n}`));
  }))));
  assert.deepEqual(new Set(heard), new Set([connection]), 'twenty event sources beside');
  const told = await page.evaluate((url) => Promise.all(Array.from({ length: 3 }, (_, n) => new Promise((done, fail) => {
    const socket = new WebSocket(url);
    const messages = [];
    socket.onerror = () => fail(new Error(`WebSocket ${n}`));
    socket.onmessage = (event) => {
      messages.push(event.data);
      if (messages.length === 1) socket.send(`hello ${n}`);
      if (messages.length === 2) socket.close(1000);
    };
    socket.onclose = (event) => done([...messages, event.code]);
  }))), `${base.replace('https', 'wss')}/socket`);
  assert.deepEqual(told, [0, 1, 2].map((n) => [connection, `hello ${n}`, 1000]), 'WebSockets by extended CONNECT');
  assert.equal(await page.evaluate(() => globalThis.sources.every((source) => source.readyState === EventSource.OPEN)), true);
  console.log(`Chromium ${browser.version()}: all is well`);
} finally {
  await browser.close();
}
