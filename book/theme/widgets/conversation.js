// <wirebook-conversation>: a client's bytes and a server's answers, event by event, with both sides' states.
import { count, h } from '../kit/dom.js';
import { spot } from '../kit/spans.js';
import { StepWidget } from '../kit/step-widget.js';

const state = (name, at) => spot({ id: `${at} ${name}`, name, key: `state ${name}` }, 'span', {}, name);

customElements.define('wirebook-conversation', class extends StepWidget {
  bytes = 'the bytes of the client';
  heads = ['who', 'event', 'bytes', 'client is', 'server is'];

  above() {
    return [this.editor.area];
  }

  live() {
    return "this server's own connection";
  }

  moments({ steps }) {
    return steps;
  }

  kind({ from }) {
    return `wb-${from}`;
  }

  cells({ from, event, bytes, client, server }) {
    const who = from === 'client' ? 'client →' : '← server';
    return [who, event, h('code', {}, bytes || '–'), state(client, 'client'), state(server, 'server')];
  }

  about({ event, start, end }) {
    return { id: event, name: event, key: `event ${event}`, where: end > start ? `bytes ${start}–${end}` : '' };
  }

  sentence(step, at, { steps, unread }) {
    if (!step) return 'Nothing yet: bring more bytes.';
    const rest = unread && at === steps.length ? ` ${count(unread, 'byte')} behind that are never looked at.` : '';
    const says = `Step ${at} of ${steps.length}: the ${step.from} says ${step.event}`;
    return `${says}; the client is ${step.client}, the server ${step.server}.${rest}`;
  }
});
