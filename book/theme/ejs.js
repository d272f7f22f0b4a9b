// The colours of EJS: HTML, with JavaScript between the tags. mdBook's highlighter does not know it.
if (window.hljs) {
  hljs.registerLanguage("ejs", () => ({
    name: "EJS",
    subLanguage: "xml",
    contains: [{
      begin: "<%[%=_#-]?", end: "[_-]?%>", subLanguage: "javascript", excludeBegin: true, excludeEnd: true,
    }],
  }));
  for (const code of document.querySelectorAll("code.language-ejs")) {
    hljs.highlightBlock(code);
  }
}
