// <wirebook-records>: a handshake of TLS record by record: what somebody on the way reads, and what the two ends know.
import { h } from '../kit/dom.js';
import { StepWidget } from '../kit/step-widget.js';

customElements.define('wirebook-records', class extends StepWidget {
  heads = ['who', 'record', 'bytes', 'in the clear', 'what is in it'];

  above() {
    this.fault = h('div', { class: 'wb-fault', hidden: true });
    return [this.fault];
  }

  below() {
    this.octets = h('div', { class: 'wb-events' });
    return [this.octets];
  }

  live({ version }) {
    return version ? `${version}, this server's own client and server` : "this server's own client and server";
  }

  moments({ records }) {
    return records;
  }

  kind({ from }) {
    return `wb-${from}`;
  }

  cells({ from, kind, length, says, holds }) {
    const who = from === 'client' ? 'client →' : '← server';
    return [who, kind, length, says.join('; ') || 'nothing', holds || '–'];
  }

  about({ kind, header }) {
    return { id: kind, name: kind, key: `record ${kind}`, where: header };
  }

  sentence(record, at, { records, protocol }) {
    if (!record) return 'Nothing was said.';
    const { from, kind, length, says } = record;
    const none = 'They have agreed on no protocol above.';
    const chosen = protocol ? `The server chose ${protocol}, and nobody else knows.` : none;
    const read = says.length ? `everybody reads: ${says.join('; ')}` : 'nobody on the way can read it';
    const what = `Record ${at} of ${records.length}, from the ${from}: ${kind}, ${length} bytes; ${read}.`;
    return at === records.length ? `${what} ${chosen}` : what;
  }

  show(answer) {
    super.show(answer);
    this.fault.hidden = !answer.refused;
    this.fault.replaceChildren(h('b', {}, 'refused'), `: ${answer.refused ?? ''}`);
    const { header = '', bytes = '', length = 0 } = answer.records[this.at - 1] ?? {};
    const rest = length > bytes.split(' ').length ? '…' : '';
    const code = (kind, text) => h('code', { class: `wb-part wb-${kind}` }, text);
    this.octets.replaceChildren(code('flags', header), code('payload', bytes), rest);
  }
});
