// Calls whose results depend on a language, a zone or the machine's mathematics, with every option that there is and values
// that nobody would give, and what comes of it in Node: JSON lines {name, template, data, output | error}.
//
//   node locales.mjs SEED COUNT
//
// Ours may refuse by name what it does not know. It may never give another text. Two of the 50,000 of seed 77 differ (2026-11): of two
// options that can not be, the other one is named, and has another class of error.
import { createContext, Script } from 'node:vm';

const [seed = '1', count = '300'] = process.argv.slice(2);
let state = BigInt(seed) * 2n + 1n;
const random = n => { state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn; return Number((state >> 33n) % BigInt(n)); };
const pick = list => list[random(list.length)];

// English more often than all others: what it gives is known here.
const ENGLISH = ['undefined', "'en-US'", "'en'", "'en-us'", "'EN-US'", '[]', "['en-US', 'de']", '{}'];
const LOCALES = ["'en-GB'", "'en-CA'", "'en-u-nu-latn'", "'de-DE'", "'de'", "'fr'", "'es'", "'it-IT'", "'ja-JP'", "'zh-CN'", "'ar-EG'", "'hi-IN'", "'tr'", "'az'", "'lt'", "'sv'", "'pt-BR'", "'ru'", "'nl'", "'el'", "'und'", "''", "'x'", "'en_US'", "'default'", "'root'", "'i-klingon'", "'C'", 'null', '5', 'true', '() => 1', '[5]', '[null]', '[undefined]', "['de', 'en-US']", "['x-y']", "'en-US-u-nu-arab'", "'en-US-u-hc-h23'"];
const locale = () => random(4) ? pick(ENGLISH) : pick(LOCALES);
const texts = (...list) => list.map(text => `'${text}'`);
const ODD = ['undefined', 'null', "''", "'x'", '0', '1', '-1', 'NaN', '2.5', 'true', 'false', '{}', "'2'", '100', '101'];

const NUMBER = {
  style: texts('decimal', 'currency', 'currency', 'percent', 'unit'), currency: texts('USD', 'USD', 'EUR', 'GBP', 'JPY', 'CHF', 'usd', 'XXX', 'US', 'INR'), currencyDisplay: texts('symbol', 'code', 'name', 'narrowSymbol'),
  currencySign: texts('standard', 'accounting'), unit: texts('kilometer', 'percent', 'liter', 'kilometer-per-hour'), unitDisplay: texts('short', 'long', 'narrow'),
  minimumIntegerDigits: ['1', '2', '5', '21'], minimumFractionDigits: ['0', '1', '2', '3', '20', "'2'"], maximumFractionDigits: ['0', '1', '2', '3', '20', "'2'"], minimumSignificantDigits: ['1', '3', '21'], maximumSignificantDigits: ['1', '3', '5', '21'],
  useGrouping: ['true', 'false', ...texts('always', 'auto', 'min2', 'true', 'false')], notation: texts('standard', 'scientific', 'engineering', 'compact'), compactDisplay: texts('short', 'long'),
  signDisplay: texts('auto', 'never', 'always', 'exceptZero', 'negative'), roundingMode: texts('ceil', 'floor', 'expand', 'trunc', 'halfCeil', 'halfExpand', 'halfEven'), roundingIncrement: ['1', '5', '25'],
  roundingPriority: texts('auto', 'morePrecision', 'lessPrecision'), trailingZeroDisplay: texts('auto', 'stripIfInteger'), numberingSystem: texts('latn', 'arab'), localeMatcher: texts('lookup', 'best fit'), nothing: ['1'],
};
const part = texts('numeric', '2-digit'), word = texts('long', 'short', 'narrow');
const DATE = {
  weekday: word, era: word, year: part, month: [...part, ...word], day: part, dayPeriod: word, hour: part, minute: part, second: part, fractionalSecondDigits: ['1', '2', '3'],
  timeZone: texts('UTC', 'UTC', 'utc', 'GMT', 'America/New_York', 'Europe/Berlin', 'Nope', '+01:00'), timeZoneName: texts('short', 'long', 'shortOffset'), hour12: ['true', 'false'], hourCycle: texts('h11', 'h12', 'h23', 'h24'),
  dateStyle: texts('full', 'long', 'medium', 'short'), timeStyle: texts('full', 'long', 'medium', 'short'), calendar: texts('gregory', 'buddhist'), numberingSystem: texts('latn', 'arab'), formatMatcher: texts('basic', 'best fit'), localeMatcher: texts('lookup'), nothing: ['1'],
};
const COMPARE = {
  numeric: ['true', 'false'], sensitivity: texts('base', 'accent', 'case', 'variant'), caseFirst: texts('upper', 'lower', 'false'), ignorePunctuation: ['true', 'false'], usage: texts('sort', 'search'), collation: texts('phonebk', 'default'), localeMatcher: texts('lookup'), nothing: ['1'],
};

function options(table, most) {
  if (random(12) === 0) return pick(['null', '5', "'x'", 'true', '[]', '() => 1', '{}']);
  const some = Array.from({ length: random(most + 1) }, () => pick(Object.keys(table)));
  return `{ ${some.map(name => `${name}: ${random(15) ? pick(table[name]) : pick(ODD)}`).join(', ')} }`;
}
const given = (table, most) => [[], [locale()], [locale(), options(table, most)], ['undefined', options(table, most)], ["'en-US'", options(table, most)]][random(5)].join(', ');

const NUMBERS = ['0', '-0', '1', '-1', '12.5', '1234.5', '-1234567.891', '0.5', '1.5', '2.5', '0.05', '0.005', '1.005', '999.995', '999999', '0.000001234', '1e21', '1.5e25', '123456789012345680000', '9007199254740991', '1e-7', 'NaN', 'Infinity', '-Infinity', '100', '1000', '9999.5', '0.1 + 0.2', '1 / 3', '2 / 3', '123456.789', '5e-324', '1.7976931348623157e308'];
const DATES = ['0', '-1', 'NaN', '1709210096789', '951782400000', 'Date.UTC(2024, 0, 1)', 'Date.UTC(2023, 11, 31, 23, 59, 59)', 'Date.UTC(2024, 6, 4, 12, 0, 0)', 'Date.UTC(2024, 2, 9, 0, 5)', 'Date.UTC(1999, 8, 9, 9, 9, 9)', '-62198755200000', '8.64e15', '-86400000000000', 'Date.UTC(1, 1, 1)', "'2024-05-06T07:08:09Z'"];
const WORDS = ['a', 'A', 'b', 'B', 'Ab', 'aB', 'ab', '', ' ', 'a b', 'a-b', 'ab-', 'co-op', 'coop', 'co op', 'é', 'e', 'f', 'É', 'ä', 'z', 'Z', 'ß', 'ss', 'æ', 'ae', 'ø', 'o', 'ł', 'l', 'ñ', 'n', 'ö', '1', '2', '10', '9', '02', 'a1', 'a10', 'a2', '_', '#', '$', '€', '%', '1.5', 'я', 'б', 'Б', 'α', 'β', 'あ', 'ア', '中', '日', '😀', '\\u0000', '\\u00ad', 'i', 'I', 'ı', 'İ', 'ĳ', 'ǆ', '①', 'ﬁ', 'résumé', 'resume', 'Resume', 'e\\u0301', 'đ', 'd', 'þ', 'th', 'ð', '½', '²', '©', '\\t', '\\n', 'a\\u0308', 'ǅ', 'Σ', 'ς', 'ΑΣ', '\\ud83d', 'ﬆ', 'ŉ', 'ΐ'];
const string = () => `'${pick(WORDS)}${random(3) ? '' : pick(WORDS)}'`;
// The last digit of a sine is not V8's.
const MATH = ['acos', 'acosh', 'asin', 'asinh', 'atan', 'atanh', 'cbrt', 'cosh', 'exp', 'expm1', 'log', 'log10', 'log1p', 'log2', 'sinh', 'sqrt', 'tanh', 'clz32', 'sign', 'trunc', 'round'];
const argument = () => pick(NUMBERS.concat(['0.3', '0.7', '-0.3', '3', '10', '0.1', '1e-3', '700', '-700', '45', '6.28', '1e10', `${random(1e6) / 1000}`, `-${random(1e6) / 1e6}`, `${random(1e6) / 1e6}`]));

const KINDS = [
  () => `(${pick(NUMBERS)}).toLocaleString(${given(NUMBER, 4)})`, () => `(${pick(NUMBERS)}).toLocaleString(${given(NUMBER, 2)})`,
  () => `new Date(${pick(DATES)}).${pick(['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString'])}(${given(DATE, 4)})`,
  () => `new Date(${pick(DATES)}).${pick(['toLocaleDateString', 'toLocaleTimeString', 'toDateString', 'toTimeString', 'toString', 'toUTCString', 'toISOString', 'getTimezoneOffset', 'getYear'])}(${random(2) ? given(DATE, 2) : ''})`,
  () => `${string()}.localeCompare(${string()}${random(3) ? '' : `, ${locale()}, ${options(COMPARE, 2)}`})`,
  () => `${string()}.localeCompare(${string()})`,
  () => `[${string()}, ${string()}, ${string()}].sort((a, b) => a.localeCompare(b))`,
  () => `${string()}.${pick(['toLocaleUpperCase', 'toLocaleLowerCase'])}(${random(3) ? locale() : ''})`,
  () => `${string()}.${pick(['toUpperCase', 'toLowerCase', 'trim', 'isWellFormed'])}()`,
  () => `${string()}.normalize(${pick(['', "'NFC'", "'NFD'", "'NFKC'", "'NFKD'", "'x'", 'null', 'undefined'])})`,
  () => `${string()}.${pick(['padStart', 'padEnd'])}(${pick(['5', '0', '-1', 'NaN', "'4'", '2.9', 'undefined'])}, ${pick([string(), "' '", 'undefined', 'null', '0'])})`,
  () => `[${pick(NUMBERS)}, ${string()}, new Date(${pick(DATES)}), null, [1234.5]].toLocaleString(${given(NUMBER, 2)})`,
  () => `Math.${pick(MATH)}(${argument()})`, () => `Number(Math.${pick(['sin', 'cos', 'tan'])}(${argument()}).toPrecision(13))`, () => `Math.${pick(['atan2', 'hypot', 'pow', 'max', 'min', 'imul'])}(${argument()}, ${argument()})`,
  () => `(${pick(NUMBERS)}).${pick(['toFixed', 'toPrecision', 'toExponential', 'toString'])}(${pick(['', '0', '1', '2', '10', '21', '36', '100'])})`, () => `(${argument()} * ${argument()}).toString(${2 + random(35)})`,
];
for (let n = 0; n < Number(count); n++) {
  const code = pick(KINDS)();
  const body = `let out; try { const v = ${code}; out = JSON.stringify(v) + typeof v + (Object.is(v, -0) ? '-' : '') } catch (e) { if (/^unsupported/.test(e && e.message)) throw e; out = e instanceof Error ? e.name : 'thrown' }`;
  const result = { output: String(new Script(`(function () { ${body}\nreturn out })()`).runInContext(createContext({}))) };
  console.log(JSON.stringify({ name: `locale ${seed}, ${n}`, template: `<% ${body} %><%- out %>`, data: {}, ...result }));
}
