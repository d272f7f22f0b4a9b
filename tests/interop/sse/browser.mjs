// Chromium's own EventSource against our server.
import { chromium } from 'playwright-core';
import { spawn } from 'node:child_process';
import assert from 'node:assert/strict';
import { report } from './report.mjs';

const [base, clock] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  const page = await browser.newPage();
  await page.goto(`${base}/`);
  const results = await page.evaluate(async (base) => {
    const { judge } = await import(`${base}/judge.mjs`);
    return judge(EventSource, base, async (url) => (await fetch(url)).json());
  }, base);
  report(`Chromium ${browser.version()}`, 'chromium', results);
  await example(page);
} finally {
  await browser.close();
}

// The page of the example `sse_clock` shows the time, and goes on when the server comes back.
async function example(page) {
  const start = (addr) => new Promise((resolve) => {
    const child = spawn(clock, ['--addr', addr], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.on('data', (data) => { const found = /listening on (\S+)/.exec(data); if (found) resolve({ child, address: found[1] }); });
  });
  const shown = (test) => page.waitForFunction(test, null, { timeout: 10_000 });
  const { child, address } = await start('127.0.0.1:0');
  await page.goto(`http://${address}/`);
  await shown(() => /^\d\d:\d\d:\d\d UTC$/.test(document.querySelector('output').textContent));
  child.kill('SIGKILL');
  await shown(() => document.getElementById('state').textContent.startsWith('lost'));
  const before = await page.locator('output').innerText();
  const again = await start(address);
  await shown(() => document.getElementById('state').textContent === 'open');
  await page.waitForFunction((before) => document.querySelector('output').textContent !== before, before, { timeout: 10_000 });
  const ended = new Promise((resolve) => again.child.on('exit', resolve));
  again.child.kill('SIGINT');
  assert.equal(await ended, 0, 'Ctrl-C stops the example cleanly');
  console.log('Chromium shows the clock, and finds it again after the server was killed');
}
