// <wirebook-event-stream>: what the decoder makes of the bytes of an event stream, cut wherever the reader likes.
import { CutWidget } from '../kit/cut-widget.js';

customElements.define('wirebook-event-stream', class extends CutWidget {
  bytes = 'bytes of the stream';
  lineEnd = '\\n';
  column = 'part';

  live({ nanoseconds, parser }) {
    return `decoded by this server, ${nanoseconds.toFixed(0)} ns (${parser.replace('_', ' ')})`;
  }
});
