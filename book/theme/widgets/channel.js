// <wirebook-channel>: what one process sends to another: bytes, between them the descriptors that the system hands over
// with them, and what each read brings.
import { CutWidget } from '../kit/cut-widget.js';
import { dim, h } from '../kit/dom.js';
import { asText, spot } from '../kit/spans.js';

const about = ({ at, kind }) => ({
  id: `descriptor ${at}`, name: kind, key: 'descriptor', from: at * 8, to: at * 8 + 8, where: `beside byte ${at}`,
});

customElements.define('wirebook-channel', class extends CutWidget {
  bytes = 'what the peer sends';
  column = 'part';
  lineEnd = '\\n';

  below() {
    this.reads = h('div', { class: 'wb-events' });
    return [this.reads];
  }

  live() {
    return 'read by this server';
  }

  // A step is to the next end of a read, or to where the reader's state changes.
  stops({ reads, states }) {
    return [...reads.map(({ end }) => end), ...states.map(({ at }) => at)];
  }

  // A descriptor stands before the byte beside which it came.
  draw(answer) {
    const tokens = answer.reads.flatMap(({ descriptors }) => descriptors);
    return asText(answer, answer.cut).flatMap((element) => {
      const next = tokens.findIndex(({ at }) => at * 8 === element.about?.from);
      return next < 0 ? [element] : [this.token(tokens.splice(next, 1)[0]), element];
    });
  }

  token(descriptor) {
    return spot(about(descriptor), 'span', { class: 'wb-chip' }, `+${descriptor.kind}`);
  }

  show(answer) {
    const chips = answer.reads.map(({ start, end, descriptors }, index) => {
      const beside = descriptors.map(({ kind }) => ` +${kind}`).join('');
      const read = {
        id: `read ${index}`, name: `read ${index + 1}`, key: 'read', from: start * 8, to: end * 8,
        where: `bytes ${start}–${end}${descriptors.length ? ' and a descriptor' : ''}`,
      };
      return spot(read, 'span', { class: 'wb-event' }, `${start}–${end}${beside}`);
    });
    this.reads.replaceChildren(dim('one read each'), ...(chips.length ? chips : ['none']));
    super.show(answer);
  }

  answered() {
    return '). The channel ends, and what rode on it is closed.';
  }
});
