// Bytes as text and back. A string of one character a byte (U+0000 to U+00FF) is what the server takes and gives.
import { count, h } from './dom.js';

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

const LINE_ENDS = { '\\r\\n': 'CR LF', '\\n': 'LF' };

// The text area for a widget's bytes, and the button that shows it. A line end that is pasted or typed becomes that of
// the protocol, as an escape; one that stands behind its escape already is layout.
export class Editor {
  constructor(widget, label, lineEnd) {
    this.area = h('textarea', {
      class: 'wb-edit', 'aria-label': label, spellcheck: 'false', autocapitalize: 'off',
      oninput: () => widget.typed(toBytes(this.area.value), this.said), onbeforeinput: (event) => this.insert(event),
    });
    this.button = widget.button('edit', () => this.toggle(), { 'aria-pressed': 'false' });
    Object.assign(this, { widget, lineEnd, said: '' });
  }

  insert(event) {
    const raw = event.inputType === 'insertLineBreak' ? '\n' : event.data ?? event.dataTransfer?.getData('text') ?? '';
    let ends = 0;
    const text = raw.replace(/(\\n)?(\r\n|\r|\n)/g, (whole, escape) => {
      if (escape) return '\\n\n';
      ends += 1;
      return `${this.lineEnd}\n`;
    });
    if (ends === 0) return;
    event.preventDefault();
    this.said = `${count(ends, 'line end')} became ${LINE_ENDS[this.lineEnd]}.`;
    document.execCommand('insertText', false, text);
    this.said = '';
  }

  toggle() {
    const editing = this.widget.classList.toggle('wb-editing');
    this.button.setAttribute('aria-pressed', editing);
    this.button.textContent = editing ? 'done' : 'edit';
    if (editing) this.area.focus();
  }

  // What the person is typing is theirs.
  write(bytes) {
    if (document.activeElement !== this.area) this.area.value = toText(bytes);
  }
}
