// The chat example: its page in two tabs of Chromium, where there is one, and Node's `ws` in the same room.
import { WebSocket } from 'ws';
import { report } from './judge.mjs';

const [address] = process.argv.slice(2);
const results = [];
const check = (name, ok) => results.push([name, Boolean(ok)]);

/** What a socket was told, and a promise for when it was told a line. */
function listener(socket) {
  const lines = [];
  const told = (line) => new Promise((resolve, reject) => {
    const give = setTimeout(() => reject(new Error(`never told "${line}", but ${JSON.stringify(lines)}`)), 5000);
    const look = () => lines.includes(line) && (clearTimeout(give), resolve(true));
    socket.on('message', look);
    look();
  });
  socket.on('message', (data) => lines.push(String(data)));
  return { lines, told };
}
const join = (room, name, options) => new WebSocket(`ws://${address}/chat?room=${room}&name=${name}`, options);

const ann = join('tea', 'ann');
const heardByAnn = listener(ann);
check('who joins is announced', await heardByAnn.told('ann is here; 1 in tea'));
const bob = join('tea', 'bob');
const heardByBob = listener(bob);
check('to everybody in the room', await heardByAnn.told('bob is here; 2 in tea') && await heardByBob.told('bob is here; 2 in tea'));
const eve = join('coffee', 'eve');
const heardByEve = listener(eve);
await heardByEve.told('eve is here; 1 in coffee');
ann.send('milk?');
check('a line goes to the others', await heardByBob.told('ann: milk?'));
check('and its sender is told to how many', await heardByAnn.told('you, to 1: milk?'));
check('but not to another room, and not twice', heardByEve.lines.length === 1 && !heardByAnn.lines.includes('ann: milk?'));
bob.close();
check('who leaves is announced', await heardByAnn.told('bob has left'));

const stranger = join('tea', 'mallory', { origin: 'http://evil.example' });
check("another host's page is refused", await new Promise((resolve) => stranger.on('unexpected-response', (_, response) => resolve(response.statusCode === 403))));
check('what is not there is a 404', (await fetch(`http://${address}/nothing`)).status === 404);

if (process.env.CHROMIUM) {
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  try {
    const tab = async (name) => {
      const page = await browser.newPage();
      const errors = [];
      page.on('pageerror', (error) => errors.push(error));
      await page.goto(`http://${address}/`);
      await page.fill('#room', 'tea');
      await page.fill('#name', name);
      await page.click('#join');
      const sees = (line) => page.waitForFunction((line) => document.getElementById('log').textContent.includes(line), line, { timeout: 5000 });
      await sees(`${name} is here`);
      return { page, sees, errors };
    };
    const one = await tab('one');
    const two = await tab('two');
    await one.sees('two is here; 3 in tea');
    await one.page.fill('#text', 'from the page <b>');
    await one.page.press('#text', 'Enter');
    await two.sees('one: from the page <b>');
    await one.sees('you, to 2: from the page <b>');
    check('the page talks to the page', await heardByAnn.told('one: from the page <b>'));
    ann.send('and to the page');
    await two.sees('ann: and to the page');
    check('no script failed', one.errors.length + two.errors.length === 0);
    await two.page.close();
    check('a closed tab has left', await heardByAnn.told('two has left'));
  } finally {
    await browser.close();
  }
}
for (const socket of [ann, eve]) socket.terminate();
report('The chat', results);
