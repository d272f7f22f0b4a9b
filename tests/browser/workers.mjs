// A reader kills the workers of the page that they are reading, and loses nothing: the same page goes on, and says who serves it.
//
// Run: node tests/browser/workers.mjs [FOLDER FOR SCREENSHOTS]
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { join } from 'node:path';
import { judge, live, open, serve, shots, text } from './lib/judge.mjs';

const PAGE = 'cluster/staying-up.html';
const server = await serve('127.0.0.1:0', ['--workers', '3']);
const { check, end } = judge('workers');
const page = await open();
const thrown = [];
page.on('pageerror', (error) => thrown.push(error));
const widget = page.locator('wirebook-workers');

const rows = () => widget.locator('tbody tr').evaluateAll((all) => all.map((row) => {
  const [worker, pid, state] = [...row.cells].map((cell) => cell.textContent);
  return { worker: Number.parseInt(worker, 10), mine: worker.includes('this page'), pid: Number(pid), state };
}));
// Each worker renders the book at its start, which takes a busy machine a minute.
const RENDERED = 180_000;
const comes = (test, argument) => page.waitForFunction(test, argument, { timeout: RENDERED });
const allReady = (gone = []) => comes((dead) => {
  const all = [...document.querySelectorAll('wirebook-workers tbody tr')];
  const live = document.querySelector('wirebook-workers .wb-live:not(.wb-away)');
  return live && all.length === 3 && all.every((row) => row.cells[2].textContent.startsWith('ready') && !dead.includes(row.cells[1].textContent));
}, gone.map(String));
const answers = async () => Number.parseInt(/sofar(\d+)/.exec((await text(widget, '.wb-events')).replace(/[\s,]/g, ''))[1], 10);

// Whoever comes before a worker is ready waits for it.
await fetch(server.site);
await check('the page shows three workers, and which of them is its own', async () => {
  await page.goto(`${server.site}/${PAGE}`);
  await live(page);
  await allReady();
  await page.evaluate(() => { window.neverReloaded = true; });
  assert.equal((await rows()).filter(({ mine }) => mine).length, 1);
  assert.match(await text(widget, '.wb-explain'), /ready.*serves.*state\.rs/s);
  await widget.screenshot({ path: join(shots, 'workers-desk.png') });
});

await check('one worker after the other is killed, the page’s own first, and the page goes on', async () => {
  const dead = [];
  for (let turn = 0; turn < 4; turn += 1) {
    const before = await answers();
    const { worker, pid } = (await rows()).find(({ mine }) => mine);
    dead.push(pid);
    await widget.getByRole('button', { name: `send the signal to worker ${worker}` }).click();
    await allReady(dead);
    await comes((count) => Number(/so far([\d,]+)/.exec(document.querySelector('wirebook-workers .wb-events').textContent)[1].replace(',', '')) > count, before);
  }
  assert.equal(await page.evaluate(() => window.neverReloaded), true);
  assert.match(await text(widget, '.wb-events'), /from [2-9] processes/);
});

await check('a stopped one is missed, and replaced', async () => {
  await widget.getByLabel('the signal that is sent').selectOption('SIGSTOP');
  const other = (await rows()).find(({ mine }) => !mine);
  await widget.getByRole('button', { name: `send the signal to worker ${other.worker}` }).click();
  await allReady([other.pid]);
});

await check('all pages are read while workers die', async () => {
  let failed = 0;
  const reader = (async () => {
    for (let number = 0; number < 60; number += 1) {
      const answer = await fetch(`${server.site}/${PAGE}`, { headers: { connection: 'close' } }).catch(() => null);
      if (answer?.status !== 200 || !(await answer.text()).includes('</html>')) failed += 1;
      await new Promise((done) => { setTimeout(done, 20); });
    }
  })();
  const { worker } = (await rows()).find(({ mine }) => !mine);
  await widget.getByLabel('the signal that is sent').selectOption('SIGTERM');
  await widget.getByRole('button', { name: `send the signal to worker ${worker}` }).click();
  await reader;
  assert.equal(failed, 0);
  await allReady();
});

await check('another site may kill nobody, and neither may a question', async () => {
  const { worker } = (await rows())[0];
  const post = (headers) => new Promise((done, fail) => {
    const asking = request(`${server.site}/live/workers`, { method: 'POST', headers }, (answer) => { answer.resume(); done(answer.statusCode); });
    asking.on('error', fail);
    asking.end(JSON.stringify({ signal: 'SIGKILL', worker }));
  });
  const json = { 'content-type': 'application/json' };
  assert.equal(await post({ ...json, origin: 'http://elsewhere.example' }), 403);
  assert.equal(await post({ ...json, host: 'elsewhere.example' }), 421);
  assert.equal(await post({ 'content-type': 'text/plain' }), 403);
  assert.ok((await rows()).some((row) => row.worker === worker && row.state.startsWith('ready')));
});

await check('on a phone the table stacks', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await widget.screenshot({ path: join(shots, 'workers-phone.png') });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 390));
});

await check('nothing was thrown', () => assert.deepEqual(thrown, []));
await server.end();
await end();
