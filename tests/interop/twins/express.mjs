// The twin in Express. It prints its port.
import { STATUS_CODES } from 'node:http';
import { join } from 'node:path';
import Cookies from 'cookies';
import express from 'express';
import qs from 'qs';

const site = join(import.meta.dirname, 'site');
const keys = ['the newest key of the twins', 'an older key'];
const exact = { strict: true, caseSensitive: true, mergeParams: true };

const app = express();
app.disable('x-powered-by');
app.enable('strict routing');
app.enable('case sensitive routing');
app.set('trust proxy', 'loopback');
app.set('query parser', (text) => qs.parse(text, { depth: 5 }));
app.use(Cookies.express(keys));

app.get('/', (req, res) => res.type('text').send('hello'));
app.get('/page', (req, res) => res.type('html').send('<p>hello'));
app.get('/json', (req, res) => res.json({ tea: 'green', list: [1, null, true], text: 'é </script>' }));
app.get('/jsonp', (req, res) => res.jsonp({ tea: 'green', text: '\u2028' }));
app.get('/empty', (req, res) => res.status(204).end());
app.get('/status/:code', (req, res) => res.type('text').sendStatus(Number(req.params.code)));
app.get('/users/:id', (req, res) => res.type('text').send(`user ${req.params.id}`));
app.get('/users/:id/pets/:pet', (req, res) => res.type('text').send(`${req.params.id} has ${req.params.pet}`));
app.get(/^\/items\/(\d+)$/, (req, res) => res.type('text').send(`item ${req.params[0]}`));
app.get('/tree/*rest', (req, res) => res.type('text').send(`tree ${req.params.rest.join('/')}`));
app.all('/any', (req, res) => res.type('text').send(`any ${req.method}`));
app.get('/passed/:x', (req, res, next) => (/^\d+$/.test(req.params.x) && req.params.x !== '0' ? res.type('text').send(`number ${req.params.x}`) : next('route')));
app.get('/passed/:y', (req, res) => res.type('text').send(`word ${req.params.y}`));

const teas = express.Router(exact);
teas.get('/teas', (req, res) => res.json(['green', 'black']));
teas.post('/teas', express.json(), (req, res) => res.status(201).location('/api/v1/teas/7').json(req.body));
teas.get('/teas/:id', (req, res) => res.json({ id: req.params.id }));
teas.put('/teas/:id', express.json(), (req, res) => res.json({ id: req.params.id, put: req.body }));
teas.patch('/teas/:id', express.json(), (req, res) => res.json({ id: req.params.id, patch: req.body }));
teas.delete('/teas/:id', (req, res) => res.status(204).end());
const leaves = express.Router(exact);
leaves.get('/leaves/:leaf', (req, res) => res.json(req.params));
teas.use('/teas/:id', leaves);
const guarded = express.Router(exact);
guarded.use((req, res, next) => (req.get('x-key') === 'open' ? next() : next({ status: 401 })));
guarded.get('/secret', (req, res) => res.type('text').send('secret'));
app.use('/api/v1', teas);
app.use('/guarded', guarded);

app.get('/redirect', (req, res) => res.redirect('/page'));
app.get('/redirect/moved', (req, res) => res.redirect(301, '/page'));
app.get('/redirect/see', (req, res) => res.redirect(303, '/page?a=1&b=é'));
app.get('/redirect/out', (req, res) => res.redirect('https://example.com/tea'));
app.get('/redirect/back', (req, res) => {
  const here = `${req.protocol}://${req.get('host')}/`;
  const from = req.get('referrer') ?? '';
  res.redirect(from.startsWith(here) ? from.slice(here.length - 1) : '/page');
});
app.get('/cookie/set', (req, res) => res.cookie('plain', 'a1', { httpOnly: true, sameSite: 'lax' }).cookie('short', 'b', { maxAge: 60_000, path: '/cookie', sameSite: 'strict' }).type('text').send('set'));
app.get('/cookie/read', (req, res) => res.type('text').send(`plain ${req.cookies.get('plain') ?? 'none'}`));
app.get('/cookie/clear', (req, res) => res.clearCookie('plain', { httpOnly: true, sameSite: 'lax' }).type('text').send('cleared'));
app.get('/cookie/sign', (req, res) => {
  res.cookies.set('user', 'ada', { signed: true, sameSite: 'lax' });
  res.type('text').send('signed');
});
app.get('/cookie/signed', (req, res) => res.type('text').send(`user ${req.cookies.get('user', { signed: true }) ?? 'nobody'}`));
app.get('/query', (req, res) => res.json(req.query));

app.post('/body/json', express.json(), (req, res) => res.json(req.body));
app.post('/body/form', express.urlencoded({ extended: true, depth: 5 }), (req, res) => res.json(req.body));
app.post('/body/text', express.text({ type: 'text/*', limit: '64kb' }), (req, res) => (typeof req.body === 'string' ? res.type('text').send(req.body) : res.status(415).type('text').send(STATUS_CODES[415])));
app.post('/body/raw', express.raw({ type: () => true, limit: 1000 }), (req, res) => res.type('text').send(`${req.body.length ?? 0} bytes`));
app.post('/is', (req, res) => res.type('text').send(String(req.is(['json', 'text/*', 'urlencoded']))));

app.get('/error/:status', (req, res, next) => next({ status: Number(req.params.status) }));
app.get('/throw', () => { throw new Error('a secret of ours'); });

app.use('/static', express.static(site, { redirect: true }));
app.get('/send', (req, res) => res.sendFile('tea.json', { root: site }));
app.get('/download', (req, res) => res.download(join(site, 'a.txt'), 'the "first" €.txt'));
app.get('/attachment', (req, res) => res.attachment('plan.pdf').type('text').send('a plan'));

app.get('/tag', (req, res) => res.set('ETag', '"v1"').type('text').send('tagged'));
app.get('/dated', (req, res) => res.set('Last-Modified', 'Thu, 01 Jan 2026 00:00:00 GMT').type('text').send('dated'));
app.get('/cached', (req, res) => res.set('Cache-Control', 'public, max-age=60').type('text').send('cached'));
app.get('/negotiate', (req, res) => {
  res.vary('Accept');
  const wanted = req.accepts(['html', 'text', 'json']);
  if (wanted === 'html') res.type('html').send('<p>tea');
  else if (wanted === 'text') res.type('text').send('tea');
  else if (wanted === 'json') res.json('tea');
  else res.status(406).type('text').send(STATUS_CODES[406]);
});
app.get('/languages', (req, res) => res.vary('Accept-Language').type('text').send(String(req.acceptsLanguages(['en', 'de', 'zh']))));
app.get('/encodings', (req, res) => res.vary('Accept-Encoding').type('text').send(String(req.acceptsEncodings(['gzip', 'identity']))));
app.get('/charsets', (req, res) => res.type('text').send(String(req.acceptsCharsets(['utf-8', 'iso-8859-1']))));
app.get('/vary', (req, res) => res.vary('Accept').vary('accept').vary('Cookie').type('text').send('vary'));
app.get('/type/xml', (req, res) => res.type('xml').send('<a/>'));
app.get('/type/bytes', (req, res) => res.send(Buffer.from([1, 2, 3])));
app.get('/link', (req, res) => res.links({ next: '/page?n=2', last: '/page?n=9' }).type('text').send('links'));
app.get('/fields', (req, res) => res.set('X-One', '1').set('x-one', '2').append('X-Two', 'a').append('X-Two', 'b').set('X-Three', '3').removeHeader('X-Three') ?? res.type('text').send('fields'));
app.get('/host', (req, res) => res.json({ host: req.host, hostname: req.hostname, protocol: req.protocol, secure: req.secure, ip: req.ip.replace('::ffff:', ''), subdomains: req.subdomains }));
app.get('/range', (req, res) => {
  const ranges = req.range(100);
  res.json(Array.isArray(ranges) ? ranges.map(({ start, end }) => [start, end]) : ranges ?? 'whole');
});
app.get('/xhr', (req, res) => res.type('text').send(String(req.xhr)));
app.get('/stream', (req, res) => {
  res.type('text').write('one ');
  setImmediate(() => res.end('two'));
});

app.use((req, res) => res.status(404).type('text').send(STATUS_CODES[404]));
app.use((error, req, res, next) => {
  const status = error.status >= 400 && error.status < 600 ? error.status : 500;
  if (!res.headersSent) res.status(status).type('text').send(STATUS_CODES[status]);
});
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
