// Bodies of forms: right ones by the grammar, then with something changed, from a seed.
import { latin1, seeded } from './ours.mjs';

const HEADS = [
  'Content-Disposition: form-data; name="a"',
  'Content-Disposition: form-data; name="b c"; filename="x.txt"',
  'content-disposition:form-data;name=a;filename=y',
  'Content-Disposition: form-data; name=""',
  'Content-Disposition: form-data; name="f"; filename=""',
  'Content-Disposition: form-data; name="q%22%0D%0A"',
  'Content-Disposition: form-data; name="q\\"\\\\"; filename="C:\\tea\\x.txt"',
  'Content-Disposition: form-data; name="f"; filename="../../etc/passwd"',
  'Content-Disposition: form-data; name="f"; filename="x"; filename*=utf-8\'\'y',
  'Content-Disposition: form-data; filename="x"; name="f"; size=3',
  'Content-Disposition: attachment; name="a"',
  'Content-Disposition: form-data',
  'Content-Disposition: form-data; name="a"; name="b"',
];
const MORE = [
  '', '', '', 'Content-Type: text/plain\r\n', 'Content-Type: text/plain; charset=UTF-8\r\n', 'Content-Type: application/octet-stream\r\n',
  'Content-Type: image/png\r\n', 'Content-Type: text/plain; charset=iso-8859-1\r\n', 'X-Tea: green\r\n', 'Content-Transfer-Encoding: base64\r\n',
  'Content-Disposition: form-data; name="z"\r\n', 'Content-Type: multipart/mixed; boundary=C\r\n', 'Content-Type: text/html\r\nContent-Type: text/css\r\n',
];
const CONTENT = ['', '1', 'tea', '\r\n', '\r', '\n', '--', '-', '--B', '--BX', '\r\n--BX', '\r\n--B-', '\r\n-', '\r\n--', '\r\r\n', 'x'.repeat(70), '\xc3\xa9', '\x00\xff', '--A--'];
const CHANGES = ['\r', '\n', '\r\n', '-', '--', 'B', '--B', '\r\n--B\r\n', '\r\n--B--', '; ;', ' ', '\t', ':', ';', '"', '\\', '=', '\x00', '\x7f', '\xe9', 'x'];

export function questions(count, seed) {
  const random = seeded(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const rarely = (one, other) => (random() < 0.06 ? one : other);
  const body = () => {
    let text = rarely(pick(['preamble\r\n', '\r\n', 'x', '--A\r\n', '\n']), '') + '--B';
    for (let parts = Math.floor(random() * 4); parts > 0; parts -= 1) {
      const head = [pick(random() < 0.3 ? HEADS : HEADS.slice(0, 2)), '\r\n', random() < 0.4 ? pick(MORE) : ''].join('');
      let content = '';
      for (let pieces = Math.floor(random() * 4); pieces > 0; pieces -= 1) content += pick(CONTENT);
      text += rarely(pick([' ', '\t ', ' x', 'x', '\n', '']), '') + '\r\n' + head + rarely('', '\r\n') + content + rarely(pick(['\n', '']), '\r\n') + '--B';
    }
    text += rarely(pick(['', '-', '\r\n', '--x', ' --']), '--') + rarely(pick(['', 'epilogue', '\r\n--B\r\n']), '\r\n');
    while (random() < 0.25) {
      const at = Math.floor(random() * (text.length + 1));
      text = text.slice(0, at) + (random() < 0.5 ? pick(CHANGES) : '') + text.slice(at + Math.floor(random() * 3));
    }
    return text;
  };
  return Array.from({ length: count }, () => ({ type: 'multipart/form-data; boundary=B', body: latin1(Buffer.from(body(), 'latin1')), cut: 1 + Math.floor(random() ** 3 * 200) }));
}
