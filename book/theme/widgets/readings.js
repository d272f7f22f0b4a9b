// <wirebook-readings>: a lenient proxy's reading and ours of the same bytes, where they part, and the attack that
// follows, played in the simulation. Each kindness is a switch, on either side.
import { toText } from '../kit/bytes.js';
import { differences, h, Table } from '../kit/dom.js';
import { rule } from '../kit/spans.js';
import { Widget } from '../kit/widget.js';

const list = (text) => text.split(',').filter(Boolean);

customElements.define('wirebook-readings', class extends Widget {
  defaults = { back: '' };
  bytes = 'the bytes of the attacker';

  controls() {
    const turn = () => this.change({ back: this.state.back ? '' : this.answer.needed ?? '' });
    this.fall = this.button('switch the rule off', turn);
    return [...super.controls(), this.fall];
  }

  body() {
    this.spans = h('div', { class: 'wb-spans' });
    this.fault = h('div', { class: 'wb-fault' });
    this.readings = new Table('line', 'the proxy', 'our server');
    this.switches = new Table('kindness', 'the proxy', 'our server', 'breaks');
    this.story = new Table('who', 'does');
    const bytes = h('div', { class: 'wb-bytes' }, this.spans, this.editor.area);
    const both = h('div', { class: 'wb-grid' }, bytes, this.readings.element);
    return [both, this.fault, this.told, this.story.element,
      h('details', {}, h('summary', {}, 'Switches: who is kind in which way'), this.switches.element)];
  }

  // What is switched stays.
  typed(input) {
    this.change({ input });
  }

  live({ story }) {
    return story.succeeded ? 'the attack succeeds' : 'the attack fails';
  }

  flip(side, name) {
    const on = list(this.state[side]);
    this.change({ [side]: (on.includes(name) ? on.filter((other) => other !== name) : [...on, name]).join(',') });
  }

  show({ input, front, back, part, say, story, kindnesses, needed }) {
    this.fall.hidden = !needed && !this.state.back;
    this.fall.textContent = this.state.back ? 'switch our rules on again' : 'switch the rule off that stops it';
    const at = part ?? input.length;
    const here = part === null ? [] : [h('span', { class: 'wb-bad' }, toText(input.slice(at, at + 1)) || ' end ')];
    const rest = h('span', { class: 'wb-rest' }, toText(input.slice(at + 1)));
    this.spans.replaceChildren(toText(input.slice(0, at)), ...here, rest);
    this.readings.fill(differences(this.sentences(front), this.sentences(back)));
    const where = part === null ? 'Both read the same.'
      : `They part at byte ${part}: the proxy ${say[0]}; our server ${say[1]}.`;
    const end = story.succeeded ? 'The attack succeeds.' : 'The attack fails.';
    this.fault.replaceChildren(h('b', {}, end), ` ${where}`);
    this.now = this.refusal(back) ?? this.refusal(front);
    this.tell(this.now);
    this.story.fill(story.scenes.map(({ who, what }) => [{}, who, what]));
    this.switches.fill(kindnesses.map(({ name, text, rule: section }) => [{}, text,
      this.box('front', name, `the proxy: ${text}`), this.box('back', name, `our server: ${text}`), rule(section)]));
    this.say(`${end} ${where}`);
  }

  sentences({ messages, refused, open }) {
    const ended = messages.map(({ method, target, start, end }) => `${method} ${target}, bytes ${start}–${end}`);
    const waits = open && !refused ? [`the body of a request that begins at byte ${open[0]} has not all come`] : [];
    return [...ended, ...waits, ...(refused ? [`refuses byte ${refused[0]}: ${refused[1]}`] : [])];
  }

  // The rule by which one of them refuses, explained.
  refusal({ refused }) {
    return refused && { key: `error ${refused[1]}`, name: refused[1], where: `byte ${refused[0]}` };
  }

  box(side, name, label) {
    const checked = list(this.state[side]).includes(name);
    const box = h('input', { type: 'checkbox', 'aria-label': label, onchange: () => this.flip(side, name) });
    box.checked = checked;
    return box;
  }
});
