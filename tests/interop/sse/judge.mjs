// Has somebody else's EventSource judge our server and our case documents. The same code runs in Node and in a browser.

/** Collects what a source fires until `done` says so; `errors` says after how many errors to stop. */
function collect(EventSource, url, types, { errors = 1, done = () => false, limit = 10_000 } = {}) {
  return new Promise((resolve) => {
    const source = new EventSource(url);
    const seen = { events: [], opens: 0, errors: 0, readyState: 0 };
    const finish = (why) => { seen.why = why; seen.readyState = source.readyState; source.close(); clearTimeout(timer); resolve(seen); };
    const timer = setTimeout(() => finish('time'), limit);
    const note = (event) => {
      seen.events.push({ type: event.type, data: event.data, lastEventId: event.lastEventId });
      if (done(seen)) finish('done');
    };
    for (const type of new Set(['message', ...types])) source.addEventListener(type, note);
    source.onopen = () => { seen.opens += 1; };
    source.onerror = () => { seen.errors += 1; if (source.readyState === 2 || seen.errors >= errors) finish('error'); };
  });
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const plain = ({ type, data, lastEventId }) => ({ type, data, lastEventId });

/** Returns { name: null | what is wrong }. */
export async function judge(EventSource, base, fetchJson) {
  const results = {};
  const check = (name, ok, detail) => { results[name] = ok ? null : detail; };

  // Every rule, as the case documents have it, in one piece and in many.
  const cases = Object.entries(await fetchJson(`${base}/cases.json`));
  for (const pieces of [1, 1000]) {
    for (let at = 0; at < cases.length; at += 4) {
      await Promise.all(cases.slice(at, at + 4).map(async ([name, lines]) => {
        const expected = lines.map(plain);
        const seen = await collect(EventSource, `${base}/case/${name}/${pieces}`, expected.map((event) => event.type));
        check(pieces === 1 ? name : `${name}, byte by byte`, same(seen.events, expected), { expected, seen });
      }));
    }
  }

  const formats = (await fetchJson(`${base}/formats.json`)).map(plain);
  for (const path of ['formats', 'redirect']) {
    const seen = await collect(EventSource, `${base}/${path}`, formats.map((event) => event.type));
    check(path, same(seen.events, formats) && seen.opens === 1, { expected: formats, seen });
  }

  const countdown = await collect(EventSource, `${base}/countdown`, [], { errors: 100 });
  const numbers = countdown.events.map((event) => event.lastEventId);
  check('reconnects with its last event ID until 204', same(numbers, ['1', '2', '3', '4', '5']) && countdown.readyState === 2, countdown);

  await collect(EventSource, `${base}/echo-id`, [], { errors: 100 });
  const ids = await fetchJson(`${base}/seen-ids`);
  check('an id beyond ASCII comes back', same(ids.slice(-2), ['', 'a: b; é€🦀 "c"']), ids);

  for (const path of ['status/204', 'status/404', 'status/500', 'html']) {
    const seen = await collect(EventSource, `${base}/${path}`, [], { errors: 2 });
    check(`${path} closes for good`, seen.readyState === 2 && seen.opens === 0, seen);
  }

  // The feed breaks off in the middle of events; nothing may be missing or come twice.
  const feed = await collect(EventSource, `${base}/short-feed`, ['lost'], { errors: 1000, done: (seen) => seen.events.length >= 60 });
  const data = feed.events.map((event) => Number(event.data));
  check('a feed that breaks off loses nothing', feed.opens > 5 && data.length >= 60 && data.every((n, i) => n === data[0] + i), feed);
  return results;
}
