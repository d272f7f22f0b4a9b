// The widgets that ask more than our own crates: a reader's code beside ours, two readings and the attack that follows, and
// the bytes of the page's own request.
//
// Run: node tests/browser/learn.mjs [FOLDER FOR SCREENSHOTS]
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { complaints, judge, live, open, root, serve, settled, text } from './lib/judge.mjs';

const home = mkdtempSync(join(tmpdir(), 'wirebook-'));
const mine = join(home, 'mine');
const wirebook = (...words) => execFileSync(process.env.WIREBOOK ?? join(root, 'target/debug/wirebook'), ['learn', ...words]);
wirebook('new', mine);
wirebook('answer', 'head', '--take', '--crate', mine);

const server = await serve('127.0.0.1:0', ['--learn', mine]);
const { check, end } = judge('learn');
const page = await open();
const has = (selector, words) => settled(page, ([where, what]) => [...document.querySelectorAll(where)]
  .some((element) => element.textContent.includes(what)), [selector, words]);

async function visit(path) {
  await page.goto(`${server.site}/${path}.html`);
  await live(page);
}

await check("a reader's code stands beside ours, and their first difference is marked", async () => {
  await visit('learn');
  await has('wirebook-reader .wb-state', 'Yours says what ours says');
  await page.locator('wirebook-reader select[name=stage]').selectOption('escape');
  await has('wirebook-reader .wb-state', 'They differ in line 1');
  assert.equal(await page.locator('wirebook-reader tr.wb-on').count(), 1);
});

await check("the head's widget shows the reader's events too", async () => {
  await visit('http1/head');
  await has('wirebook-head .wb-events .wb-note', 'your src/head.rs');
});

await check('an attack fails against our server and succeeds without the rule', async () => {
  await visit('attacks');
  await has('wirebook-readings .wb-fault', 'The attack fails. They part at byte 65');
  await page.locator('wirebook-readings button', { hasText: 'switch the rule off' }).click();
  await has('wirebook-readings .wb-fault', 'The attack succeeds. They part at byte 81');
  await page.locator('wirebook-readings summary').click();
  await page.locator('wirebook-readings input[aria-label^="our server: of a length and chunks, the chunks count"]').click();
  await has('wirebook-readings .wb-fault', 'The attack fails');
});

await check('a page is shown its own request, its WebSocket and an event stream', async () => {
  await visit('http1/server');
  await has('wirebook-page .wb-spans', '/http1/server.html');
  await has('wirebook-page td', 'response 200');
  for (const [what, target] of [['its WebSocket', '/live/socket?'], ['an event stream', '/live/feed?']]) {
    await page.locator('wirebook-page select[name=what]').selectOption(what);
    await has('wirebook-page .wb-spans', target);
  }
  assert.match(await text(page.locator('wirebook-page'), 'pre.wb-area >> nth=0'), /text\/event-stream/);
});

await check('nobody complains', async () => assert.deepEqual(complaints, []));
await server.end();
rmSync(home, { recursive: true });
await end();
