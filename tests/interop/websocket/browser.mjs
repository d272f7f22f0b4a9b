// Chromium's own WebSocket against our server.
import { chromium } from 'playwright-core';
import { judge, report } from './judge.mjs';

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  const page = await browser.newPage();
  const results = await page.evaluate(`(${judge})(WebSocket, ${JSON.stringify(process.argv[2])})`);
  report(`Chromium ${browser.version()}`, results);
} finally {
  await browser.close();
}
