// Bytes as text and back. A string of one character a byte (U+0000 to U+00FF) is what the server takes and gives.

const NAMED = { r: '\r', n: '\n', t: '\t', '\\': '\\' };

// What a person edits: escapes are shown, and a line end starts a new line on the screen.
export function toText(bytes) {
  return bytes.replace(/[^\x20-\x7e]|\\/g, (char) => {
    const name = Object.keys(NAMED).find((key) => NAMED[key] === char);
    return `\\${name ?? `x${char.charCodeAt(0).toString(16).padStart(2, '0')}`}`;
  }).replace(/\\n/g, '\\n\n');
}

// Its inverse. Line breaks of the text area are layout, not bytes; a character over U+007F stands for its UTF-8 bytes.
export function toBytes(text) {
  const escaped = text.replace(/\r?\n/g, '').replace(/\\(x[0-9a-f]{2}|[rnt\\])/gi, (whole, code) => {
    const char = code.length === 3 ? String.fromCharCode(parseInt(code.slice(1), 16)) : NAMED[code.toLowerCase()];
    return String.fromCharCode(0xe000 + char.charCodeAt(0));
  });
  let bytes = '';
  for (const char of escaped) {
    const code = char.codePointAt(0);
    if (code >= 0xe000 && code <= 0xe0ff) bytes += String.fromCharCode(code - 0xe000);
    else if (code < 0x80) bytes += char;
    else for (const byte of new TextEncoder().encode(char)) bytes += String.fromCharCode(byte);
  }
  return bytes;
}

// Short and safe in a URL fragment.
export const toFragment = (bytes) => btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
export function fromFragment(text) {
  try {
    return atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return null;
  }
}
