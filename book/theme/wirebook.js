// Loads the module of each widget that is on the page: <wirebook-head> is widgets/head.js.
// Opened as a plain file, a page keeps the pictures that the book was built with: browsers load no modules from files.
(() => {
  const base = new URL('.', document.currentScript.src);
  if (base.protocol === 'file:') return;
  const names = new Set();
  for (const element of document.querySelectorAll('.wb')) names.add(element.localName.replace('wirebook-', ''));
  for (const name of names) import(new URL(`widgets/${name}.js`, base)).catch(console.error);
})();
