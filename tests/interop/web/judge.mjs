// npm's packages and ours, asked the same. Every difference has to be one that deviations.mjs has a reason for, and every reason has to
// be needed. `node judge.mjs PROGRAM [QUESTIONS] [SEED]`.
import { spawnSync } from 'node:child_process';
import { isDeepStrictEqual } from 'node:util';
import * as contentDisposition from 'content-disposition';
import * as cookie from 'cookie';
import Cookies from 'cookies';
import fresh from 'fresh';
import Keygrip from 'keygrip';
import Negotiator from 'negotiator';
import { match } from 'path-to-regexp';
import proxyAddr from 'proxy-addr';
import qs from 'qs';
import * as rangeParser from 'range-parser';
import { TypeIs } from 'type-is';
import { deviations } from './deviations.mjs';
import { dice, make } from './questions.mjs';

const [program, count = '2000', seed = '7'] = process.argv.slice(2);
const negotiator = (name, field) => new Negotiator({ headers: field === undefined ? {} : { [name]: field } });
const tried = (run) => { try { return run(); } catch { return null; } };

const theirs = {
  cookie: ({ field }) => ({ ...cookie.parseCookie(field, { decode: (text) => text }) }),
  'set-cookie': ({ judge, name, value, ...options }) => tried(() => cookie.stringifySetCookie({ name, value, ...options }, { encode: (text) => text })),
  keygrip: (asked) => {
    const text = `${asked.name}=${asked.value}`;
    asked.signature = new Keygrip([asked.from]).sign(text);
    if (asked.flip) asked.signature = asked.signature.slice(1) + asked.signature[0];
    const keys = new Keygrip(asked.keys);
    const at = keys.index(text, asked.signature);
    // What `cookies` sets beside the cookie, and whether it takes what was signed elsewhere.
    const set = [];
    const request = { headers: { cookie: `${asked.name}=${asked.value}; ${asked.name}.sig=${asked.signature}` } };
    const jar = new Cookies(request, { getHeader: () => undefined, setHeader: (name, fields) => set.push(...fields) }, { keys });
    tried(() => jar.set(asked.name, asked.value, { signed: true }));
    const beside = set.map((field) => field.match(/\.sig=([^;]*)/)?.[1]).find(Boolean) ?? keys.sign(text);
    if (set.length && (jar.get(asked.name, { signed: true }) === undefined) !== (at < 0)) throw new Error(`cookies and keygrip differ: ${text}`);
    return { signed: beside, verified: at < 0 ? null : at };
  },
  types: ({ field, offers }) => negotiator('accept', field).mediaTypes(offers),
  languages: ({ field, offers }) => negotiator('accept-language', field).languages(offers),
  charsets: ({ field, offers }) => negotiator('accept-charset', field).charsets(offers),
  encodings: ({ field, offers }) => negotiator('accept-encoding', field).encodings(offers, { preferred: offers }),
  fresh: ({ etag, modified, ifNoneMatch, ifModifiedSince }) =>
    fresh({ 'if-none-match': ifNoneMatch, 'if-modified-since': ifModifiedSince }, { etag, 'last-modified': modified }),
  range: ({ field, size }) => {
    const { code, type, ranges } = rangeParser.parse(size, field);
    if (type !== 'bytes' || code & 1) return 'whole';
    if (ranges.length === 0) return size === 0 && code === 0 ? 'whole' : 'unsatisfiable';
    return ranges.map(({ start, end }) => [start, end]);
  },
  attachment: ({ name }) => contentDisposition.create(name),
  disposition: ({ field }) => tried(() => {
    const { type, parameters } = contentDisposition.parse(field);
    return { type, filename: parameters.filename ?? null };
  }),
  proxy: ({ peer, trust, field }) => proxyAddr({ socket: { remoteAddress: peer }, headers: { 'x-forwarded-for': field } }, trust),
  type: ({ field, types }) => tried(() => new TypeIs(types).is(field) ?? null),
  qs: ({ text }) => tried(() => qs.parse(text, { depth: 5, strictDepth: true, arrayLimit: 100, parameterLimit: 1000, throwOnLimitExceeded: true, plainObjects: true })),
  path: ({ theirs: pattern, path }) => tried(() => {
    const found = match(pattern, { sensitive: true, trailing: false })(path);
    return found && Object.fromEntries(Object.entries(found.params).map(([name, value]) => [name, [value].flat().join('/')]));
  }),
};

// The order of attributes means nothing (RFC 6265bis §5.6).
const sorted = (field) => (field === null ? null : [field.split('; ')[0], ...field.split('; ').slice(1).sort()]);
const same = ({ judge }, a, b) => (judge === 'set-cookie' ? isDeepStrictEqual(sorted(a), sorted(b)) : isDeepStrictEqual(a, b));
const plain = (value) => JSON.parse(JSON.stringify(value ?? null));
const asked = [];
for (const [judge, question] of Object.entries(make)) {
  const rolls = dice(BigInt(seed) * 1000003n + BigInt(judge.length));
  for (let at = 0; at < Number(count); at += 1) asked.push({ judge, ...question(rolls) });
}
// What they say first: a question may be completed by the answer.
const said = asked.map((question) => plain(theirs[question.judge](question)));
const { stdout, status } = spawnSync(program, { input: asked.map((question) => JSON.stringify(question)).join('\n') + '\n', maxBuffer: 1 << 30 });
if (status !== 0) throw new Error(`${program} ended with ${status}`);
const ours = stdout.toString().trimEnd().split('\n').map((line) => JSON.parse(line));
if (ours.length !== asked.length) throw new Error(`${ours.length} answers to ${asked.length} questions`);

const used = new Map();
const unexplained = [];
const agreed = {};
asked.forEach((question, at) => {
  if (same(question, said[at], ours[at])) { agreed[question.judge] = (agreed[question.judge] ?? 0) + 1; return; }
  const reason = deviations.find((deviation) => deviation.judge.includes(question.judge) && deviation.when(question, said[at], ours[at]));
  if (reason) used.set(reason, (used.get(reason) ?? 0) + 1);
  else unexplained.push({ question, theirs: said[at], ours: ours[at] });
});
for (const judge of Object.keys(make)) console.log(`${judge}: the same ${agreed[judge] ?? 0} times of ${count}`);
for (const deviation of deviations) console.log(`${String(used.get(deviation) ?? 0).padStart(6)}  ${deviation.judge.join(', ')}: ${deviation.reason}`);
const stale = Number(count) >= 2000 ? deviations.filter((deviation) => !used.has(deviation)) : [];
for (const deviation of stale) console.error(`no difference needs this reason: ${deviation.reason}`);
for (const difference of unexplained.slice(0, Number(process.env.TOLD ?? 10))) console.error(JSON.stringify(difference));
if (unexplained.length) console.error(`${unexplained.length} differences without a reason`);
process.exit(unexplained.length || stale.length ? 1 : 0);
