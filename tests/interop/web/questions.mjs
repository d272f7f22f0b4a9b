// Seeded questions: for each judge some that are well-formed, some that are nearly so, and some that are noise.

export function dice(seed) {
  let state = BigInt(seed);
  const below = (n) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number((state >> 33n) % BigInt(n));
  };
  const one = (list) => list[below(list.length)];
  const many = (most, make) => Array.from({ length: below(most + 1) }, make);
  const maybe = (value) => (below(2) ? value : undefined);
  // Now and then one character of a text is another, or missing.
  const bent = (text) => {
    if (below(4) || !text) return text;
    const at = below(text.length);
    return text.slice(0, at) + one(['', ' ', ',', ';', '=', '"', '\\', '%', 'x', '*', '/', '-', '0']) + text.slice(at + 1);
  };
  return { below, one, many, maybe, bent };
}

const words = ['a', 'b', 'sid', 'x-y', 'A', '_c'];
const q = ['', ';q=1', ';q=0.5', ';q=0.001', ';q=0', '; q=0.8', ';q=1.0', ';q=0.25', ';Q=0.3'];
const dates = ['Thu, 01 Jan 2026 00:00:00 GMT', 'Fri, 02 Jan 2026 00:00:00 GMT', 'Sun, 09 Sep 2001 01:46:40 GMT', 'Sat, 03 Jan 2026 10:20:30 GMT'];

export const make = {
  cookie: (d) => ({ field: d.bent(d.many(5, () => `${d.one(words)}=${d.one(['1', '', 'x=y', '"q"', 'a b', 'ä', '%20', 'abc'])}`).join(d.one(['; ', ';', ' ; ']))) }),
  'set-cookie': (d) => ({
    name: d.bent(d.one(words)), value: d.bent(d.one(['v', '', 'abc', 'a.b', '1~2'])), path: d.maybe(d.bent(d.one(['/', '/a', '/a/b']))),
    domain: d.maybe(d.bent(d.one(['example.com', '.example.com', 'a.b']))), maxAge: d.maybe(d.one([0, 1, 60, 34560000])), secure: !!d.below(2), httpOnly: !!d.below(2),
  }),
  keygrip: (d) => {
    const keys = [...d.many(2, () => d.one(['k1', 'key two', 'x']))].concat('last');
    return { keys, name: d.one(words), value: d.one(['1', '', 'a=b', 'ä']), from: d.one([...keys, 'stranger']), flip: !d.below(4) };
  },
  types: (d) => ({
    field: d.maybe(d.bent(d.many(5, () => d.one(['text/html', 'text/*', '*/*', 'text/plain', 'application/json', 'text/html;level=1', 'IMAGE/png', 'application/*']) + d.one(q)).join(d.one([',', ', ', ' , '])))),
    offers: ['text/html', 'text/plain', 'application/json', 'image/png', 'text/html;level=1'].filter(() => d.below(3)),
  }),
  languages: (d) => ({
    field: d.maybe(d.bent(d.many(5, () => d.one(['en', 'en-US', 'de', 'fr', '*', 'EN', 'zh-Hans', 'de-AT']) + d.one(q)).join(d.one([',', ', '])))),
    offers: ['en', 'en-US', 'de', 'fr-CA', 'zh-Hans-CN', 'de-CH'].filter(() => d.below(3)),
  }),
  charsets: (d) => ({
    field: d.maybe(d.bent(d.many(4, () => d.one(['utf-8', 'iso-8859-1', '*', 'UTF-8', 'utf-16']) + d.one(q)).join(', '))),
    offers: ['utf-8', 'iso-8859-1', 'utf-16'].filter(() => d.below(3)),
  }),
  encodings: (d) => ({
    field: d.maybe(d.bent(d.many(4, () => d.one(['gzip', 'br', 'deflate', '*', 'identity', 'GZIP', 'zstd']) + d.one(q)).join(', '))),
    offers: ['zstd', 'br', 'gzip', 'deflate'].filter(() => d.below(3)).concat('identity'),
  }),
  fresh: (d) => ({
    etag: d.maybe(d.one(['"a"', 'W/"a"', '"b"', '""'])), modified: d.maybe(d.one(dates)),
    ifNoneMatch: d.maybe(d.bent(d.one(['*', '']) || d.many(4, () => d.one(['"a"', 'W/"a"', '"b"', '"c"', '""', 'W/"b"'])).join(d.one([',', ', ', ' , '])))),
    ifModifiedSince: d.maybe(d.one([...dates, 'yesterday', ''])),
  }),
  range: (d) => ({
    size: d.one([0, 1, 10, 1000, 9007199254740991]),
    field: d.bent(d.one(['bytes=', 'bytes=', 'Bytes=', 'bytes =', 'items=', '']) + d.many(4, () => d.one(['0-', '0-0', '5-9', '-1', '-5', '-0', '999-', '9-5', '1000-2000', '0-99999999999999', '', '-', ' 2-3 '])).join(d.one([',', ', ']))),
  }),
  attachment: (d) => ({ name: d.maybe(d.many(6, () => d.one(['a', 'plan', '.pdf', ' ', '"', '€', 'é', '%', '%41', ';', "'", '日本'])).join('')) }),
  disposition: (d) => ({
    field: d.bent(d.one(['attachment', 'inline', 'Attachment', 'form-data']) + d.many(3, () => d.one(['; filename=a.txt', '; filename="a b"', '; filename="a\\"b"', "; filename*=UTF-8''%e2%82%ac", "; filename*=utf-8'en'x.txt", "; filename*=iso-8859-1''%a3", '; size=1', ';filename=x'])).join('')),
  }),
  proxy: (d) => ({
    peer: d.one(['10.0.0.1', '127.0.0.1', '192.0.2.1', '::1', 'fe80::1', '::ffff:10.0.0.1']),
    trust: ['10.0.0.0/8', 'loopback', 'linklocal', 'uniquelocal', '192.0.2.1', '::1/128'].filter(() => !d.below(2)),
    field: d.maybe(d.bent(d.many(5, () => d.one(['10.0.0.2', '203.0.113.7', '127.0.0.1', '::1', '192.168.0.9', '2001:db8::1'])).join(d.one([', ', ',', ' , '])))),
  }),
  type: (d) => ({
    field: d.bent(d.one(['text/html', 'TEXT/HTML', 'application/json', 'application/problem+json', 'image/svg+xml', 'multipart/form-data', 'application/x-www-form-urlencoded']) + d.one(['', '; charset=utf-8', ';charset="utf-8"', '; boundary="a;b"', ' ; a=b'])),
    types: ['text/html', 'text/*', '*/*+json', 'application/*', 'multipart/*', 'application/json', '*/*'].filter(() => !d.below(3)),
  }),
  qs: (d) => ({
    text: d.bent(d.many(6, () => `${d.one(['a', 'b', 'c'])}${d.many(3, () => d.one(['[x]', '[y]', '[]', '[0]', '[1]', '[7]'])).join('')}=${d.one(['1', '2', '', 'x+y', '%20', '%zz', 'é'])}`).join('&')),
  }),
  path: (d) => {
    const segments = d.many(4, () => d.one([['a', 'a'], ['b', 'b'], ['{x}', ':x'], ['{y}', ':y'], ['{z}.json', ':z.json'], ['v{w}', 'v:w'], ['é', 'é']]));
    const ours = new Set(segments.filter(([own]) => own.includes('{')).map(([own]) => own));
    const once = segments.filter(([own], at) => !own.includes('{') || segments.findIndex(([other]) => other === own) === at);
    const rest = !d.below(4) ? [['{*rest}', '*rest']] : [];
    const all = once.concat(rest);
    void ours;
    return {
      pattern: '/' + all.map(([own]) => own).join('/'), theirs: '/' + all.map(([, their]) => their).join('/'),
      path: d.bent('/' + all.map(([own]) => (own.includes('{') && d.below(5) ? d.one(['a', '7', 'q.json', 'v1', 'x%20y', 'a%2Fb', 'é', 'a/b', '']) : own)).join('/')),
    };
  },
};
