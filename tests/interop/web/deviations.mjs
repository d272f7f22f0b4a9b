import { isIP } from 'node:net';

// Where npm's packages and ours differ, and why. `when` says which differences a reason is for: the question, their answer, ours.

const token = String.raw`[\w!#$%&'*+.^|~-]+`;
const weight = String.raw`(\s*;\s*[qQ]=(0(\.\d{0,3})?|1(\.0{0,3})?))?`;
const isList = (range) => {
  const element = new RegExp(`^\\s*(${range}(\\s*;\\s*level=1)?${weight})?\\s*$`);
  return ({ field }) => (field ?? '').split(',').every((piece) => element.test(piece));
};
const isTypes = isList(`${token}/${token}`);
const isLanguages = isList('(\\*|[A-Za-z0-9-]+)');
const isNames = isList(token);
const isMedia = new RegExp(`^${token}/${token}(\\s*;\\s*(${token}=(${token}|"([^"\\\\]|\\\\.)*"))?)*\\s*$`);
const isCookieName = new RegExp(`^${token}$`);

/** Every name of a form, as the kinds of its steps: what each place of the form is used as. */
const uses = (text) => {
  const places = new Map();
  const use = (place, kind) => places.set(place, (places.get(place) ?? new Set()).add(kind));
  for (const pair of text.split('&').filter(Boolean)) {
    const name = decodeURIComponent(pair.split('=')[0].replace(/%(?![0-9a-fA-F]{2})/g, '%25'));
    const [, key, brackets] = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name) ?? [null, name, ''];
    let place = key;
    for (const [, inside] of brackets.matchAll(/\[([^\]]*)\]/g)) {
      use(place, inside === '' ? 'next' : /^\d+$/.test(inside) ? 'place' : 'map');
      place += `[${inside}]`;
    }
    use(place, 'text');
  }
  return [...places.entries()];
};

export const deviations = [
  {
    judge: ['cookie'],
    reason: 'a cookie without a name is none: a browser that has one sends its value alone (RFC 6265bis §5.8.3)',
    when: (asked, theirs) => '' in theirs,
  },
  {
    judge: ['set-cookie'],
    reason: 'a name is a token and a value cookie-octets (RFC 6265bis §4.1.1); theirs lets through what breaks nothing but the grammar',
    when: ({ name, value }, theirs, ours) => ours === null && (!isCookieName.test(name) || /[",;\\\s]|[^\x20-\x7e]/.test(value)),
  },
  {
    judge: ['set-cookie'],
    reason: 'a path begins with a slash; a browser ignores any other (RFC 6265bis §5.6.4)',
    when: ({ path }, theirs, ours) => ours === null && path !== undefined && !path.startsWith('/'),
  },
  {
    judge: ['types'],
    reason: 'an element that is not well-formed, in its range or its weight, is as if it were not there (RFC 9110 §12.4.2); theirs reads what it can',
    when: (asked) => !isTypes(asked),
  },
  {
    judge: ['languages'],
    reason: 'an element that is not well-formed is as if it were not there',
    when: (asked) => !isLanguages(asked),
  },
  {
    judge: ['charsets', 'encodings'],
    reason: 'an element that is not well-formed is as if it were not there',
    when: (asked) => !isNames(asked),
  },
  {
    judge: ['languages'],
    reason: 'en covers en-US (RFC 4647 §3.3.1) more closely than en-US covers en, which is no more than a guess; theirs has it the other way round',
    when: (asked, theirs, ours) => [...theirs].sort().join() === [...ours].sort().join(),
  },
  {
    judge: ['types', 'charsets'],
    reason: 'of two ranges that say the same the first counts, in theirs the last; the offers are the same ones',
    when: (asked, theirs, ours) => [...theirs].sort().join() === [...ours].sort().join(),
  },
  {
    judge: ['fresh'],
    reason: 'an If-None-Match that is there counts, though it is empty: If-Modified-Since is then not looked at (RFC 9110 §13.1.3)',
    when: ({ ifNoneMatch }, theirs, ours) => ifNoneMatch === '' && theirs && !ours,
  },
  {
    judge: ['fresh'],
    reason: 'what stands behind a fault in a list of tags is not compared: nobody knows where the next tag begins',
    when: ({ ifNoneMatch }, theirs, ours) => theirs && !ours && !/^\s*((W\/)?"[^"\s]*"\s*(,\s*|$))*$/.test(ifNoneMatch),
  },
  {
    judge: ['range'],
    reason: 'a suffix of a representation without bytes is satisfiable, whatever is asked for beside it (RFC 9110 §14.1.2)',
    when: ({ size, field }, theirs, ours) => size === 0 && ours === 'whole' && /-[1-9]/.test(field),
  },
  {
    judge: ['attachment'],
    reason: 'a name is always quoted: readers of the wild take a bare one for other things (RFC 6266 Appendix D)',
    when: (asked, theirs, ours) => theirs.replace(/filename=([^";]+)/, 'filename="$1"') === ours,
  },
  {
    judge: ['attachment'],
    reason: 'a name of nothing, of spaces or of dots is none',
    when: ({ name }, theirs, ours) => ours === 'attachment' && /^[ .]*$/.test(name),
  },
  {
    judge: ['disposition'],
    reason: 'a parameter that comes twice makes the field none (RFC 6266 §4.1)',
    when: ({ field }, theirs, ours) => ours === null && [' filename=', 'filename*=', 'size=', 'filename='].some((name) => field.toLowerCase().replaceAll(';filename', '; filename').split(name).length > 2),
  },
  {
    judge: ['disposition'],
    reason: 'a field that is not well-formed is none; theirs reads what it can',
    when: ({ field }, theirs, ours) => ours === null && !new RegExp(`^${token}(\\s*;\\s*${token}=(${token}|"([^"\\\\]|\\\\.)*"))*\\s*$`).test(field),
  },
  {
    judge: ['disposition'],
    reason: 'an extended value that is not well-formed is as if it were not there (RFC 8187 §3.2.1)',
    when: ({ field }) => /\*=/.test(field),
  },
  {
    judge: ['proxy'],
    reason: 'an IPv4 address in the clothes of IPv6 is told as what it is',
    when: (asked, theirs, ours) => theirs === `::ffff:${ours}`,
  },
  {
    judge: ['proxy'],
    reason: 'what is no address is no client: the proxy that sent it is the last that anybody knows of',
    when: (asked, theirs) => !isIP(theirs),
  },
  {
    judge: ['proxy'],
    reason: 'an IPv6 address is told in its shortest form (RFC 5952 §4.2)',
    when: (asked, theirs, ours) => isIP(theirs) === 6 && new URL(`http://[${theirs}]/`).hostname === `[${ours}]`,
  },
  {
    judge: ['type'],
    reason: 'parameters belong to the type: where they are not well-formed, so that two readers could differ, it is none (415)',
    when: ({ field }, theirs, ours) => ours === null && !isMedia.test(field),
  },
  {
    judge: ['qs'],
    reason: 'a name that means two things, text and a map or a list and a map, is an error and never a guess',
    when: ({ text }, theirs, ours) => ours === 'Conflict' && uses(text).some(([place, kinds]) => (kinds.has('map') && kinds.size > 1) || place.includes('[]') || (kinds.has('text') && kinds.size > 1)),
  },
  {
    judge: ['qs'],
    reason: '`[]` is the next place, whatever is behind it, and `[3]` the place 3; theirs joins a list in a list with the list, and merges places that were not named',
    when: ({ text }, theirs, ours) => ours !== 'Conflict' && uses(text).some(([place, kinds]) => place.includes('[][') || place.includes('][]') || (kinds.has('place') && kinds.size > 1) || (kinds.has('next') && kinds.has('text'))),
  },
  {
    judge: ['qs'],
    reason: 'brackets that are not closed, or have something behind them, make the whole name a plain key',
    when: ({ text }) => text.split('&').some((pair) => /[[\]]/.test(pair.split('=')[0].replace(/^[^[\]]+(\[[^[\]]*\])*$/, ''))),
  },
  {
    judge: ['qs'],
    reason: 'the first = ends a name (WHATWG URL §5.1); in theirs the first ]=',
    when: ({ text }) => text.split('&').some((pair) => /=.*\]=/.test(pair)),
  },
  {
    judge: ['qs'],
    reason: 'a broken escape stays as it is and spoils no other (WHATWG URL §1.3)',
    when: ({ text }) => text.split('&').some((pair) => /%(?![0-9a-fA-F]{2})/.test(pair) && /%[0-9a-fA-F]{2}|\+/.test(pair)),
  },
  {
    judge: ['qs'],
    reason: 'a pair without a name is a pair (WHATWG URL §5.1)',
    when: ({ text }, theirs, ours) => '' in Object(ours),
  },
  {
    judge: ['path'],
    reason: 'a path is washed first: broken escapes, backslashes and dot segments are refused',
    when: (asked, theirs, ours) => ours === 'refused',
  },
];
