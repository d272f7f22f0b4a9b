// What the judges share: the program under test, the browser, and a list of checks.
import { chromium } from 'playwright-core';
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

export const root = fileURLToPath(new URL('../../..', import.meta.url));
export const shots = process.argv[2] ?? join(root, 'tests/shots');
mkdirSync(shots, { recursive: true });

// How long anything may take on a machine that does other things; what holds is not slower for it.
const PATIENCE = 60_000;

// The program under test; on a free port, or again on the one that it had.
export async function serve(address = '127.0.0.1:0', more = []) {
  const program = process.env.WIREBOOK ?? join(root, 'target/debug/wirebook');
  const child = spawn(program, ['site', '--addr', address, ...more], { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
  const listens = await new Promise((resolve, reject) => {
    child.stdout.on('data', (data) => { const found = /listening on (\S+)/.exec(data); if (found) resolve(found[1]); });
    child.on('exit', (code) => reject(new Error(`the site ended with ${code}`)));
  });
  const ended = new Promise((resolve) => { child.on('exit', resolve); });
  return { child, site: `http://${listens}`, address: listens, end: async () => { child.kill('SIGKILL'); await ended; } };
}

// What the console of any page complained about.
export const complaints = [];
let browser;

export async function open(options = {}) {
  browser ??= await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on('console', (message) => { if (message.type() === 'error') complaints.push(`${page.url()}: ${message.text()}`); });
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.stack ?? error}`));
  // What the test itself leaves behind by going to the next page was not refused by anybody.
  const refused = (request) => request.failure()?.errorText !== 'net::ERR_ABORTED';
  page.on('requestfailed', (request) => {
    if (refused(request)) complaints.push(`${page.url()}: ${request.url()} failed: ${request.failure()?.errorText}`);
  });
  return page;
}

export const text = (widget, selector) => widget.locator(selector).innerText();
export const settled = (page, test, argument) => page.waitForFunction(test, argument, { timeout: PATIENCE });
const alive = () => [...document.querySelectorAll('.wb')].every((one) => one.querySelector('.wb-live:not(.wb-away)'));

// All widgets of the page are live.
export const live = (page) => settled(page, alive);

// All pages of the table of contents, by path.
export async function chapters(page, site) {
  await page.goto(`${site}/`);
  const links = await page.locator('.chapter a[href]').evaluateAll((all) => all.map((link) => new URL(link.href))
    .filter((url) => url.origin === location.origin).map((url) => url.pathname.replace(/index\.html$/, '')));
  return [...new Set(links)];
}

// Runs checks one after the other: a failure is told at the end, and the rest goes on.
export function judge(name) {
  let passed = 0;
  const failures = [];
  const only = process.env.ONLY;
  return {
    async check(what, work) {
      if (only && !what.includes(only)) return;
      try {
        await work();
        passed += 1;
        console.log(`ok   ${what}`);
      } catch (error) {
        failures.push(what);
        console.error(`FAILED ${what}: ${error.stack ?? error}`);
      }
    },
    async end() {
      await browser?.close();
      console.log(`${name}: ${passed} passed, ${failures.length} failed`);
      process.exit(failures.length ? 1 : 0);
    },
  };
}
