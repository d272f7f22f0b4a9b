// What the twins are asked: some questions of each route, and of each answer what follows from it.

const get = (path, headers) => ({ method: 'GET', path, headers });
const post = (path, type, body, headers) => ({ method: 'POST', path, headers: { ...(type && { 'content-type': type }), ...headers }, body });
const form = 'application/x-www-form-urlencoded';

/** What Koa has no word for. */
export const expressOnly = /^\/(jsonp|range|link)\b/;

const plain = [
  '/', '/page', '/json', '/empty', '/status/200', '/status/404', '/status/418', '/status/503', '/users/7', '/users/a%20b', '/users/a%2Fb', '/users/%C3%A9', '/users/',
  '/users/7/pets/9', '/users/7/pets', '/items/12', '/items/x', '/items/1x', '/items/', '/tree/a', '/tree/a/b/c', '/tree/a%2Fb/c', '/tree/', '/tree', '/any', '/passed/5', '/passed/0', '/passed/x',
  '/api/v1/teas', '/api/v1/teas/7', '/api/v1/teas/7/leaves/9', '/api/v1/teas/7/leaves', '/api/v1', '/api/v2/teas', '/guarded/secret', '/guarded/other', '/guarded',
  '/redirect', '/redirect/moved', '/redirect/see', '/redirect/out', '/redirect/back', '/cookie/set', '/cookie/read', '/cookie/clear', '/cookie/sign', '/cookie/signed',
  '/query', '/query?a=1&b=2', '/query?a=1&a=2', '/query?a[b]=1&a[c]=2', '/query?a[]=1&a[]=2', '/query?a=x+y&b=%C3%A9&c', '/query?__proto__[x]=1', '/query?a%5Bb%5D=1',
  '/error/400', '/error/404', '/error/422', '/error/500', '/error/200', '/throw', '/static/a.txt', '/static/', '/static', '/static/sub', '/static/sub/', '/static/b%20c.txt', '/static/none.txt', '/static/.hidden',
  '/static/a.txt/', '/static/..%2Ftwins.rs', '/static/%2e%2e/ours.rs', '/static/a%00.txt', '/send', '/download', '/attachment', '/tag', '/dated', '/cached', '/negotiate', '/languages', '/encodings', '/charsets',
  '/vary', '/type/xml', '/type/bytes', '/link', '/fields', '/host', '/range', '/xhr', '/stream', '/nowhere', '/Users/7', '/jsonp', '/jsonp?callback=show', '/jsonp?callback=a.b%5B0%5D', '/jsonp?callback=foo%3Bbar()',
].map((path) => get(path));

const accepts = ['text/html', 'text/plain', 'application/json', 'text/*', '*/*', 'image/png', 'text/html;q=0.5, application/json', 'text/html;q=0', '', 'application/*;q=0.3, text/plain;q=0.2'];
const ranges = ['bytes=0-4', 'bytes=5-', 'bytes=-3', 'bytes=0-0', 'bytes=999-', 'bytes=-999', 'bytes=4-2', 'bytes=0-1,3-4', 'items=0-4', 'bytes=', 'bytes=x-y'];

const told = [
  ...accepts.map((accept) => get('/negotiate', { accept })),
  ...['en', 'de;q=0.5, zh', 'fr', 'de-AT, en;q=0.1', '*', ''].map((value) => get('/languages', { 'accept-language': value })),
  ...['gzip', 'br', 'gzip;q=0', 'identity;q=0, gzip;q=0', '*', ''].map((value) => get('/encodings', { 'accept-encoding': value })),
  ...['utf-8', 'iso-8859-1', 'utf-16', 'utf-8;q=0.1, iso-8859-1'].map((value) => get('/charsets', { 'accept-charset': value })),
  ...ranges.flatMap((range) => ['/static/a.txt', '/send', '/range'].map((path) => get(path, { range }))),
  get('/guarded/secret', { 'x-key': 'open' }), get('/guarded/other', { 'x-key': 'open' }),
  get('/redirect/back', { referer: 'http://twin.example:8000/users/7?a=1', host: 'twin.example:8000' }), get('/redirect/back', { referer: 'http://evil.example/x' }), get('/redirect/back', { referer: 'http://twin.example.evil/x', host: 'twin.example' }),
  get('/cookie/read', { cookie: 'plain=a1' }), get('/cookie/read', { cookie: 'other=1; plain=b; plain=c' }), get('/cookie/read', { cookie: 'plain=%20' }), get('/cookie/read', { cookie: 'plain="q"' }), get('/cookie/read', { cookie: 'plain=' }), get('/cookie/read', { cookie: ['other=1', 'plain=a1'] }),
  get('/cookie/read', { cookie: 'other=\u00e9; plain=a1' }), get('/cookie/read', { cookie: 'plain=a1; other=\u00ff' }),
  get('/cookie/signed', { cookie: 'user=ada; user.sig=forged' }), get('/cookie/signed', { cookie: 'user=ada' }), get('/cookie/signed', { cookie: 'user=eve; user.sig=PV-O1r_jwSjtBMVEz1wzmaIDkM0' }),
  get('/host', { host: 'a.b.twin.example:8000' }), get('/host', { host: 'twin.example', 'x-forwarded-proto': 'https' }), get('/host', { host: 'twin.example', 'x-forwarded-for': '203.0.113.9' }), get('/host', { host: 'twin.example', 'x-forwarded-for': '6.6.6.6, 203.0.113.9' }),
  get('/host', { host: '127.0.0.1:80' }), get('/host', { host: '[::1]:8000' }), get('/host', { host: 'twin.example', 'x-forwarded-host': 'front.example' }),
  get('/xhr', { 'x-requested-with': 'XMLHttpRequest' }), get('/xhr', { 'x-requested-with': 'fetch' }),
  get('/dated', { 'if-modified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' }), get('/dated', { 'if-modified-since': 'Wed, 31 Dec 2025 23:59:59 GMT' }), get('/dated', { 'if-modified-since': 'yesterday' }),
  get('/tag', { 'if-none-match': '"v1"' }), get('/tag', { 'if-none-match': 'W/"v1"' }), get('/tag', { 'if-none-match': '"a", "v1"' }), get('/tag', { 'if-none-match': '"v2"' }), get('/tag', { 'if-none-match': '*' }),
  get('/tag', { 'if-none-match': '"v2"', 'if-modified-since': 'Thu, 01 Jan 2099 00:00:00 GMT' }), get('/tag', { 'if-none-match': '"v1"', 'cache-control': 'no-cache' }),
  get('/static/a.txt', { 'if-match': '"other"' }), get('/static/a.txt', { 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' }), get('/static/a.txt', { range: 'bytes=0-4', 'if-range': '"other"' }),
];

const sent = [
  post('/api/v1/teas', 'application/json', '{"tea":"white"}'), post('/body/json', 'application/json', '[1,2]'), post('/body/json', 'application/json', '{"a":'), post('/body/json', 'application/json', ''),
  post('/body/json', 'text/plain', '{}'), post('/body/json', 'application/json; charset=utf-8', '{"é":1}'), post('/body/json', 'application/problem+json', '{"a":1}'), post('/body/json', 'application/json; charset=latin1', '{}'), post('/body/json', 'application/json', '"text"'),
  post('/body/json', 'application/json', '\ufeff{"a":1}'), post('/body/json', 'application/json', '\ufeff\ufeff{}'), post('/body/json', 'application/json', ' \ufeff{}'), post('/body/json', 'application/json', '{"\ufeff":1}'),
  post('/body/json', 'application/json', JSON.stringify('x'.repeat(1.2 * 1024 * 1024))), post('/body/json', 'application/json', '{"__proto__":{"x":1}}'), post('/body/json', undefined, '{}'),
  post('/body/form', form, 'a=1&b=x+y'), post('/body/form', form, 'a[b]=1&a[c]=2'), post('/body/form', form, 'a[]=1&a[]=2'), post('/body/form', form, 'a=%C3%A9&b=%zz'), post('/body/form', form, ''), post('/body/form', form, 'a[b][c][d][e][f][g]=1'), post('/body/form', 'application/json', '{}'),
  post('/body/form', form, 'x'.repeat(200_000)), post('/body/form', form, 'a=1&a=2'), post('/body/form', `${form}; charset=utf-8`, 'a=1'),
  post('/body/form', form, '\ufeffa=1'), post('/body/form', form, '%EF%BB%BFa=1'), post('/body/text', 'text/plain', '\ufefftea'), post('/body/text', 'text/plain', 'te\ufeffa'),
  post('/body/text', 'text/plain', 'tea'), post('/body/text', 'text/plain; charset=utf-8', 'thé'), post('/body/text', 'application/json', '{}'), post('/body/text', 'text/plain', 'x'.repeat(64 * 1024)), post('/body/text', 'text/plain', 'x'.repeat(100_000)), post('/body/text', 'text/html', '<p>'),
  post('/body/raw', 'application/octet-stream', 'x'.repeat(1000)), post('/body/raw', 'application/octet-stream', 'x'.repeat(1001)), post('/body/raw', 'application/octet-stream', 'tea', { 'transfer-encoding': 'chunked' }), post('/body/raw', 'application/octet-stream', ''),
  post('/is', 'application/json', '{}'), post('/is', 'text/html', 'x'), post('/is', form, 'a=1'), post('/is', 'image/png', 'x'), post('/is', undefined, 'x'), post('/is', 'application/json', undefined),
  post('/nowhere', 'text/plain', 'x'),
  { method: 'PUT', path: '/api/v1/teas/7', headers: { 'content-type': 'application/json' }, body: '{"a":1}' }, { method: 'PATCH', path: '/api/v1/teas/7', headers: { 'content-type': 'application/json' }, body: '{"a":1}' }, { method: 'DELETE', path: '/api/v1/teas/7' },
  ...['POST', 'PUT', 'DELETE', 'PATCH'].map((method) => ({ method, path: '/any' })),
];

const paths = [...new Set(plain.map(({ path }) => path.split('?')[0]))];
export const questions = [
  ...plain, ...told, ...sent,
  ...plain.map((question) => ({ ...question, method: 'HEAD' })),
  ...paths.flatMap((path) => ['OPTIONS', 'DELETE'].map((method) => ({ method, path }))),
  ...['/', '/page', '/json', '/users/7', '/tree/a', '/api/v1/teas', '/tag', '/negotiate'].map((path) => get(`${path}/`)),
];

/** What is asked next, once something has been answered: whether it is fresh, and what a signed cookie is worth. */
export const next = ({ method, path, headers: asked = {} }, { headers }) => {
  if (method !== 'GET' || Object.keys(asked).some((name) => name.startsWith('if-'))) return [];
  const { etag, 'last-modified': modified, 'set-cookie': cookies } = headers;
  const again = (name, more) => ({ name, ...get(path, { ...asked, ...more }) });
  return [
    ...(etag ? [again('fresh by its tag', { 'if-none-match': etag })] : []),
    ...(etag && path === '/static/a.txt' ? [again('a part if it is the same', { range: 'bytes=0-4', 'if-range': etag })] : []),
    ...(modified ? [again('fresh by its date', { 'if-modified-since': modified })] : []),
    ...(cookies && path === '/cookie/sign' ? [{ name: 'a signed cookie', ...get('/cookie/signed', { cookie: cookies.map((line) => line.split(';')[0]).join('; ') }) }] : []),
  ];
};
