// Loads the module of each widget that is on the page: <wirebook-head> is widgets/head.js.
// Opened as a plain file, a page keeps the pictures that the book was built with: browsers load no modules from files.
(() => {
  const base = new URL('.', document.currentScript.src);
  if (base.protocol === 'file:') return;
  const names = new Set();
  for (const element of document.querySelectorAll('.wb')) names.add(element.localName.replace('wirebook-', ''));
  for (const name of names) import(new URL(`widgets/${name}.js`, base)).catch(console.error);
})();

// What mdBook's pages lack for those who do not see them, or have no mouse.
(() => {
  document.querySelector('#mdbook-menu-bar')?.setAttribute('role', 'banner');
  // A label is no button: it has no states.
  const toggle = document.querySelector('#mdbook-sidebar-toggle');
  const plain = () => { for (const name of ['expanded', 'controls']) toggle?.removeAttribute(`aria-${name}`); };
  if (toggle) new MutationObserver(plain).observe(toggle, { attributeFilter: ['aria-expanded'] });
  plain();
  for (const head of document.querySelectorAll('main th:empty')) head.replaceWith(document.createElement('td'));
  const reach = () => {
    for (const one of document.querySelectorAll('main pre > code, main .table-wrapper, .wb-diagram, .wb-plot')) {
      if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
    }
  };
  addEventListener('load', reach);
  addEventListener('resize', reach);
})();

// Which protocol carried the page: the browser knows.
(() => {
  const [visit] = performance.getEntriesByType('navigation');
  const name = { h2: 'HTTP/2', 'http/1.1': 'HTTP/1.1', 'http/1.0': 'HTTP/1.0' }[visit?.nextHopProtocol];
  const main = document.querySelector('main');
  if (!name || !main) return;
  const line = document.createElement('p');
  line.className = 'wb-carried';
  line.textContent = `This page came over ${name}.`;
  main.append(line);
})();
