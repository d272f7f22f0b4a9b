// <wirebook-multipart>: what the decoder makes of the body of a form, cut wherever the reader likes.
import { CutWidget } from '../kit/cut-widget.js';

customElements.define('wirebook-multipart', class extends CutWidget {
  bytes = 'body of the form';
  column = 'part';

  live({ nanoseconds }) {
    return `decoded by this server, ${nanoseconds.toFixed(0)} ns`;
  }
});
