// axe-core on every page, light and dark, on a desk and on a phone: no violation.
//
// Run: node tests/browser/a11y.mjs
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { chapters, judge, live, open, serve } from './lib/judge.mjs';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const { site, end: stop } = await serve();
const { check, end } = judge('a11y');

for (const colorScheme of ['light', 'dark']) {
  for (const width of [1280, 390]) {
    const page = await open({ colorScheme, viewport: { width, height: 900 } });
    for (const path of await chapters(page, site)) {
      await check(`${path} in ${colorScheme} at ${width} px`, async () => {
        await page.goto(site + path);
        await live(page);
        await page.addScriptTag({ path: axe });
        const { violations } = await page.evaluate(() => window.axe.run());
        const found = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.any[0]?.message ?? ''} ${node.html.slice(0, 120)}`));
        assert.deepEqual(found, []);
      });
    }
    await page.context().close();
  }
}
await stop();
await end();
