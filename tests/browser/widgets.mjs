// How widgets behave: focus, paste, state, connection, frames, phones, print, explanations. By keyboard and by mouse, on a
// desk and on a phone, light and dark, with the server away and back.
//
// Run: node tests/browser/widgets.mjs [FOLDER FOR SCREENSHOTS]   (ONLY=words runs the checks whose names have them)
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { complaints, judge, live, open, serve, settled, shots, text } from './lib/judge.mjs';

const PAGES = {
  head: 'http1/head', race: 'http1/head', conversation: 'http1/bodies', agent: 'http1/client', 'event-loop': 'net/event-loop',
  frame: 'websocket/frames', 'event-stream': 'sse/event-stream', reconnect: 'sse/event-stream', multipart: 'web/multipart',
  channel: 'cluster/between-processes', workers: 'cluster/staying-up', farewell: 'cluster/staying-up', shares: 'cluster/one-port',
  template: 'template/closures', page: 'http1/server', reader: 'learn', readings: 'attacks',
  onion: 'web/onion', router: 'web/routing', cookie: 'web/cookies', signed: 'web/cookies', cache: 'web/caching',
  reading: 'web/reading', pipe: 'web/views',
  http2: 'http2/frames', hpack: 'http2/hpack', flood: 'http2/floods', windows: 'http2/flow-control', lanes: 'http2/server',
  records: 'tls/handshake',
};
// Those in which nothing is explained: the race is figures.
const UNEXPLAINED = ['race'];
const SCREENS = [
  { name: 'desk, light', viewport: { width: 1280, height: 1000 }, colorScheme: 'light' },
  { name: 'desk, dark', viewport: { width: 1280, height: 1000 }, colorScheme: 'dark' },
  { name: 'phone, light', viewport: { width: 390, height: 844 }, colorScheme: 'light', hasTouch: true },
  { name: 'phone, dark', viewport: { width: 390, height: 844 }, colorScheme: 'dark', hasTouch: true },
];

let server = await serve();
const { site } = server;
const { check: judged, end } = judge('widgets');

// The screen that is judged, its page, and what a person does there to press something.
let screen;
let page;
const options = () => ({ ...screen, permissions: ['clipboard-read', 'clipboard-write'] });
// One that failed while the server was away takes nothing from the next.
const check = (what, work) => judged(`${screen.name}: ${what}`, async () => {
  try {
    await work();
  } finally {
    if (server.child.exitCode ?? server.child.signalCode) server = await serve(server.address);
  }
});
const press = (target, options) => (screen.hasTouch ? target.tap(options) : target.click(options));

async function visit(name, hash = '') {
  await page.goto('about:blank');
  await page.goto(`${site}/${PAGES[name]}.html${hash}`);
  await live(page);
  return page.locator(`wirebook-${name}`).first();
}

const shows = (name, selector, pattern) => settled(page, ([tag, inside, source]) => new RegExp(source)
  .test(document.querySelector(tag).querySelector(inside)?.textContent), [`wirebook-${name}`, selector, pattern]);
const answered = (name) => settled(page, (tag) => document.querySelector(tag).ariaBusy === 'false', `wirebook-${name}`);
const active = () => page.evaluate(() => {
  const { activeElement: element } = document;
  return element.id || (element.closest('.wb') === element ? 'widget' : element.closest('.wb') ? 'inside' : element.localName);
});

// What holds for every widget, on one visit of each: what comes later leaves alone what came before.
async function behaviour() {
  for (const name of Object.keys(PAGES)) {
    let widget;
    const here = async () => (widget ??= await visit(name));
    await check(`${name}: loading its page moves neither scroll nor focus`, async () => {
      widget = await visit(name);
      // An answer is shown in the frame in which the widget says that it is live.
      await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
      assert.deepEqual(await page.evaluate(() => [scrollY, document.activeElement === document.body]), [0, true]);
    });
    await check(`${name} is played`, async () => played(name, await here()));
    await check(`${name} prints without dead controls`, async () => {
      await here();
      await page.emulateMedia({ media: 'print' });
      const dead = await page.locator('.wb').locator('button, select, input, textarea').evaluateAll((all) => all.filter((one) => one.offsetParent).length);
      await page.emulateMedia({ media: 'screen' });
      assert.equal(dead, 0);
    });
    await check(`${name} takes the focus on a click, and its arrows never turn the page`, async () => {
      await here();
      for (const place of ['.wb-bar b', '.wb-bytes', '.wb-state', '.wb-foot', 'tbody']) {
        const target = widget.locator(place).first();
        if (!(await target.isVisible().catch(() => false))) continue;
        await page.evaluate(() => document.activeElement.blur());
        await press(target, { position: { x: 2, y: 2 } });
        assert.notEqual(await active(), 'body', place);
        for (const key of ['ArrowRight', 'ArrowLeft', 'ArrowLeft', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
        assert.ok(page.url().includes(PAGES[name]), `a key behind ${place} turned the page to ${page.url()}`);
      }
    });
    await check(`${name} is one stop for Tab; Enter goes in, Esc comes out`, async () => {
      // Where something is selected, Enter opens it.
      await (await here()).focus();
      await page.keyboard.press('Escape');
      await page.evaluate((tag) => {
        const stop = (id) => Object.assign(document.createElement('button'), { id, textContent: id });
        const one = document.querySelector(tag);
        one.before(stop('before'));
        one.after(stop('after'));
        document.querySelector('#before').focus();
        // In a busy browser keys overtake timers.
        window.setTimeout = () => 0;
      }, `wirebook-${name}`);
      const stops = [];
      for (const key of ['Tab', 'Tab', 'Shift+Tab', 'Shift+Tab', 'Tab', 'Enter', 'Tab', 'Escape']) {
        await page.keyboard.press(key);
        stops.push(await active());
      }
      assert.deepEqual(stops, ['widget', 'after', 'widget', 'before', 'widget', 'inside', 'inside', 'widget']);
    });
  }
}

// Steps once, and looks: nothing is wider than the screen, no word is broken, tables stack on a phone.
async function played(name, widget) {
  const { width } = screen.viewport;
  const step = widget.locator('button[aria-label^=step]:not([aria-disabled=true])').first();
  if (await step.isVisible()) await press(step);
  await widget.screenshot({ path: join(shots, `widget-${name}-${screen.name.replace(', ', '-')}.png`) });
  const { right, wide, broken } = await page.evaluate((tag) => {
    const element = document.querySelector(tag);
    // A word that does not fit its place stands on two lines, or is cut off. Bytes may break anywhere.
    const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const split = [];
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      if (node.parentElement.closest('code, pre, textarea, option, style, .wb-event, .wb-spans, .wb-explain a, .wb-bytes, .wb-hidden')) continue;
      for (const { index, 0: word } of node.data.matchAll(/[\p{L}\d]+/gu)) {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        if (range.getClientRects().length > 1) split.push(word);
      }
    }
    // What a person types into shows all of its words; the labels of a drawing lie within it, and not over each other.
    const narrow = [...element.querySelectorAll('input[type=text]')]
      .filter((one) => one.offsetParent && one.scrollWidth > one.clientWidth).map((one) => one.value);
    const labels = [...element.querySelectorAll('.wb-lines > svg')].flatMap((svg) => {
      const frame = svg.getBoundingClientRect();
      const boxes = [...svg.querySelectorAll('text')].map((label) => [label.textContent, label.getBoundingClientRect()]);
      const outside = boxes.filter(([, box]) => box.left < frame.left - 1 || box.right > frame.right + 1
        || box.top < frame.top - 1 || box.bottom > frame.bottom + 1 || box.height < 12);
      const over = boxes.filter(([, a], index) => boxes.slice(index + 1).some(([, b]) => a.left < b.right && b.left < a.right
        && a.top < b.bottom - 4 && b.top < a.bottom - 4));
      return [...outside, ...over].map(([label]) => label);
    });
    const cut = [...element.querySelectorAll('*')].filter((one) => one.clientWidth && one.scrollWidth > one.clientWidth + 1
      && getComputedStyle(one).overflowX === 'hidden' && !one.closest('.wb-hidden, thead'));
    const blank = [...element.querySelectorAll('.wb-explain')].filter((one) => one.offsetParent && !one.textContent);
    return {
      right: element.getBoundingClientRect().right, wide: document.documentElement.scrollWidth,
      broken: [...split, ...narrow, ...labels, ...cut.map((one) => one.className), ...blank.map(() => 'an explanation without a word')],
    };
  }, `wirebook-${name}`);
  assert.ok(right <= width && wide <= width, `${right} and ${wide} px wide`);
  assert.deepEqual(broken, []);
  if (screen.hasTouch) {
    const beside = await widget.locator('tbody tr').evaluateAll((rows) => rows.filter((row) => row.children.length > 1 && row.offsetParent)
      .filter((row) => row.children[0].getBoundingClientRect().bottom > row.children[1].getBoundingClientRect().top + 1).length);
    assert.equal(beside, 0, 'tables stack');
  }
  assert.ok(page.url().includes(PAGES[name]));
}

async function paste() {
  const request = 'GET / HTTP/1.1\nHost: a\n\n';
  const editing = async (name) => {
    const widget = await visit(name);
    await press(widget.getByRole('button', { name: 'edit' }));
    const area = widget.locator('textarea').first();
    await area.press('ControlOrMeta+a');
    return [widget, area];
  };
  const put = (words) => page.evaluate((all) => navigator.clipboard.writeText(all), words);
  for (const name of ['head', 'conversation']) {
    await check(`${name}: a pasted request with plain line ends works, and it is said that they became CR LF`, async () => {
      const [widget, area] = await editing(name);
      await put(request);
      await area.press('ControlOrMeta+v');
      await settled(page, (tag) => document.querySelector(tag).textContent.includes('3 line ends became CR LF.'), `wirebook-${name}`);
      assert.equal(await area.inputValue(), 'GET / HTTP/1.1\\r\\n\nHost: a\\r\\n\n\\r\\n\n');
      await settled(page, (tag) => /request/.test(document.querySelector(tag).textContent), `wirebook-${name}`);
      assert.ok(await widget.locator('.wb-notice').isVisible());
    });
  }
  await check('an event stream that is pasted has LF', async () => {
    const [, area] = await editing('event-stream');
    await put('data: 1\r\ndata: 2\r\n\r\n');
    await area.press('ControlOrMeta+v');
    await shows('event-stream', '.wb-notice', '3 line ends became LF\\.');
    await shows('event-stream', '.wb-events', '1\\\\n2');
  });
  await check('what was copied out of a text area is pasted as it is', async () => {
    const [, area] = await editing('head');
    const before = await area.inputValue();
    await area.press('ControlOrMeta+c');
    await area.press('ControlOrMeta+v');
    assert.equal(await area.inputValue(), before);
  });
  await check('typed line ends are line ends', async () => {
    const [, area] = await editing('head');
    await area.press('Delete');
    await page.keyboard.type('GET / HTTP/1.1\nHost: a\n\n');
    await shows('head', '.wb-events', 'request GET /, 1 field$|request GET /, 1 fieldend 0 trailers');
  });
  await check('what is too large says so, and not that the server is away', async () => {
    const [widget, area] = await editing('head');
    await put(`GET /${'a'.repeat(20_000)} HTTP/1.1\r\n\r\n`);
    await area.press('ControlOrMeta+v');
    await shows('head', '.wb-notice', 'The input has 20,\\d+ bytes, the widget takes 16,384 bytes\\.');
    assert.match(await text(widget, '.wb-live'), /^live/);
    await area.press('ControlOrMeta+a');
    await put('x'.repeat(16_300));
    await area.press('ControlOrMeta+v');
    await shows('head', '.wb-notice', '^$');
  });
}

async function state() {
  for (const way of ['pointer', 'keyboard']) {
    await check(`state lies in the URL by itself, and a reload keeps it (${way})`, async () => {
      const widget = await visit('head');
      await widget.locator('select').first().selectOption('chunks and a trailer');
      await shows('head', '.wb-events', 'data 6 bytes');
      if (way === 'pointer') await press(widget.getByRole('button', { name: 'step back' }));
      else {
        await widget.focus();
        await page.keyboard.press('ArrowLeft');
      }
      await settled(page, () => location.hash.includes('head.input=') && location.hash.includes('head.cut='));
      const before = await text(widget, '.wb-cut');
      await page.reload();
      await live(page);
      await settled(page, (cut) => document.querySelector('wirebook-head .wb-cut').innerText === cut, before);
      assert.equal(await widget.locator('select').first().inputValue(), 'chunks and a trailer');
    });
  }
  await check('two widgets on a page keep out of each other\'s way', async () => {
    const widget = await visit('head');
    await page.locator('wirebook-race select').first().selectOption('tiny');
    await press(widget.getByRole('button', { name: 'step back' }));
    await settled(page, () => /race\.input=tiny/.test(location.hash) && /head\.cut=/.test(location.hash));
    await page.reload();
    await live(page);
    assert.equal(await page.locator('wirebook-race select').first().inputValue(), 'tiny');
    assert.notEqual(await text(widget, 'output'), '93 / 93');
  });
  await check('two widgets of one kind on a page keep out of each other\'s way', async () => {
    await visit('head');
    await page.evaluate(() => {
      const first = document.querySelector('wirebook-head');
      const second = document.createElement('wirebook-head');
      second.className = 'wb';
      second.setAttribute('aria-label', 'another');
      second.dataset.facts = first.dataset.facts;
      second.innerHTML = '<span class="wb-live"></span>';
      first.after(second);
    });
    await live(page);
    await press(page.locator('wirebook-head').nth(1).getByRole('button', { name: 'step back' }));
    await settled(page, () => /head2\.cut=/.test(location.hash) && !/head\.cut=/.test(location.hash));
    assert.equal(await page.locator('wirebook-head').first().locator('output').innerText(), '93 / 93');
  });
  await check('copying confirms visibly', async () => {
    const widget = await visit('frame');
    await press(widget.getByRole('button', { name: 'step back' }));
    // It is there for two seconds: who begins to look when it is pressed may come too late.
    await Promise.all([shows('frame', '.wb-bar', '✓ copied'), press(widget.getByRole('button', { name: 'copy link' }))]);
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), page.url());
    assert.match(page.url(), /frame\.cut=\d+/);
    await shows('frame', '.wb-bar', 'copy link');
  });
  await check('the link of a large input is refused with a sentence', async () => {
    const widget = await visit('head');
    await press(widget.getByRole('button', { name: 'edit' }));
    await widget.locator('textarea').fill(`GET /${'a'.repeat(6000)} HTTP/1.1\\r\\n`);
    await press(widget.getByRole('button', { name: 'copy link' }));
    await shows('head', '.wb-notice', 'This input is no link: \\d,\\d+ characters are too long');
    assert.ok(!page.url().includes('head.input'));
  });
}

// Of every widget: what was chosen, where it was stepped to, and what it shows then.
async function reloads() {
  const shown = (widget) => widget.evaluate((element) => ({
    chosen: [...element.querySelectorAll('select, input, textarea')].map((one) => (one.type === 'checkbox' ? one.checked : one.value)),
    now: [...element.querySelectorAll('.wb-on, .wb-cut output')].filter((one) => !one.closest('.wb-explain')).map((one) => one.textContent),
  }));
  // The bytes of a handshake and of this page's requests are others each time; the workers' page is of who serves it.
  const other = ['records', 'page', 'workers'];
  for (const name of Object.keys(PAGES).filter((one) => !other.includes(one))) {
    await check(`${name}: a reload keeps what was chosen, and where it was`, async () => {
      const widget = await visit(name);
      for (const list of await widget.locator('.wb-bar select').all()) {
        const [, second] = await list.locator('option:not([hidden])').evaluateAll((all) => all.map((one) => one.value));
        if (second) await list.selectOption(second);
        await settled(page, (tag) => document.querySelector(tag).ariaBusy !== 'true', `wirebook-${name}`);
      }
      const back = widget.locator('button[aria-label="step back"]:not([aria-disabled=true])');
      if (await back.isVisible()) await press(back);
      await settled(page, (tag) => document.querySelector(tag).ariaBusy !== 'true', `wirebook-${name}`);
      const before = await shown(widget);
      // It is written down a moment after the last change.
      if (before.chosen.length) await settled(page, (mine) => location.hash.includes(mine), `${name}.`);
      await page.evaluate(() => new Promise((done) => { setTimeout(done, 300); }));
      await page.reload();
      await live(page);
      assert.deepEqual(await shown(widget), before);
    });
  }
}

async function connection() {
  const says = (away) => settled(page, (wanted) => [...document.querySelectorAll('.wb .wb-live')]
    .every((one) => one.classList.contains('wb-away') === wanted && /the server is away/.test(one.textContent) === wanted), away);
  // Three seconds on a machine that opens a page in half of one; one that is slower is given what it needs for itself.
  const taken = async (work) => {
    const start = Date.now();
    await work();
    return Date.now() - start;
  };
  let limit = 3000;
  await check('a page opens', async () => { limit = Math.max(limit, 6 * await taken(() => visit('head'))); });
  const within = async (what, work) => {
    const time = await taken(work);
    assert.ok(time < limit, `${what} took ${time} of ${limit} ms`);
  };
  await check('"live" is true within three seconds of the server\'s going and coming back, and buttons survive', async () => {
    const before = complaints.length;
    const widget = await visit('head');
    await server.end();
    await within('going', () => says(true));
    await press(widget.getByRole('button', { name: 'step back' }));
    await press(page.locator('wirebook-race').getByRole('button', { name: 'race on this machine' }));
    server = await serve(server.address);
    await within('coming back', () => says(false));
    // What was asked meanwhile is answered now.
    await shows('head', 'output', '^(?!93)\\d+ / 93$');
    await press(page.locator('wirebook-race').getByRole('button', { name: 'race on this machine' }));
    await shows('race', 'tbody:last-of-type', '');
    await settled(page, () => document.querySelector('wirebook-race .wb-steps tbody').children.length > 5);
    complaints.splice(before);
  });
  await check('a server that has stopped answering is away, too', async () => {
    await visit('frame');
    server.child.kill('SIGSTOP');
    await within('stopping', () => says(true));
    server.child.kill('SIGCONT');
    await within('going on', () => says(false));
  });
  await check('offline and back', async () => {
    const before = complaints.length;
    await visit('event-loop');
    await page.context().setOffline(true);
    await within('going offline', () => says(true));
    await page.context().setOffline(false);
    await within('coming back', () => says(false));
    complaints.splice(before);
  });
  await check('a page that was opened while the server was away keeps its picture, and comes to life', async () => {
    const before = complaints.length;
    const fresh = await open(options());
    // The server goes when every widget of the page has its modules, and before the first sign of life is answered.
    let going;
    await fresh.route('**/theme/kit/live.js', async (route) => {
      if (route.request().method() === 'HEAD') {
        going ??= settled(fresh, () => !document.querySelector('.wb:not(:defined)')).then(() => server.end());
        await going;
      }
      await route.continue().catch(() => {}); // The page may have lost its patience.
    });
    await fresh.goto(`${site}/http1/head.html`);
    await settled(fresh, () => /the server is away/.test(document.querySelector('wirebook-head .wb-live').textContent));
    assert.equal(await fresh.locator('wirebook-head tbody tr').count(), 9);
    server = await serve(server.address);
    await live(fresh);
    assert.ok(await fresh.locator('wirebook-head').getByRole('button', { name: 'step back' }).isVisible());
    await fresh.context().close();
    complaints.splice(before);
  });
  for (const way of ['a row', 'the widget']) {
    await check(`a rule opened by Enter in ${way} opens in a new tab`, async () => {
      const widget = await visit('head');
      await page.context().route('https://**', (route) => route.fulfill({ body: 'the RFC' }));
      if (way === 'a row') await widget.locator('tbody tr').nth(3).focus();
      else {
        await widget.focus();
        for (let row = 0; row < 4; row += 1) await page.keyboard.press('ArrowDown');
      }
      const asked = page.context().waitForEvent('request', (request) => request.url().includes('rfc-editor.org'));
      const [opened] = await Promise.all([page.waitForEvent('popup'), page.keyboard.press('Enter')]);
      assert.match((await asked).url(), /rfc9110/);
      assert.ok(page.url().includes('/http1/head.html'));
      await opened.close();
    });
  }
}

async function frames() {
  // What only looks, and what begins anew, needs no page of its own.
  let widget;
  const here = async () => (widget ??= await visit('frame'));
  await check('frames stand in a hex grid with ASCII beneath', async () => {
    await here();
    const cells = await widget.locator('.wb-cell').allInnerTexts();
    assert.deepEqual(cells.slice(0, 3).map((cell) => cell.split(/\s+/)), [['81', '·'], ['85', '·'], ['37', '7']]);
    const [hex, ascii] = await widget.locator('.wb-cell').nth(2).evaluate((cell) => [cell.firstChild, cell.lastChild].map((node) => {
      const range = document.createRange();
      range.selectNode(node);
      return range.getBoundingClientRect().y;
    }));
    assert.ok(ascii > hex, 'beneath');
  });
  await check('payload ⊕ key is shown', async () => {
    const columns = await (await here()).locator('.wb-xor .wb-plain').allInnerTexts();
    assert.deepEqual(columns.slice(0, 2).map((column) => column.split('\n').map((line) => line.trim()).filter(Boolean)),
      [['payload', '⊕ key[i mod 4]', '= text'], ['7f', '37', '48', 'H']]);
  });
  await check('set bits look set', async () => {
    const looks = await (await here()).locator('.wb-bit').evaluateAll((bits) => bits.slice(0, 8)
      .map((bit) => [bit.textContent, getComputedStyle(bit).backgroundColor]));
    const [set, unset] = ['1', '0'].map((value) => new Set(looks.filter(([bit]) => bit === value).map(([, look]) => look)));
    assert.equal(set.size, 1);
    assert.ok(!unset.has([...set][0]));
  });
  await check('every frame has its bits, refused ones too, and the error lies at its byte', async () => {
    const widget = await visit('frame');
    for (const [label, bits, at] of [['two fragments, a ping between', 144, null], ['not masked', 16, '85·'], ['a reserved opcode', 48, '83'],
      ['a fragmented ping', 48, '09'], ['2⁶³ bytes', 112, '80'], ['text that is not UTF-8', 48, 'fa'], ['a length that is not minimal', 64, '00']]) {
      await widget.locator('select').first().selectOption(label);
      await settled(page, (count) => document.querySelectorAll('wirebook-frame .wb-bit').length === count, bits);
      if (at) await settled(page, () => document.querySelector('wirebook-frame .wb-cell.wb-bad'));
      assert.equal(await widget.locator('.wb-cell.wb-bad').count(), at ? 1 : 0, label);
    }
    await widget.locator('select').first().selectOption('not masked');
    await settled(page, () => document.querySelector('wirebook-frame .wb-bad')?.textContent.startsWith('05'));
    assert.match(await text(widget, '.wb-fault'), /Unmasked at byte 1/);
  });
  for (const way of ['pointer', 'keyboard']) {
    await check(`flipping a bit keeps cut and focus (${way})`, async () => {
      const widget = await visit('frame');
      await widget.locator('input[type=range]').fill('3');
      await shows('frame', 'output', '^3 / 17$');
      const bit = widget.locator('.wb-bit').nth(1);
      if (way === 'pointer') await press(bit);
      else {
        await bit.focus();
        await page.keyboard.press('Space');
      }
      await shows('frame', '.wb-fault', 'ReservedBits at byte 0');
      await shows('frame', 'output', '^3 / 17$');
      assert.equal(await page.evaluate(() => document.activeElement.dataset.spot), 'bit 0.1');
      assert.equal(await bit.getAttribute('aria-pressed'), 'true');
      assert.match(await text(widget, '.wb-explain'), /RSV1/);
    });
  }
  await check('a link says who reads the frames, and whether they are deflated', async () => {
    const hash = '#frame.input=wQfySM3JyQcA&frame.client=1&frame.deflate=1';
    const widget = await visit('frame', hash);
    await shows('frame', '.wb-events', 'text Hello');
    const boxes = ['a client reads them', 'permessage-deflate was agreed on'].map((name) => widget.getByRole('checkbox', { name }));
    assert.deepEqual(await Promise.all(boxes.map((box) => box.isChecked())), [true, true]);
    await press(boxes[1]);
    await shows('frame', '.wb-fault', 'ReservedBits at byte 0');
    await boxes[0].focus();
    await page.keyboard.press('Space');
    await settled(page, () => location.hash === '#frame.input=wQfySM3JyQcA');
    await page.reload();
    await live(page);
    assert.deepEqual(await Promise.all(boxes.map((box) => box.isChecked())), [false, false]);
    await press(boxes[1]);
    await shows('frame', '.wb-fault', 'Unmasked at byte 1');
  });
  for (const message of ['Tea ☕', '{"id":1,"operation":"here"}', '']) {
    await check(`"my own frames" sends exactly the typed message: ${JSON.stringify(message)}`, async () => {
      await (await here()).locator('input[type=text]').fill(message);
      await press(widget.getByRole('button', { name: 'send over' }));
      await shows('frame', '.wb-notice', 'These bytes arrived');
      const bytes = new TextEncoder().encode(message);
      await shows('frame', 'output', `^${bytes.length + 6} / ${bytes.length + 6}$`);
      await settled(page, (said) => document.querySelector('wirebook-frame .wb-event').textContent === `text ${said}`, message);
      assert.equal(await widget.locator('.wb-frame').count(), 1);
    });
  }
}

// The widgets of HTTP/2's chapters.
async function http2() {
  const row = (frame, cell) => `.wb-table:has(th:text("answered with")) tbody tr:nth-child(${frame}) td:nth-child(${cell})`;
  await check('http2: a flipped bit keeps cut and focus, and the stream is somewhere else', async () => {
    const widget = await visit('http2');
    assert.equal(await text(widget, row(2, 4)), 'HalfClosedRemote');
    const bit = widget.locator('.wb-bit[title="END_STREAM: flip"]');
    await bit.focus();
    await page.keyboard.press('Space');
    await settled(page, () => [...document.querySelectorAll('wirebook-http2 td')].some((cell) => cell.textContent === 'Open'));
    assert.equal(await bit.getAttribute('aria-pressed'), 'false');
    assert.ok((await page.evaluate(() => document.activeElement.dataset.spot)).startsWith('bit '));
    assert.match(await text(widget, '.wb-explain'), /END_STREAM\s+set: its sender has said all/);
  });
  await check('http2: a frame of the table takes the cut behind itself, and shows its bits', async () => {
    const widget = await visit('http2');
    await press(widget.locator(row(1, 1)).getByRole('button'));
    await shows('http2', '.wb-frames', 'frame 1, SETTINGS: bytes 24–39');
    assert.match(await text(widget, 'output'), /^39 \//);
    assert.match(await text(widget, '.wb-explain'), /SETTINGS\s+says what its sender allows/);
  });
  for (const [label, fault, fate] of [['16 megabytes are promised', 'FrameTooLarge', 'A server answers GOAWAY with FRAME_SIZE_ERROR and closes'],
    ['a window that opens by nothing', 'WindowZero', 'all other streams go on'], ['HTTP/1.1', 'Preface at byte 0', 'PROTOCOL_ERROR']]) {
    await check(`http2: a mistake lies at its byte: ${label}`, async () => {
      const widget = await visit('http2');
      await widget.locator('select').first().selectOption(label);
      await shows('http2', '.wb-fault', fault);
      assert.equal(await widget.locator('.wb-cell.wb-bad').count(), 1);
      assert.match(await text(widget, '.wb-fault'), new RegExp(fate));
    });
  }
  await check('http2: what a server answers is read by a client, and a link says so', async () => {
    const widget = await visit('http2');
    await widget.locator('select').first().selectOption('what a server answers');
    await shows('http2', '.wb-events', 'response 1: 200');
    await settled(page, () => /http2\.client=1/.test(location.hash));
    await page.reload();
    await live(page);
    await shows('http2', '.wb-events', 'response 1: 200');
  });
}

async function explanations() {
  const marked = (widget) => widget.evaluate((element) => [...element.querySelectorAll('.wb-on')].map((one) => {
    const kind = ['wb-cell', 'wb-bit', 'wb-label', 'wb-chip', 'wb-event', 'wb-part'].find((name) => one.classList.contains(name));
    return kind ?? (one.localName === 'tr' ? 'row' : one.querySelector('a')?.textContent ?? one.localName);
  }));
  const five = async (widget, byte) => {
    const on = new Set(await marked(widget));
    for (const kind of [byte, 'row', 'wb-chip']) assert.ok(on.has(kind), `${kind} in ${[...on]}`);
    assert.ok([...on].some((one) => /^RFC \d+/.test(one)) && [...on].some((one) => /^[\w/]+\.rs:\d+$/.test(one)), [...on].join());
  };
  for (const way of ['mouse', 'keyboard']) {
    await check(`a field is explained, and byte, field, state, rule and source are marked together (${way})`, async () => {
      const widget = await visit('head');
      if (way === 'mouse') await widget.locator('tbody tr').nth(3).click({ position: { x: 60, y: 8 } });
      else {
        await widget.focus();
        for (let row = 0; row < 4; row += 1) await page.keyboard.press('ArrowDown');
      }
      assert.match(await text(widget, '.wb-explain'), /Host\s+which of the sites at this address is meant\./);
      await five(widget, 'wb-part');
    });
  }
  await check('a byte is explained: a space, a line end, one of a part', async () => {
    const widget = await visit('head');
    await widget.locator('.wb-spans [data-spot="byte 3"]').click();
    assert.match(await text(widget, '.wb-explain'), /SP\s+one space between two parts/);
    await widget.locator('.wb-spans [data-spot="byte 26"]').click();
    assert.match(await text(widget, '.wb-explain'), /CR\s+the first half of a line end/);
    await widget.locator('.wb-spans .wb-target').click();
    assert.match(await text(widget, '.wb-explain'), /target\s+what the request is about/);
    await five(widget, 'wb-part');
  });
  await check('a bit is explained, and marked with its byte, field and state', async () => {
    const widget = await visit('frame');
    await widget.locator('.wb-label').first().click();
    assert.match(await text(widget, '.wb-explain'), /FIN\s+set: this frame ends its message/);
    await five(widget, 'wb-cell');
    assert.equal((await marked(widget)).filter((kind) => kind === 'wb-bit').length, 1);
    await widget.locator('.wb-cell').nth(6).click();
    assert.match(await text(widget, '.wb-explain'), /payload\s+the message, or a piece of it/);
    await five(widget, 'wb-cell');
  });
  await check('an event and an error are explained', async () => {
    const widget = await visit('head');
    await widget.locator('.wb-event').first().click();
    assert.match(await text(widget, '.wb-explain'), /request\s+the empty line has come/);
    await widget.locator('select').first().selectOption('smuggling: two lengths');
    await shows('head', '.wb-explain', 'LengthAndCoding.*one program would count bytes');
    await widget.locator('.wb-fault b').click();
    assert.match(await text(widget, '.wb-explain'), /LengthAndCoding/);
    assert.match(await text(widget, '.wb-explain'), /framing\.rs:\d+/);
  });
  await check('hovering explains for the moment, and what is selected comes back', async () => {
    const widget = await visit('head');
    await widget.locator('tbody tr').nth(1).click({ position: { x: 60, y: 8 } });
    await widget.locator('tbody tr').nth(0).hover();
    assert.match(await text(widget, '.wb-explain'), /^GET|method/);
    await page.mouse.move(0, 0);
    await shows('head', '.wb-explain', 'what the request is about');
  });
  const walked = Object.keys(PAGES).filter((name) => !UNEXPLAINED.includes(name));
  for (const name of walked) {
    await check(`${name}: each step has a sentence, a rule and a line of the source`, async () => {
      const widget = await visit(name);
      if (!(await widget.locator('.wb-steps').count())) return;
      await widget.focus();
      await page.keyboard.press('Home');
      let told = 0;
      for (let step = 0; step < 30; step += 1) {
        if (await widget.locator('.wb-steps .wb-on').count()) {
          told += 1;
          const said = await text(widget, '.wb-explain');
          assert.match(said, /\S+\s+\S.{15,}\.\s[^]*\S\s+[\w/]+\.rs:\d+$/, `step ${step}: ${said}`);
        }
        await page.keyboard.press('ArrowRight');
      }
      assert.ok(told > 0, 'no step');
    });
  }
  for (const [name, pattern] of [['conversation', /the message is over/], ['event-loop', /\S+ .{20,}/]]) {
    await check(`${name} explains the step that is now`, async () => {
      const widget = await visit(name);
      await widget.focus();
      await page.keyboard.press('End');
      assert.match(await text(widget, '.wb-explain'), pattern);
    });
  }
}

async function programs() {
  await check('the program is the one that the chapter shows, and its running line is marked', async () => {
    const widget = await visit('event-loop');
    const shown = (await page.locator('pre code').filter({ hasText: 'fn order()' }).first().innerText()).trim();
    const lines = () => widget.locator('.wb-program').evaluate((element) => element.textContent.trim());
    // The chapter may break its lines elsewhere.
    const bare = (code) => code.replace(/\s+/g, '');
    assert.equal(bare(await lines()), bare(shown));
    await widget.focus();
    let told = 0;
    const steps = Number((await text(widget, 'output')).split(' of ')[1]);
    for (let step = 0; step < steps; step += 1) {
      await page.keyboard.press('ArrowRight');
      const said = /the program says “(.*)”/.exec(await text(widget, '.wb-state >> nth=1'))?.[1];
      if (!said) continue;
      told += 1;
      assert.ok((await widget.locator('.wb-program .wb-on').innerText()).includes(said), said);
    }
    assert.equal(told, 10);
  });
}

// The web layer's own: rings that are moved, routes that are typed, bytes that are flipped, ages that grow.
async function web() {
  const rows = (name, wanted) => settled(page, ([tag, pattern]) => new RegExp(pattern)
    .test([...document.querySelectorAll(`${tag} .wb-table tbody tr`)].map((row) => [...row.children].map((cell) => cell.textContent.trim()).join(' ')).join('|')),
  [`wirebook-${name}`, wanted]);
  for (const way of ['pointer', 'keyboard']) {
    await check(`onion: a ring is moved outward, taken out and put in again, and keeps the focus (${way})`, async () => {
      const widget = await visit('onion', '#onion.rings=el&onion.handler=fails');
      const act = async (target) => {
        if (way === 'pointer') await press(target);
        else { await target.focus(); await page.keyboard.press('Enter'); }
      };
      await rows('onion', 'errors → in.*log → in.*log ← out a failure, 500');
      await act(widget.getByRole('button', { name: 'log further out' }));
      await rows('onion', 'log → in.*errors → in.*log ← out an answer, 500');
      assert.equal(await page.evaluate(() => document.activeElement.dataset.key), 'l<');
      await settled(page, () => /onion\.rings=le/.test(location.hash));
      await act(widget.getByRole('button', { name: 'take errors out' }));
      await rows('onion', 'log ← out a failure, 500');
      await act(widget.getByRole('button', { name: '+ errors' }));
      await rows('onion', 'log ← out an answer, 500');
      assert.match(await text(widget, 'pre'), /^HTTP\/1\.1 500 /);
    });
  }
  await check('onion: keys put rings in, and a panic that nobody catches breaks off', async () => {
    const widget = await visit('onion', '#onion.rings=&onion.handler=panics');
    await shows('onion', 'pre', '^nothing$');
    await widget.focus();
    await page.keyboard.press('3');
    await shows('onion', 'pre', '^HTTP/1\\.1 500 ');
    await page.keyboard.press('3');
    await shows('onion', 'pre', '^nothing$');
  });
  await check('router: typed routes are looked up, step by step, and a table that cannot be says so', async () => {
    const widget = await visit('router');
    await widget.getByLabel('routes, one a line').fill('GET /tea\nGET /team/{id:int}');
    await widget.getByLabel('the request: a method and a path').fill('GET /team/x');
    await shows('router', '.wb-grid b', '^404 Not Found');
    await rows('router', 'int.*not: it wants int there');
    await widget.focus();
    await page.keyboard.press('Home');
    assert.match(await widget.innerText(), /Step 1 of \d: at \/tea, behind byte 4/);
    await widget.getByLabel('routes, one a line').fill('GET /{a}\nGET /{b}');
    await shows('router', '.wb-grid b', 'This table does not start: GET /\\{b\\}: GET /\\{a\\} is for the same requests');
    await settled(page, () => decodeURIComponent(location.hash).includes('GET /{b}'));
    await page.reload();
    await live(page);
    assert.equal(await widget.getByLabel('routes, one a line').inputValue(), 'GET /{a}\nGET /{b}');
  });
  await check('pipe: parts arrive when they are ready, and one that fails is left out', async () => {
    const widget = await visit('pipe');
    await rows('pipe', 'server weather is ready.*server news is ready');
    await widget.focus();
    await page.keyboard.press('Home');
    await shows('pipe', 'pre:not(.wb-paper)', '<h1>Today</h1>');
    assert.ok(!(await text(widget, 'pre:not(.wb-paper)')).includes('weather.'));
    await page.keyboard.press('End');
    await shows('pipe', 'pre:not(.wb-paper)', 'Here are the weather.*Here are the news[^]*The end');
    await widget.getByLabel('parts, one a line').fill('news 20\nweather 10 fails');
    await rows('pipe', 'weather fails: its place keeps its dots.*on_error hears: 500 weather is away');
    assert.match(await widget.innerText(), /Whole, it would have come at 20/);
    await widget.getByLabel('parts, one a line').fill('news');
    await shows('pipe', '.wb-notice', 'A part is a name, milliseconds');
  });
  await check('reading: a head is read as it is typed', async () => {
    const widget = await visit('reading');
    await rows('reading', 'path /teas/new each escape is decoded, once');
    await widget.getByLabel('the head of a request').fill('GET /?a=1&a[b]=2 HTTP/1.1\nHost: evil.example');
    await rows('reading', 'tree 400 Conflict');
    assert.match(await widget.innerText(), /No handler gets it: 421 Misdirected Request\./);
    await widget.getByLabel('the head of a request').fill('GET / HTTP/1.1');
    await settled(page, () => /HTTP\/1 itself refuses it/.test(document.querySelector('wirebook-reading').innerText));
    await settled(page, () => decodeURIComponent(location.hash).endsWith('head=GET / HTTP/1.1'));
    await page.reload();
    await live(page);
    assert.equal(await widget.getByLabel('the head of a request').inputValue(), 'GET / HTTP/1.1');
  });
  await check('cookie: a browser says why it does not send it', async () => {
    const widget = await visit('cookie');
    await widget.locator('select[name=by]').selectOption('a form of another site');
    await rows('cookie', 'for whoever asks\\? no Lax: for a followed link alone');
    assert.match(await widget.innerText(), /It is kept, and not sent\./);
    await widget.getByLabel('Set-Cookie', { exact: true }).fill('__Host-sid=x; Path=/');
    await rows('cookie', 'does it keep its promises\\? no HostPrefix');
    assert.match(await widget.innerText(), /our writer refuses it: HostPrefix/);
  });
  for (const way of ['pointer', 'keyboard']) {
    await check(`signed: a bit that is flipped is refused, and flipped back is not (${way})`, async () => {
      const widget = await visit('signed');
      await shows('signed', '.wb-state b', '^It is ours');
      const flip = async () => {
        if (way === 'pointer') await press(widget.getByRole('button', { name: 'flip a bit' }));
        else await page.keyboard.press('f');
      };
      await widget.focus();
      for (let step = 0; step < 4; step += 1) await page.keyboard.press('ArrowRight');
      await flip();
      await shows('signed', '.wb-state b', '^It is refused');
      await flip();
      await shows('signed', '.wb-state b', '^It is ours');
    });
  }
  await check('signed: a refusal says what would have done', async () => {
    const widget = await visit('signed');
    await widget.locator('select[name=name]').selectOption('price');
    await shows('signed', '.wb-state b', 'It would verify as the cookie cart\\.');
    await rows('signed', 'as the cookie cart it verifies');
  });
  await check('cache: a copy serves until it is stale, and a reload says so', async () => {
    const widget = await visit('cache');
    await shows('cache', '.wb-state b', '^304 Not Modified$');
    await widget.getByLabel('example', { exact: true }).selectOption('fresh in a cache');
    await shows('cache', '.wb-state b', 'from the cache');
    await widget.getByLabel('age of the copy in the cache, in seconds').fill('60');
    await rows('cache', 'the cache serves\\? the server is asked: stale');
    await widget.getByLabel('the request: a method, a path, and fields').fill('GET /tea\nIf-None-Match: "v2"');
    await shows('cache', '.wb-state b', '^304 Not Modified$');
    await widget.getByLabel('the fields of what lies there').fill('ETag: v2');
    await shows('cache', '.wb-notice', 'This is no tag, which has quotes around it: v2');
  });
}

async function words() {
  await check('one is one: no "1 fields", no "17152.0 bytes"', async () => {
    const wrong = /(?<![\d.,])1 (fields|bytes|events|trailers|steps|characters|frames|line ends|closures|gaps)\b|\d\.0 bytes/;
    for (const name of Object.keys(PAGES)) {
      const widget = await visit(name);
      const examples = await widget.getByLabel('example', { exact: true }).locator('option:not([hidden])').allInnerTexts().catch(() => []);
      for (const example of examples) {
        await widget.getByLabel('example', { exact: true }).selectOption(example);
        await answered(name);
        const said = await widget.innerText();
        assert.ok(!wrong.test(said), `${name} ${example}: ${wrong.exec(said)}`);
      }
      if (name !== 'race') continue;
      await widget.getByRole('button', { name: 'race on this machine' }).click();
      await settled(page, () => document.querySelector('wirebook-race .wb-steps tbody').children.length > 5);
      assert.ok(!wrong.test(await widget.innerText()));
    }
  });
}

// What the site shows of a page that came over HTTP/2.
async function overTls() {
  const secure = await serve('127.0.0.1:0', ['--tls']);
  const other = await open({ ...options(), ignoreHTTPSErrors: true });
  await check('over TLS the page shows its own frames', async () => {
    await other.goto(`https://${secure.address}/${PAGES.page}.html`);
    await live(other);
    const protocol = await other.evaluate(() => performance.getEntriesByType('navigation')[0].nextHopProtocol);
    assert.equal(protocol, 'h2');
    const widget = other.locator('wirebook-page').first();
    await settled(other, () => document.querySelector('wirebook-page .wb-cell'));
    const said = await widget.innerText();
    for (const words of [/:path: \/http1\/server\.html/, /:status: 200/, /HalfClosedRemote/, /DATA/]) assert.match(said, words);
    await widget.locator('.wb-cell').nth(3).click();
    assert.match(await text(widget, '.wb-explain'), /opens a stream with the fields of a message/);
    await widget.screenshot({ path: join(shots, 'widget-page-h2.png') });
  });
  await check('over TLS an event stream shows its frames, and no other request\'s', async () => {
    const widget = other.locator('wirebook-page').first();
    await widget.locator('select').first().selectOption('an event stream');
    await settled(other, () => /:path: \/live\/feed/.test(document.querySelector('wirebook-page').textContent));
    assert.match(await widget.innerText(), /content-type: text\/event-stream/);
  });
  await other.context().close();
  await secure.end();
}

for (screen of SCREENS) {
  page = await open(options());
  await behaviour();
  await paste();
  await state();
  await frames();
  await web();
  await http2();
  if (screen === SCREENS[0]) {
    await reloads();
    await explanations();
    await programs();
    await words();
    await overTls();
  }
  await connection();
  await check('no page had a console error', () => assert.deepEqual(complaints.splice(0), []));
  await page.context().close();
}
await server.end();
await end();
