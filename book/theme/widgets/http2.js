// <wirebook-http2>: frames of HTTP/2 as the other end reads them: their bits, and where each leaves its stream.
import { BitWidget } from '../kit/bit-widget.js';
import { dim, Table } from '../kit/dom.js';
import { spot } from '../kit/spans.js';

customElements.define('wirebook-http2', class extends BitWidget {
  defaults = { cut: Infinity, client: 0 };
  bytes = 'bytes of one end';
  settings = { client: 'a client reads them, so they have no preface' };

  below() {
    this.streams = new Table('frame', 'stream', 'flags', 'the stream is', 'answered with');
    return [this.streams.element, ...super.below()];
  }

  // The frame in which the cut lies; the others' bits would fill the page.
  frames(answer) {
    const at = answer.frames.findLastIndex(({ start }) => start < answer.cut);
    const frame = answer.frames[at];
    if (!frame) return [dim('No frame has begun.')];
    return [dim(`frame ${at + 1}, ${frame.kind}: bytes ${frame.start}–${frame.end}`), this.header(frame, answer)];
  }

  // Eight flags have no room beneath their bits: those that are set stand side by side.
  labels(here, start, byte, value) {
    if (here[0].kind !== 'flags') return super.labels(here, start, byte, value);
    const set = here.filter(({ value: one }) => one === '1').map(({ name }) => name);
    const from = start * 8 + here[0].first;
    const where = `byte ${start + byte}`;
    const about = { id: `flags ${start}`, name: 'flags', key: 'flags', from, to: from + 8, where };
    return [this.label(about, 'flags', 8, set.join(', ') || 'no flags')];
  }

  show(answer) {
    const now = answer.frames.findLast(({ start }) => start < answer.cut);
    this.streams.fill(answer.frames.map((frame, index) => this.streamRow(frame, index, frame === now, answer)));
    super.show(answer);
  }

  streamRow({ kind, stream, flags, state, answers, start, end }, index, now, answer) {
    const bits = { from: start * 8, to: end * 8, where: `bytes ${start}–${end}` };
    const about = { id: `frame ${index}`, name: kind, key: `kind ${kind}`, ...bits };
    const stands = { id: `stream ${index}`, name: state, key: `stream ${state}`, ...bits };
    const told = state ? spot(stands, 'span', {}, state) : '–';
    const cut = { type: 'button', title: 'cut behind it', onclick: () => this.cutAt(end) };
    const go = spot(about, 'button', cut, kind);
    return [{ class: start >= answer.cut ? 'wb-rest' : '', 'aria-current': now ? 'step' : null },
      go, stream || 'connection', flags || '–', told, answers || '–'];
  }

  answered({ answer }, { ended }) {
    return ended ? super.answered({ answer }) : `). The reader answers ${answer}, and all other streams go on.`;
  }

  failed(answer) {
    return answer.ended && super.failed(answer);
  }

  sentence(answer) {
    const { fault, cut, ended, len } = answer;
    if (!fault || ended || !answer.same || cut < len) return super.sentence(answer);
    return 'whole, and a stream has ended with an error';
  }
});
