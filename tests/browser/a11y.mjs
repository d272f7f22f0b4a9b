// axe-core on every page, light and dark, on a desk and on a phone: no violation.
//
// Run: node tests/browser/a11y.mjs
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { chapters, judge, live, open, serve, settled } from './lib/judge.mjs';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const { site, end: stop } = await serve();
const { check, end } = judge('a11y');

// A page is loaded once for each width, and follows the reader's scheme as it does where somebody's evening begins. The widths
// have a process of the browser each.
await Promise.all([1280, 390].map(async (width) => {
  const page = await open({ viewport: { width, height: 900 } });
  for (const path of await chapters(page, site)) {
    await check(`${path} opens at ${width} px`, async () => {
      await page.goto(site + path);
      await live(page);
      await page.addScriptTag({ path: axe });
    });
    for (const colorScheme of ['light', 'dark']) {
      await check(`${path} in ${colorScheme} at ${width} px`, async () => {
        await page.emulateMedia({ colorScheme });
        await settled(page, (dark) => document.documentElement.matches('.navy, .coal, .ayu') === dark
          && document.getAnimations().every((one) => one.playState !== 'running'), colorScheme === 'dark');
        const { violations } = await page.evaluate(() => window.axe.run());
        const found = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.any[0]?.message ?? ''} ${node.html.slice(0, 120)}`));
        assert.deepEqual(found, []);
      });
    }
  }
  await page.context().close();
}));
await stop();
await end();
