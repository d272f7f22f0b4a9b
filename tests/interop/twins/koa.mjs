// The twin in Koa. It prints its port.
import { STATUS_CODES } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { bodyParser } from '@koa/bodyparser';
import Router from '@koa/router';
import Koa from 'koa';
import conditional from 'koa-conditional-get';
import etag from '@koa/etag';
import send from 'koa-send';
import qs from 'qs';

const site = join(import.meta.dirname, 'site');
const app = new Koa({ keys: ['the newest key of the twins', 'an older key'], proxy: true, maxIpsCount: 1 });
app.silent = true;
app.use(conditional()).use(etag());
app.use(async (ctx, next) => {
  try {
    await next();
    if (ctx.status >= 400 && ctx.body == null) fail(ctx, ctx.status);
  } catch (error) {
    fail(ctx, error.status >= 400 && error.status < 600 ? error.status : 500);
  }
});
function fail(ctx, status) {
  ctx.status = status;
  ctx.type = 'text';
  ctx.body = STATUS_CODES[status];
}
const text = (ctx, body) => { ctx.type = 'text'; ctx.body = body; };
const json = (ctx, body) => { ctx.type = 'json'; ctx.body = JSON.stringify(body); };
const parser = (kind, limits) => bodyParser({ enableTypes: [kind], jsonStrict: false, encoding: 'utf-8', extendTypes: { text: ['text/*'] }, ...limits });
const wants = (kind) => (ctx, next) => (ctx.request.length && !ctx.is(kind) ? fail(ctx, 415) : next());

const router = new Router({ strict: true, sensitive: true });
router.get('/', (ctx) => text(ctx, 'hello'));
router.get('/page', (ctx) => { ctx.type = 'html'; ctx.body = '<p>hello'; });
router.get('/json', (ctx) => { ctx.body = { tea: 'green', list: [1, null, true], text: 'é </script>' }; });
router.get('/empty', (ctx) => { ctx.status = 204; });
router.get('/status/:code', (ctx) => { ctx.status = Number(ctx.params.code); text(ctx, STATUS_CODES[ctx.status]); });
router.get('/users/:id', (ctx) => text(ctx, `user ${ctx.params.id}`));
router.get('/users/:id/pets/:pet', (ctx) => text(ctx, `${ctx.params.id} has ${ctx.params.pet}`));
router.get(/^\/items\/(\d+)$/, (ctx) => text(ctx, `item ${ctx.captures?.[0] ?? ctx.params[0]}`));
router.get('/tree/*rest', (ctx) => text(ctx, `tree ${[ctx.params.rest].flat().join('/')}`));
router.all('/any', (ctx) => text(ctx, `any ${ctx.method}`));
router.get('/passed/:x', (ctx, next) => (/^\d+$/.test(ctx.params.x) && ctx.params.x !== '0' ? text(ctx, `number ${ctx.params.x}`) : next()));
router.get('/passed/:y', (ctx) => text(ctx, `word ${ctx.params.y}`));

const teas = new Router({ prefix: '/api/v1', strict: true, sensitive: true });
teas.get('/teas', (ctx) => { ctx.body = ['green', 'black']; });
teas.post('/teas', parser('json'), (ctx) => { ctx.status = 201; ctx.set('Location', '/api/v1/teas/7'); ctx.body = ctx.request.body; });
teas.get('/teas/:id', (ctx) => { ctx.body = { id: ctx.params.id }; });
teas.put('/teas/:id', parser('json'), (ctx) => { ctx.body = { id: ctx.params.id, put: ctx.request.body }; });
teas.patch('/teas/:id', parser('json'), (ctx) => { ctx.body = { id: ctx.params.id, patch: ctx.request.body }; });
teas.delete('/teas/:id', (ctx) => { ctx.status = 204; });
const leaves = new Router({ strict: true, sensitive: true });
leaves.get('/leaves/:leaf', (ctx) => { ctx.body = { ...ctx.params }; });
teas.use('/teas/:id', leaves.routes());
const guarded = new Router({ prefix: '/guarded', strict: true, sensitive: true });
guarded.use((ctx, next) => (ctx.get('x-key') === 'open' ? next() : ctx.throw(401)));
guarded.get('/secret', (ctx) => text(ctx, 'secret'));

router.get('/redirect', (ctx) => ctx.redirect('/page'));
router.get('/redirect/moved', (ctx) => { ctx.status = 301; ctx.redirect('/page'); });
router.get('/redirect/see', (ctx) => { ctx.status = 303; ctx.redirect('/page?a=1&b=é'); });
router.get('/redirect/out', (ctx) => ctx.redirect('https://example.com/tea'));
router.get('/redirect/back', (ctx) => ctx.back('/page'));
router.get('/cookie/set', (ctx) => {
  ctx.cookies.set('plain', 'a1', { signed: false, sameSite: 'lax' });
  ctx.cookies.set('short', 'b', { signed: false, httpOnly: false, maxAge: 60_000, path: '/cookie', sameSite: 'strict' });
  text(ctx, 'set');
});
router.get('/cookie/read', (ctx) => text(ctx, `plain ${ctx.cookies.get('plain', { signed: false }) ?? 'none'}`));
router.get('/cookie/clear', (ctx) => { ctx.cookies.set('plain', null, { signed: false, sameSite: 'lax' }); text(ctx, 'cleared'); });
router.get('/cookie/sign', (ctx) => { ctx.cookies.set('user', 'ada', { sameSite: 'lax' }); text(ctx, 'signed'); });
router.get('/cookie/signed', (ctx) => text(ctx, `user ${ctx.cookies.get('user', { signed: true }) ?? 'nobody'}`));
router.get('/query', (ctx) => json(ctx, qs.parse(ctx.querystring, { depth: 5 })));

router.post('/body/json', wants(['json', '+json']), parser('json'), (ctx) => json(ctx, ctx.request.body));
router.post('/body/form', wants(['urlencoded']), parser('form', { qs: { depth: 5 } }), (ctx) => json(ctx, ctx.request.body));
router.post('/body/text', wants(['text/*']), parser('text', { textLimit: '64kb' }), (ctx) => text(ctx, ctx.request.body));
router.post('/body/raw', async (ctx) => {
  let bytes = 0;
  for await (const piece of ctx.req) bytes += piece.length;
  if (bytes > 1000) ctx.throw(413);
  text(ctx, `${bytes} bytes`);
});
router.post('/is', (ctx) => text(ctx, String(ctx.is(['json', 'text/*', 'urlencoded']) || false)));

router.get('/error/:status', (ctx) => { throw Object.assign(new Error('x'), { status: Number(ctx.params.status) }); });
router.get('/throw', () => { throw new Error('a secret of ours'); });

router.get('/static/{*file}', async (ctx) => {
  await send(ctx, ctx.path.slice('/static'.length) || '/', { root: site, index: 'index.html', format: false });
});
router.get('/send', (ctx) => send(ctx, 'tea.json', { root: site }));
router.get('/download', async (ctx) => { ctx.attachment('the "first" €.txt'); await send(ctx, 'a.txt', { root: site }); });
router.get('/attachment', (ctx) => { ctx.attachment('plan.pdf'); text(ctx, 'a plan'); });

router.get('/tag', (ctx) => { ctx.etag = 'v1'; text(ctx, 'tagged'); });
router.get('/dated', (ctx) => { ctx.lastModified = new Date('2026-01-01T00:00:00Z'); text(ctx, 'dated'); });
router.get('/cached', (ctx) => { ctx.set('Cache-Control', 'public, max-age=60'); text(ctx, 'cached'); });
router.get('/negotiate', (ctx) => {
  ctx.vary('Accept');
  const wanted = ctx.accepts('html', 'text', 'json');
  if (wanted === 'html') { ctx.type = 'html'; ctx.body = '<p>tea'; }
  else if (wanted === 'text') text(ctx, 'tea');
  else if (wanted === 'json') json(ctx, 'tea');
  else ctx.throw(406);
});
router.get('/languages', (ctx) => { ctx.vary('Accept-Language'); text(ctx, String(ctx.acceptsLanguages('en', 'de', 'zh'))); });
router.get('/encodings', (ctx) => { ctx.vary('Accept-Encoding'); text(ctx, String(ctx.acceptsEncodings('gzip', 'identity'))); });
router.get('/charsets', (ctx) => text(ctx, String(ctx.acceptsCharsets('utf-8', 'iso-8859-1'))));
router.get('/vary', (ctx) => { ctx.vary('Accept'); ctx.vary('accept'); ctx.vary('Cookie'); text(ctx, 'vary'); });
router.get('/type/xml', (ctx) => { ctx.type = 'xml'; ctx.body = '<a/>'; });
router.get('/type/bytes', (ctx) => { ctx.body = Buffer.from([1, 2, 3]); });
router.get('/fields', (ctx) => { ctx.set('X-One', '1'); ctx.set('x-one', '2'); ctx.append('X-Two', 'a'); ctx.append('X-Two', 'b'); ctx.set('X-Three', '3'); ctx.remove('X-Three'); text(ctx, 'fields'); });
router.get('/host', (ctx) => json(ctx, { host: ctx.host, hostname: ctx.hostname, protocol: ctx.protocol, secure: ctx.secure, ip: ctx.ip.replace('::ffff:', ''), subdomains: ctx.subdomains }));
router.get('/xhr', (ctx) => text(ctx, String(ctx.get('x-requested-with').toLowerCase() === 'xmlhttprequest')));
router.get('/stream', (ctx) => { ctx.type = 'text'; ctx.body = Readable.from(['one ', 'two']); });

for (const one of [router, teas, guarded]) app.use(one.routes());
app.use(router.allowedMethods()).use(teas.allowedMethods());
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
