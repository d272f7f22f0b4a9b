// The web layer in a real browser: which cookies it keeps and sends, what another origin may read, what another site may change, how a form
// arrives, and in which order a page of late parts is painted.
//
// Run: node tests/browser/web.mjs
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { judge, open, root, settled } from './lib/judge.mjs';

const program = spawn(join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'debug/examples/web_browser'), { stdio: ['ignore', 'pipe', 'inherit'] });
process.on('exit', () => program.kill());
const [first, second] = await new Promise((resolve, reject) => {
  createInterface({ input: program.stdout }).once('line', (line) => resolve(line.split(' ')));
  program.on('exit', (code) => reject(new Error(`the server ended with ${code}`)));
});
// Ours; another origin of our site, which our interface lists; and another site.
const ours = `http://localhost:${first}`;
const neighbour = `http://localhost:${second}`;
const stranger = `http://127.0.0.1:${second}`;
const { check, end } = judge('web');
const asked = async (path) => (await fetch(`http://127.0.0.1:${first}${path}`)).json();
const heard = () => asked('/heard');

const page = await open();
const jar = () => page.context().cookies();
const names = async () => (await jar()).map(({ name }) => name);

await check('a browser keeps the cookies that we say it keeps, and no others', async () => {
  const batches = await asked('/cookies/count');
  let kept = 0;
  let refused = 0;
  for (let batch = 0; batch < batches; batch += 1) {
    await page.context().clearCookies();
    await page.goto(`${ours}/blank`);
    const told = await page.evaluate(async (path) => (await fetch(path)).json(), `/cookies/batch/${batch}`);
    const there = new Set(await names());
    for (const { name, line, kept: expected } of told) {
      assert.equal(there.has(name), expected, line);
      if (expected) kept += 1; else refused += 1;
    }
  }
  assert.ok(kept > 50 && refused > 50, `${kept} kept, ${refused} refused`);
});

await check('a browser refuses no cookie that we set', async () => {
  await page.context().clearCookies();
  await page.goto(`${ours}/cookies/ours`);
  assert.deepEqual((await names()).sort(), ['__Host-ours', '__Secure-ours', 'apart', 'plain']);
  assert.ok((await jar()).every(({ httpOnly }) => httpOnly));
  assert.equal(await page.evaluate('document.cookie'), '');
});

// A page of `from` that leads the browser to our echo; what that got.
async function led(from, how) {
  await page.goto(`${from}/blank`);
  await Promise.all([page.waitForURL(`${ours}/cookies/echo*`), page.evaluate(([url, method]) => {
    if (method === 'link') { location.href = url; return; }
    const form = Object.assign(document.createElement('form'), { method, action: url });
    document.body.append(form);
    form.submit();
  }, [`${ours}/cookies/echo`, how])]);
  return (await page.locator('body').innerText()).trim();
}

await check('SameSite: which cookies come along from another site', async () => {
  await page.context().clearCookies();
  await page.goto(`${ours}/cookies/sites`);
  assert.equal(await led(neighbour, 'link'), 'lax none strict', 'another port is the same site');
  assert.equal(await led(neighbour, 'post'), 'lax none strict');
  assert.equal(await led(stranger, 'link'), 'lax none', 'a link from another site');
  assert.equal(await led(stranger, 'post'), 'none', 'a form of another site');
  const fetched = async (from) => {
    await page.goto(`${from}/blank`);
    return page.evaluate(async (url) => (await fetch(url, { credentials: 'include' })).text(), `${ours}/cookies/echo`);
  };
  assert.equal(await fetched(neighbour), 'lax none strict', 'a script of our site');
  // A browser may keep all of its cookies from third parties.
  assert.match(await fetched(stranger), /^(none)?$/, 'a script of another site');
});

const ask = (url, options) => page.evaluate(async ([from, how]) => {
  try {
    const answer = await fetch(from, how);
    return { status: answer.status, total: answer.headers.get('x-total'), hidden: answer.headers.get('x-hidden'), text: await answer.text() };
  } catch (error) {
    return error.name;
  }
}, [url, options]);
const put = { method: 'PUT', headers: { 'content-type': 'application/json', 'x-token': '1' }, body: '{"tea":"green"}', credentials: 'include' };

await check('CORS: a listed origin asks first, and reads what it may, with its cookies', async () => {
  await page.goto(`${neighbour}/blank`);
  await heard();
  const got = await ask(`${ours}/api/item`, { credentials: 'include' });
  assert.deepEqual({ ...got, text: JSON.parse(got.text) }, { status: 200, total: '7', hidden: null, text: { cookie: true } });
  assert.deepEqual(JSON.parse((await ask(`${ours}/api/item`, put)).text), { put: { tea: 'green' } });
  assert.deepEqual(await heard(), [`GET ${neighbour}`, `OPTIONS ${neighbour}`, `PUT ${neighbour}`]);
  assert.equal(await ask(`${ours}/api/item`, { ...put, headers: { ...put.headers, 'x-other': '1' } }), 'TypeError', 'a field that is not listed');
  assert.deepEqual(await heard(), [`OPTIONS ${neighbour}`]);
});

await check('CORS: another origin reads nothing and changes nothing', async () => {
  for (const origin of [stranger, `http://127.0.0.1:${first}`]) {
    await page.goto(`${origin}/blank`);
    await heard();
    assert.equal(await ask(`${ours}/api/item`, { credentials: 'include' }), 'TypeError', origin);
    assert.equal(await ask(`${ours}/api/item`, put), 'TypeError', origin);
    assert.deepEqual(await heard(), [`GET ${origin}`, `OPTIONS ${origin}`], 'what would change something never came');
  }
});

await check('CORS: what everybody may read is read without credentials', async () => {
  await page.goto(`${stranger}/blank`);
  assert.equal((await ask(`${ours}/feed/item`, {})).text, 'for everybody');
  assert.equal(await ask(`${ours}/feed/item`, { credentials: 'include' }), 'TypeError');
});

await check('CSRF: a form of another origin changes nothing', async () => {
  const submit = async (from, enctype) => {
    await page.goto(`${from}/blank`);
    const answered = page.waitForResponse(`${ours}/change`);
    const there = page.waitForURL(`${ours}/change`);
    await page.evaluate(([action, kind]) => {
      const form = Object.assign(document.createElement('form'), { method: 'post', action, enctype: kind });
      document.body.append(form);
      form.submit();
    }, [`${ours}/change`, enctype]);
    await there;
    return (await answered).status();
  };
  await heard();
  for (const enctype of ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']) {
    assert.equal(await submit(stranger, enctype), 403, `${enctype} from another site`);
    assert.equal(await submit(neighbour, enctype), 403, `${enctype} from another port`);
  }
  await page.goto(`${stranger}/blank`);
  await page.evaluate((url) => fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include' }), `${ours}/change`);
  assert.deepEqual(await heard(), [], 'no handler ran');
  assert.equal(await submit(ours, 'application/x-www-form-urlencoded'), 200);
  assert.deepEqual(await heard(), [`POST ${ours}`]);
});

await check('FormData: names, file names and values arrive as they were typed', async () => {
  const typed = ['plain', 'two words', 'a"b', "a'b", 'a\\b', 'a;b=c', 'naïve', '茶 🍵', 'a&b<c>', 'a\r\nb', 'a%41b', ' a '];
  await page.goto(`${ours}/blank`);
  const arrived = await page.evaluate(async (all) => {
    const form = new FormData();
    for (const text of all) form.append(text, text);
    for (const text of all) form.append('file', new File([text], text));
    const answer = await fetch('/form', { method: 'POST', body: form });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  }, typed);
  // Of a file's name only the last part counts, and no end of a line.
  const base = (name) => name.split(/[/\\]/).pop().replace(/[\r\n]/g, '');
  assert.deepEqual(arrived.slice(0, typed.length), typed.map((text) => [text, null, text]));
  assert.deepEqual(arrived.slice(typed.length), typed.map((text) => ['file', base(text), text]));
});

await check('BigPipe: the shell is painted first, and each part when it comes', async () => {
  const painting = await open();
  await painting.addInitScript(() => {
    window.painted = [];
    new PerformanceObserver((list) => window.painted.push(...list.getEntries().map(({ identifier }) => identifier))).observe({ type: 'element', buffered: true });
  });
  const painted = (name) => settled(painting, (which) => window.painted.includes(which), name);
  const release = (name) => fetch(`http://127.0.0.1:${first}/release/${name}`, { method: 'POST' });
  // A part goes out once the one before has been seen.
  await painting.goto(`${ours}/pipe`, { waitUntil: 'commit' });
  await painted('shell');
  assert.match(await painting.locator('body').innerText(), /slow comes later[^]*fast comes later/);
  await release('fast');
  await painted('fast');
  assert.match(await painting.locator('body').innerText(), /slow comes later[^]*fast is here/);
  await release('slow');
  await painted('slow');
  assert.deepEqual(await painting.evaluate('window.painted'), ['shell', 'fast', 'slow']);
});

await end();
