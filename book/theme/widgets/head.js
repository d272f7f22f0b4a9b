// <wirebook-head>: what the server's own connection makes of the bytes of requests, cut wherever the reader likes.
import { CutWidget } from '../kit/cut-widget.js';

customElements.define('wirebook-head', class extends CutWidget {
  bytes = 'bytes of the request';

  live({ nanoseconds, parser }) {
    return nanoseconds ? `parsed by this server, ${nanoseconds.toFixed(0)} ns (${parser})` : 'read by this server';
  }
});
