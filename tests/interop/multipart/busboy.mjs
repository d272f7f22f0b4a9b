// npm's busboy on the same bodies. Where it says something else, the kind of the difference must be known, with its reason in
// deviations.json; and a kind that is known must still occur.
import busboy from 'busboy';
import { readFileSync } from 'node:fs';
import { ours, latin1 } from './ours.mjs';
import { questions } from './generate.mjs';

const [program, count = '20000', seed = '7578'] = process.argv.slice(2);
const known = JSON.parse(readFileSync(new URL('deviations.json', import.meta.url))).busboy;

/** What busboy says: its parts, or an error. */
function theirs({ type, body, cut }) {
  return new Promise((resolve) => {
    const parts = [];
    let form;
    try {
      form = busboy({ headers: { 'content-type': type }, defParamCharset: 'utf8', limits: { fieldNameSize: 1e6 } });
    } catch (error) {
      return resolve({ error: error.message });
    }
    form.on('field', (name, value, info) => parts.push({ name, content: latin1(Buffer.from(value ?? 'undefined')), type: info.mimeType }));
    form.on('file', (name, stream, info) => {
      const part = { name, basename: info.filename, type: info.mimeType, content: '' };
      parts.push(part);
      stream.on('data', (piece) => { part.content += piece.toString('latin1'); });
      stream.on('error', () => {});
    });
    form.on('error', (error) => resolve({ error: error.message }));
    form.on('close', () => resolve({ parts }));
    const bytes = Buffer.from(body, 'latin1');
    for (let at = 0; at < bytes.length; at += cut) form.write(bytes.subarray(at, at + cut));
    form.end();
    // It tells nothing more of some bodies, neither an end nor an error.
    let turns = 50;
    const wait = () => { if ((turns -= 1) > 0) setImmediate(wait); else resolve({ error: 'it never ends' }); };
    wait();
  });
}

const decoded = (name) => name?.replace(/%22|%0D|%0A/g, (escape) => decodeURIComponent(escape));

/** What a body has that the two read in their own ways, the first that applies. */
const READINGS = [
  ['behind the end', (body) => /(^|\r\n)--B--[^]*--B/.test(body)],
  ['an empty parameter', (body) => /;[ \t]*;/.test(body)],
  ['padding', (body) => /(^|\r\n)--B[ \t]/.test(body)],
  ['a line that begins with the boundary', (body) => /(^|\r\n)--B(?!\r\n|--)/.test(body)],
  ['octet-stream without a file name', (_, parts) => parts.some((part) => part.type === 'application/octet-stream' && part.filename == null)],
  ['an empty file name', (_, parts) => parts.some((part) => part.filename === '')],
  ['an empty name', (_, parts) => parts.some((part) => part.name === '')],
  ['filename*', (body) => body.includes('filename*')],
  ['no content, not even an empty one', (body, parts) => /[^\n]\r\n\r\n--B(\r\n|--)/.test(body) && parts.some((part) => part.content === '')],
];

/** The kind of a difference, or null. */
function kind(body, mine, other) {
  if (mine.error && other.error) return null;
  if (mine.error) return `refused here: ${mine.error}`;
  const difference = other.error ? `refused there: ${other.error}` : compare(mine.parts, other.parts);
  return difference && (READINGS.find(([, applies]) => applies(body, mine.parts))?.[0] ?? difference);
}

/** Names, file names and contents are what counts. */
function compare(mine, other) {
  if (mine.length !== other.length) return `${mine.length} parts here, ${other.length} there`;
  for (const [at, part] of mine.entries()) {
    const that = other[at];
    if (part.name !== that.name) return decoded(that.name) === part.name ? 'percent escapes of browsers' : 'another name';
    if (part.content !== that.content) {
      const lossy = latin1(Buffer.from(Buffer.from(part.content, 'latin1').toString('utf8')));
      return part.filename == null && lossy === that.content ? 'a field that is not UTF-8' : 'other content';
    }
    const shown = that.basename?.replace(/[\x00-\x1f\x7f]/g, '');
    if ((part.basename ?? null) !== (shown ?? null)) return 'another file name';
    if (shown !== that.basename) return 'a control character in a file name';
  }
  return null;
}

const asked = questions(Number(count), Number(seed));
const answers = await ours(program, asked);
const seen = new Map();
for (const [at, question] of asked.entries()) {
  const other = await theirs(question);
  const name = kind(question.body, answers[at], other);
  if (!name) continue;
  const one = seen.get(name) ?? { times: 0, example: [question.body, answers[at], other] };
  one.times += 1;
  if (question.body.length < one.example[0].length) one.example = [question.body, answers[at], other];
  seen.set(name, one);
}
let failed = false;
for (const [name, { times, example }] of [...seen].sort()) {
  if (known[name] && !process.env.VERBOSE) continue;
  failed ||= !known[name];
  console.error(`${known[name] ? 'known' : 'UNKNOWN'}: ${name}, ${times} times, as in ${JSON.stringify(example)}`);
}
for (const name of Object.keys(known).filter((name) => !seen.has(name))) {
  failed = true;
  console.error(`no longer seen: ${name}`);
}
const differ = [...seen.values()].reduce((sum, { times }) => sum + times, 0);
console.log(`busboy: ${asked.length} bodies, ${asked.length - differ} the same, ${differ} of ${seen.size} kinds that are ${failed ? 'not all ' : ''}known`);
process.exit(failed ? 1 : 0);
