// Walks the live site in a real browser: every written chapter, every link, the widgets, both themes, no JavaScript.
//
// Run: node tests/browser/site.mjs [FOLDER FOR SCREENSHOTS]   (tests/browser/run installs what it needs)
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { chapters, complaints, judge, live, open, serve, settled, shots, text } from './lib/judge.mjs';

const { site, end: stop } = await serve();
const { check, end } = judge('site');

async function walk(page) {
  const paths = await chapters(page, site);
  assert.ok(paths.length >= 3, `only ${paths.length} chapters are written`);
  const links = new Map();
  for (const path of paths) {
    await check(`chapter ${path} opens without a console error`, async () => {
      const response = await page.goto(site + path);
      assert.equal(response.status(), 200);
      assert.ok((await page.locator('main h1').count()) >= 1, 'a chapter has a heading');
      assert.ok((await page.locator('main').innerText()).length > 1000, 'a chapter has text');
      assert.equal((await page.locator('main').innerText()).includes('{{#'), false, 'no directive is left over');
      // A picture says that it is one; what is live says so too.
      await live(page);
      for (const href of await page.locator('a[href]').evaluateAll((all) => all.map((link) => link.href))) links.set(href, path);
      assert.deepEqual(await page.evaluate(collisions), [], 'labels of diagrams do not collide');
      const name = path === '/' ? 'index' : path.slice(1).replace(/\.html$/, '').replaceAll('/', '-');
      await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
    });
  }
  await check('no link within the site is broken', async () => {
    // Each page is fetched once, whatever leads into it.
    const pages = new Map();
    for (const [href, from] of links) {
      const { origin, pathname, search, hash } = new URL(href);
      if (origin !== site) continue;
      const place = pathname + search;
      if (!pages.has(place)) {
        const response = await page.request.get(site + place);
        assert.ok(response.ok(), `${from} links to ${place}: ${response.status()}`);
        pages.set(place, await response.text());
      }
      if (hash && !hash.includes('=')) {
        const id = decodeURIComponent(hash.slice(1));
        assert.ok(pages.get(place).includes(`id="${id}"`), `${from} links to ${place}${hash}, which has no such anchor`);
      }
    }
  });
}

// In the page: the labels of diagrams that lie over each other.
const collisions = () => [...document.querySelectorAll('.wb-diagram svg, .wb-plot svg, .wb-lines > svg')].flatMap((svg) => {
  const boxes = [...svg.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()]);
  return boxes.flatMap(([one, a], index) => boxes.slice(index + 1).filter(([, b]) => a.left < b.right - 1 && b.left < a.right - 1
    && a.top < b.bottom - 2 && b.top < a.bottom - 2).map(([other]) => `${one} × ${other}`));
});

async function headWidget(page) {
  await page.goto(`${site}/http1/head.html`);
  const widget = page.locator('wirebook-head');
  await settled(page, () => document.querySelector('wirebook-head .wb-live')?.textContent.startsWith('live'));
  await check('the head widget is live', async () => {
    assert.equal(await widget.locator('tbody tr').count(), 9);
    assert.match(await text(widget, '.wb-events'), /request GET \/search\?q=tea/);
  });
  await check('the slider cuts, and the events stay the same', async () => {
    await widget.locator('input[type=range]').fill('52');
    await settled(page, () => document.querySelector('wirebook-head output').textContent === '52 / 93');
    assert.match(await text(widget, '.wb-cut'), /partial: 0 of 2 events so far, the same/);
    assert.equal(await text(widget, '.wb-now'), 'field name');
    await widget.screenshot({ path: join(shots, 'widget-head-cut.png') });
  });
  await check('the keyboard steps, and the book does not turn its page', async () => {
    await widget.locator('tbody tr').first().focus();
    await page.keyboard.press('Home');
    await settled(page, () => document.querySelector('wirebook-head output').textContent === '0 / 93');
    await page.keyboard.press('ArrowRight');
    await settled(page, () => document.querySelector('wirebook-head output').textContent === '28 / 93');
    assert.ok(new URL(page.url()).pathname === '/http1/head.html');
    assert.match(await text(widget, '[aria-live]'), /Byte 28 of 93/);
  });
  await check('pointing at a field marks its bytes', async () => {
    await widget.locator('tbody tr').nth(1).hover();
    assert.equal(await widget.locator('.wb-spans .wb-on').innerText(), '/search?q=tea');
  });
  await check('a smuggled request is refused at its byte', async () => {
    await widget.locator('select').first().selectOption('smuggling: two lengths');
    await settled(page, () => !document.querySelector('wirebook-head .wb-fault').hidden);
    assert.match(await text(widget, '.wb-fault'), /LengthAndCoding at byte \d+.*400 Bad Request/);
  });
  await check('typed bytes are parsed, and the link brings them back', async () => {
    await widget.getByRole('button', { name: 'edit' }).click();
    await widget.locator('textarea').fill('GET /\\x00 HTTP/1.1\\r\\n\nHost: a\\r\\n\n\\r\\n');
    await settled(page, () => document.querySelector('wirebook-head .wb-fault').textContent.startsWith('Target at byte 5'));
    await widget.getByRole('button', { name: 'copy link' }).click();
    await settled(page, () => location.hash.includes('head.input='));
    const other = await open();
    await other.goto(page.url());
    await settled(other, () => document.querySelector('wirebook-head .wb-fault')?.textContent.startsWith('Target at byte 5'));
    await other.context().close();
  });
}

async function conversationWidget(page) {
  await page.goto(`${site}/http1/bodies.html`);
  await settled(page, () => document.querySelector('wirebook-conversation .wb-live')?.textContent.startsWith('live'));
  const widget = page.locator('wirebook-conversation');
  await check('a conversation is stepped through, with both states', async () => {
    assert.match(await text(widget, '.wb-state >> nth=0'), /Step \d+ of \d+: the server says end; the client is MustClose, the server MustClose/);
    await widget.locator('button', { hasText: '◀ step' }).click();
    await page.keyboard.press('Home');
    assert.match(await text(widget, '.wb-state >> nth=0'), /Step 1 of \d+: the client says request; the client is Body, the server Respond/);
    await widget.screenshot({ path: join(shots, 'widget-conversation.png') });
  });
  await check('behind a mistake nothing is looked at', async () => {
    await widget.locator('select').selectOption('a mistake in the middle');
    await settled(page, () => document.querySelector('wirebook-conversation .wb-state').textContent.includes('never looked at'));
    assert.match(await text(widget, 'tbody'), /400 Bad Request/);
  });
}

async function eventLoopWidget(page) {
  await page.goto(`${site}/net/event-loop.html`);
  const output = 'wirebook-event-loop output';
  const at = (step) => settled(page, ([tag, test]) => new RegExp(test).test(document.querySelector(tag)?.textContent), [output, step]);
  await check('the loop is walked by the keyboard, forth, back, and to its ends', async () => {
    await at('^0 of [1-9]');
    const widget = page.locator('wirebook-event-loop').first();
    const steps = (await text(widget, 'output')).split(' of ')[1];
    await widget.locator('button', { hasText: 'step ▶' }).focus();
    await page.keyboard.press('ArrowRight');
    await at(`^1 of ${steps}$`);
    const first = await text(widget, '[aria-live]');
    assert.match(first, /^Step 1, at \d+ µs: /);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowLeft');
    await at(`^1 of ${steps}$`);
    assert.equal(await text(widget, '[aria-live]'), first);
    await page.keyboard.press('End');
    await at(`^${steps} of ${steps}$`);
    await page.keyboard.press('Home');
    await at(`^0 of ${steps}$`);
    assert.ok(page.url().includes('/net/event-loop.html'), 'the book did not turn its page');
  });
  await check('another program is picked, and starts at its beginning', async () => {
    const widget = page.locator('wirebook-event-loop').first();
    await widget.locator('select').selectOption('starvation');
    await settled(page, () => /fn starvation/.test(document.querySelector('wirebook-event-loop code').textContent));
    await at('^0 of [1-9]');
    await widget.screenshot({ path: join(shots, 'widget-event-loop.png') });
  });
}

// Widgets whose input is cut: an example, a step back, a byte more.
async function cutWidgets(page) {
  for (const [path, name] of [['websocket/frames', 'wirebook-frame'], ['sse/event-stream', 'wirebook-event-stream']]) {
    await check(`${name} steps back and takes a byte more`, async () => {
      await page.goto(`${site}/${path}.html`);
      const widget = page.locator(name).first();
      const shows = (test) => settled(page, ([tag, source]) => new RegExp(source)
        .test(document.querySelector(`${tag} output`)?.textContent), [name, test]);
      await shows('^(\\d+) / \\1$');
      const length = Number((await text(widget, 'output')).split(' / ')[1]);
      await widget.getByRole('button', { name: 'step back' }).click();
      await shows(`^(?!${length} ).* / ${length}$`);
      await widget.getByRole('button', { name: 'edit' }).click();
      await widget.locator('textarea').first().fill(`${await widget.locator('textarea').first().inputValue()}x`);
      await shows(`^${length + 1} / ${length + 1}$`);
    });
  }
}

async function code(page) {
  await check('a caption leads to the line of the source, which is coloured and marked', async () => {
    await page.goto(`${site}/http1/head.html`);
    const caption = page.locator('.wb-caption a', { hasText: 'split.rs' }).first();
    const line = /#L\d+$/.exec(await caption.getAttribute('href'))[0];
    await caption.click();
    const marked = page.locator(':target');
    assert.equal(await marked.getAttribute('id'), line.slice(1));
    assert.notEqual(await marked.evaluate((one) => getComputedStyle(one).outlineStyle), 'none');
    const looks = await page.locator('pre i').evaluateAll((all) => new Set(all.map((one) => getComputedStyle(one).color)).size);
    assert.equal(looks, 3);
  });
  await check('the search finds a term of a chapter, and its place', async () => {
    await page.goto(`${site}/`);
    await page.locator('#mdbook-search-toggle').click();
    await page.locator('#mdbook-searchbar').pressSequentially('slowloris');
    const found = page.locator('#mdbook-searchresults a').first();
    await found.waitFor();
    await found.click();
    // On its way to the page there is no `main` yet.
    await settled(page, () => /slowloris/i.test(document.querySelector('main')?.innerText));
  });
}

async function otherReaders() {
  await check('in the dark theme', async () => {
    const page = await open({ colorScheme: 'dark' });
    await page.goto(`${site}/http1/head.html`);
    await settled(page, () => document.querySelector('wirebook-head .wb-live')?.textContent.startsWith('live'));
    await page.locator('wirebook-head select').first().selectOption('chunks and a trailer');
    await settled(page, () => document.querySelector('wirebook-head .wb-events').textContent.includes('data 6 bytes'));
    await page.locator('wirebook-head').screenshot({ path: join(shots, 'widget-head-dark.png') });
    await page.context().close();
  });
  await check('without JavaScript there is a picture, and the way to the live one', async () => {
    const page = await open({ javaScriptEnabled: false });
    await page.goto(`${site}/http1/head.html`);
    const widget = page.locator('wirebook-head');
    assert.equal(await widget.locator('tbody tr').count(), 9);
    assert.match(await widget.innerText(), /cargo run --release/);
    await widget.screenshot({ path: join(shots, 'widget-head-static.png') });
    await page.context().close();
  });
  await check('an unknown page says so in the look of the book', async () => {
    const page = await open();
    const before = complaints.length;
    const response = await page.goto(`${site}/no/such/page.html`);
    assert.equal(response.status(), 404);
    assert.ok(await page.locator('#mdbook-sidebar').count(), 'with the table of contents');
    await page.screenshot({ path: join(shots, '404.png') });
    // The browser reports the status that was asked for here.
    complaints.splice(before);
    await page.context().close();
  });
  await check('on a narrow screen nothing is wider than the page', async () => {
    const page = await open({ viewport: { width: 420, height: 800 } });
    await page.goto(`${site}/http1/head.html`);
    await settled(page, () => document.querySelector('wirebook-head .wb-live')?.textContent.startsWith('live'));
    assert.ok(await page.evaluate(() => document.querySelector('wirebook-head').getBoundingClientRect().right <= innerWidth));
    await page.screenshot({ path: join(shots, 'narrow.png') });
    await page.context().close();
  });
}

const page = await open();
await walk(page);
await headWidget(page);
await conversationWidget(page);
await eventLoopWidget(page);
await cutWidgets(page);
await code(page);
await otherReaders();
await check('no page had a console error', () => assert.deepEqual(complaints, []));
await stop();
await end();
