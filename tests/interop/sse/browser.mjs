// Chromium's own EventSource against our server.
import { chromium } from 'playwright-core';
import { report } from './report.mjs';

const base = process.argv[2];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  const page = await browser.newPage();
  await page.goto(`${base}/`);
  const results = await page.evaluate(async (base) => {
    const { judge } = await import(`${base}/judge.mjs`);
    return judge(EventSource, base, async (url) => (await fetch(url)).json());
  }, base);
  report(`Chromium ${browser.version()}`, 'chromium', results);
} finally {
  await browser.close();
}
