// Chromium against the example servers at $PAGES and $INSPECT.
import assert from 'node:assert/strict';
import { chromium } from '../../browser/node_modules/playwright-core/index.mjs';

const pages = `http://${process.env.PAGES}`;
const inspect = `http://${process.env.INSPECT}`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

async function check(name, work) {
  await work();
  console.log(`ok   ${name}`);
}

try {
  const page = await browser.newPage();
  await check('a page', async () => {
    const response = await page.goto(pages);
    assert.equal(response.status(), 200);
    assert.equal(await page.textContent('body'), 'Hello, World!');
  });
  await check('100 fetches, 6 at a time, over kept connections', async () => {
    const texts = await page.evaluate(() => Promise.all(Array.from({ length: 100 }, async (_, n) => (await fetch(`/?${n}`)).text())));
    assert.ok(texts.every((text) => text === 'Hello, World!'));
  });
  await check('a stream is read as it comes', async () => {
    const text = await page.evaluate(async () => {
      const reader = (await fetch('/chunked')).body.pipeThrough(new TextDecoderStream()).getReader();
      let text = '';
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return text;
        text += value;
      }
    });
    assert.equal(text, 'one\ntwo\nthree\n');
  });
  await check('an upload of 500 KB comes back', async () => {
    const same = await page.evaluate(async () => {
      const body = new Uint8Array(500_000).map((_, n) => n * 7);
      const back = new Uint8Array(await (await fetch('/echo', { method: 'POST', body })).arrayBuffer());
      return back.length === body.length && back.every((byte, n) => byte === body[n]);
    });
    assert.ok(same);
  });
  await check('HEAD, 404 and an abort', async () => {
    const seen = await page.evaluate(async () => {
      const head = await fetch('/file', { method: 'HEAD' });
      const none = await fetch('/none');
      const abort = new AbortController();
      const slow = fetch('/slow', { signal: abort.signal }).catch((error) => error.name);
      abort.abort();
      return [head.status, Number(head.headers.get('content-length')) > 1000, none.status, await slow, await (await fetch('/')).text()];
    });
    assert.deepEqual(seen, [200, true, 404, 'AbortError', 'Hello, World!']);
  });
  await check('a form is posted', async () => {
    await page.goto(inspect);
    await page.evaluate(() => {
      document.body.innerHTML = '<form method="post" action="/form"><input name="a" value="b c"></form>';
      document.forms[0].submit();
    });
    await page.waitForURL('**/form');
    const read = JSON.parse(await page.textContent('body'));
    assert.deepEqual([read.method, read.target, read.body], ['POST', '/form', 'a=b+c']);
  });
} finally {
  await browser.close();
}
