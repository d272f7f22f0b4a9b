// Express and Koa as peers: GitHub's 130 routes and five layers around them, or a session in memory. `node hello.mjs express|koa hello|session`.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [which, part] = process.argv.slice(2);
const paths = readFileSync(new URL('../../github.txt', import.meta.url), 'utf8').trim().split('\n').map((path) => path.replace(/\{(\w+)\}/g, ':$1'));
let asked = 0;
const id = () => (asked += 1).toString(16).padStart(16, '0');

async function express() {
  const { default: make } = await import('express');
  const app = make().disable('x-powered-by').disable('etag');
  if (part === 'session') {
    const { default: session } = await import('express-session');
    app.use(session({ secret: 'a secret of thirty-two bytes, or of more', resave: false, saveUninitialized: true, cookie: { maxAge: 86_400_000 } }));
    app.use((req, res) => { req.session.visits = (req.session.visits ?? 0) + 1; res.type('text').send('Hello, World!'); });
    return app;
  }
  app.use((req, res, next) => { res.set('x-request-id', id()); next(); });
  app.use((req, res, next) => { res.set('x-content-type-options', 'nosniff'); next(); });
  app.use((req, res, next) => { res.vary('origin'); next(); });
  app.use((req, res, next) => { res.on('finish', () => { asked += 0; }); next(); });
  app.use((req, res, next) => { req.session = (req.headers.cookie ?? '').includes('sid=') || undefined; next(); });
  for (const path of paths) app.get(path, (req, res) => res.type('text').send('Hello, World!'));
  return app;
}

async function koa() {
  const { default: Koa } = await import('koa');
  const { default: Router } = await import('@koa/router');
  const app = new Koa({ keys: ['a secret of thirty-two bytes, or of more'] });
  if (part === 'session') {
    const { default: session } = await import('koa-session');
    const kept = new Map();
    const create = session.createSession ?? session;
    app.use(create({ store: { get: (key) => kept.get(key), set: (key, value) => { kept.set(key, value); }, destroy: (key) => { kept.delete(key); } } }, app));
    app.use((ctx) => { ctx.session.visits = (ctx.session.visits ?? 0) + 1; ctx.body = 'Hello, World!'; });
    return app.callback();
  }
  app.use(async (ctx, next) => { ctx.set('x-request-id', id()); await next(); });
  app.use(async (ctx, next) => { ctx.set('x-content-type-options', 'nosniff'); await next(); });
  app.use(async (ctx, next) => { ctx.vary('origin'); await next(); });
  app.use(async (ctx, next) => { await next(); asked += 0; });
  app.use(async (ctx, next) => { ctx.state.session = ctx.get('cookie').includes('sid=') || undefined; await next(); });
  const router = new Router();
  for (const path of paths) router.get(path, (ctx) => { ctx.body = 'Hello, World!'; });
  app.use(router.routes());
  return app.callback();
}

const server = createServer(await { express, koa }[which]());
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${server.address().port}`));
