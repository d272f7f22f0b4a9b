// Where the twins differ, and why. `when` says which differences a reason is for: the question, their answer, ours. A reason may be for
// several fields of one answer, and for one peer or both.

const all = ['status', 'type', 'body', 'content-length', 'allow', 'etag', 'location', 'cache-control', 'accept-ranges', 'content-range', 'last-modified', 'vary', 'cookies', 'content-disposition'];
const isSafe = ({ method }) => method === 'GET' || method === 'HEAD';
const isFile = ({ path }) => /^\/(static|send|download)\b/.test(path);
const isOpaque = (path) => /%2e%2e|%00/i.test(path);

export const deviations = [
  {
    field: all,
    reason: 'a path that can be read in two ways is a 400 for every method, before any route is looked for',
    when: ({ path }, theirs, ours) => isOpaque(path) && ours.status === 400,
  },
  {
    field: all,
    peer: 'koa',
    reason: 'a guard of a router is around all that lies below its prefix, and around whatever is asked there by another method or has no route (koa-router #257); theirs around the paths that it has, and the methods',
    when: ({ path }, theirs, ours) => path.startsWith('/guarded') && ours.status === 401 && theirs.status !== 401,
  },
  {
    field: all,
    peer: 'express',
    reason: 'a path that is known answers another method with 405 and the methods that it has (RFC 9110 §15.5.6); theirs with 404',
    when: (asked, theirs, ours) => ours.status === 405 && theirs.status === 404,
  },
  {
    field: all,
    peer: 'express',
    reason: 'OPTIONS is answered for every path that there is (RFC 9110 §9.3.7); theirs not where the application has a handler for all that is missing',
    when: ({ method }, theirs, ours) => method === 'OPTIONS' && ours.status === 204 && theirs.status === 404,
  },
  {
    field: ['status', 'body', 'type', 'content-length', 'etag'],
    reason: 'the answer to OPTIONS has no content, and 204 says so',
    when: ({ method }, theirs, ours) => method === 'OPTIONS' && ours.status === 204 && theirs.status === 200,
  },
  {
    field: 'allow',
    reason: 'OPTIONS is a method that the path has, so Allow names it (RFC 9110 §10.2.1)',
    when: (asked, theirs, ours) => theirs.allow?.split(', ').concat('options').sort().join(', ') === ours.allow,
  },
  {
    field: 'cache-control',
    reason: 'an answer that sets a cookie is its visitor\'s own, and says so where nobody says otherwise (RFC 9111 §7.3)',
    when: (asked, theirs, ours) => !theirs['cache-control'] && ours['cache-control'] === 'private' && ours.cookies?.length > 0,
  },
  {
    field: 'type',
    reason: 'JSON is UTF-8 and its media type has no parameter (RFC 8259 §11)',
    when: (asked, theirs, ours) => theirs.type === 'application/json;charset=utf-8' && ours.type === 'application/json',
  },
  {
    field: 'type',
    peer: 'express',
    reason: 'XML says by itself in which charset it is (RFC 7303 §3)',
    when: (asked, theirs, ours) => theirs.type === 'application/xml;charset=utf-8' && ours.type === 'application/xml',
  },
  {
    field: 'etag',
    reason: 'a tag that is made of all bytes, or of a file that has lain for a second, is a strong one: it serves for parts, too (RFC 9110 §8.8.1)',
    when: (asked, theirs, ours) => theirs.etag === 'weak' && ours.etag === 'strong',
  },
  {
    field: 'etag',
    reason: 'only an answer of 200 to GET or HEAD gets a tag: there is nothing to ask again about a failure, a redirect or a change',
    when: (asked, theirs, ours) => ours.etag === undefined && (!isSafe(asked) || ours.status !== 200),
  },
  {
    field: ['body', 'content-length'],
    reason: 'the words of a status are those of RFC 9110 §15: 413 is Content Too Large, 422 Unprocessable Content, and 418 has none',
    when: (asked, theirs, ours) => theirs.status === ours.status && [413, 418, 422].includes(ours.status),
  },
  {
    field: ['body', 'content-length', 'type'],
    reason: 'the words of a redirect are for people whose browser does not follow it: a line of text, and no page',
    when: (asked, theirs, ours) => theirs.status === ours.status && [301, 302, 303].includes(ours.status) && /^(Redirecting to .*\n|)$/.test(ours.body),
  },
  {
    field: 'vary',
    peer: 'express',
    reason: 'a redirect has one form for everybody, so it varies by nothing',
    when: (asked, theirs, ours) => theirs.vary === 'accept' && [301, 302, 303].includes(ours.status),
  },
  {
    field: 'location',
    peer: 'koa',
    reason: '`back` leads to the path that somebody came from, whatever host they called us by',
    when: (asked, theirs, ours) => asked.path === '/redirect/back' && theirs.location.endsWith(ours.location),
  },
  {
    field: all,
    reason: 'a field that lists nothing is a list of nothing: none of our types is in it',
    when: ({ path, headers }, theirs, ours) => path === '/negotiate' && headers?.accept === '' && ours.status === 406,
  },
  {
    field: ['body', 'content-length'],
    reason: 'quotes around a cookie are a part of its value (RFC 6265bis §5.6)',
    when: ({ headers }) => headers?.cookie?.includes('"'),
  },
  {
    field: 'cookies',
    reason: 'a signature that is wrong stays where it is: whoever sent it may have a right one from another process; theirs is removed',
    when: ({ path }, theirs, ours) => path === '/cookie/signed' && ours.cookies === undefined && theirs.cookies.every((line) => line.startsWith('user.sig=;')),
  },
  {
    field: all,
    reason: 'no-cache in a request is for caches on its way (RFC 9111 §5.2.1.4); an origin that says 304 has been asked',
    when: ({ headers }, theirs, ours) => headers?.['cache-control'] === 'no-cache' && ours.status === 304,
  },
  {
    field: 'accept-ranges',
    peer: 'express',
    reason: 'a 304 has the fields that an update of a cache needs (RFC 9110 §15.4.5) and no others',
    when: (asked, theirs, ours) => ours.status === 304,
  },
  {
    field: all,
    peer: 'express',
    reason: 'what is mounted at /static lies below it; the path itself is the application\'s',
    when: ({ path }, theirs, ours) => path === '/static' && ours.status === 404,
  },
  {
    field: all,
    peer: 'koa',
    reason: 'a folder with an index leads to its path with a slash, where the links on its page are right',
    when: ({ path }, theirs, ours) => path === '/static/sub' && ours.status === 301,
  },
  {
    field: all,
    peer: 'koa',
    reason: 'a path that leads out names nothing, as every other: 404, and no hint',
    when: (asked, theirs, ours) => isFile(asked) && theirs.status === 403 && ours.status === 404,
  },
  {
    field: ['cache-control'],
    peer: 'koa',
    reason: 'files are for everybody, and shared caches may ask for them, too',
    when: (asked, theirs, ours) => isFile(asked) && theirs['cache-control'] === 'max-age=0' && ours['cache-control'] === 'public, max-age=0',
  },
  {
    field: all,
    peer: 'koa',
    reason: 'files have parts and conditions (RFC 9110 §13, §14); koa-send has neither',
    when: (asked, theirs, ours) => isFile(asked) && [206, 412, 416].includes(ours.status) && theirs.status === 200,
  },
  {
    field: 'accept-ranges',
    peer: 'koa',
    reason: 'files say that they have parts (RFC 9110 §14.3)',
    when: (asked) => isFile(asked),
  },
  {
    field: all,
    peer: 'express',
    reason: 'a suffix that is longer than the whole is the whole (RFC 9110 §14.1.2); theirs says 416',
    when: ({ headers }, theirs, ours) => headers?.range === 'bytes=-999',
  },
  {
    field: all,
    peer: 'express',
    reason: 'a range whose end is before its start is none (RFC 9110 §14.1.1), so the field is ignored; theirs says 416',
    when: ({ headers }, theirs, ours) => headers?.range === 'bytes=4-2',
  },
  {
    field: 'body',
    peer: 'express',
    reason: 'a Range that is not well-formed, or not in bytes, is as if it were not there (RFC 9110 §14.2)',
    when: ({ path, headers }, theirs, ours) => path === '/range' && /^(bytes=(|x-y)|items=0-4)$/.test(headers?.range) && ours.body === 'whole',
  },
  {
    field: 'body',
    peer: 'express',
    reason: 'of several ranges the whole is sent: no client asks for them, and attackers do (RFC 9110 §14.2 permits it)',
    when: ({ path, headers }, theirs, ours) => path === '/range' && headers?.range === 'bytes=0-1,3-4' && ours.body === 'whole',
  },
  {
    field: all,
    peer: 'express',
    reason: '412 and 416 say all by their status, and have none of the fields of what was not sent',
    when: (asked, theirs, ours) => isFile(asked) && [412, 416].includes(ours.status) && theirs.status === ours.status,
  },
  {
    field: ['content-disposition'],
    peer: 'express',
    reason: 'a name is always quoted: readers of the wild take a bare one for other things (RFC 6266 Appendix D)',
    when: (asked, theirs, ours) => theirs['content-disposition'].replace(/filename=([^";]+)/, 'filename="$1"') === ours['content-disposition'],
  },
  {
    field: all,
    reason: 'names are plain keys, whatever JavaScript makes of them; theirs are dropped or a 400 (CVE-2022-24999)',
    when: ({ path, body }) => `${path}${body}`.includes('__proto__'),
  },
  {
    field: all,
    reason: 'a body of JSON that has no byte is no JSON',
    when: ({ path, body }, theirs, ours) => path === '/body/json' && body === '' && ours.status === 400,
  },
  {
    field: all,
    reason: 'a text is JSON, too (RFC 8259 §2); theirs takes objects and lists',
    when: ({ path, body }, theirs, ours) => path === '/body/json' && body === '"text"' && ours.status === 200,
  },
  {
    field: all,
    reason: 'a body whose type is not the one that is read is a 415; theirs leaves it unread and the handler without one',
    when: ({ path }, theirs, ours) => path.startsWith('/body/') && ours.status === 415,
  },
  {
    field: ['body', 'content-length'],
    reason: 'a type that ends in +json is JSON (RFC 6839 §3.1) without being asked to be',
    when: ({ path, headers }) => path === '/body/json' && headers['content-type'] === 'application/problem+json',
  },
  {
    field: ['body', 'content-length'],
    reason: '`is` tells which of the patterns fits; theirs tells a pattern with a star as the type that came',
    when: ({ path }, theirs, ours) => path === '/is' && ours.body === 'text/*' && theirs.body === 'text/html',
  },
  {
    field: ['body', 'content-length'],
    reason: 'a request without a byte of a body has none, and so it is of no type',
    when: ({ path, body }, theirs, ours) => path === '/is' && body === undefined && ours.body === 'false',
  },
  {
    field: all,
    peer: 'koa',
    reason: 'brackets that are nested deeper than the bound are an error; theirs are one key',
    when: ({ path, body }, theirs, ours) => path === '/body/form' && body.startsWith('a[b][c][d][e][f]') && ours.status === 400,
  },
];
