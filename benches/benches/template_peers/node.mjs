// Measures Node's ejs and eta on the pages of the benchmark; prints microseconds and output, by implementation and page.
import ejs from 'ejs';
import { Eta } from 'eta';

const cell = (row, column) => (row * 7919 + column * 104729) % 10000;
const grid = (rows, columns) => ({ table: Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => cell(r, c))) });
const teams = { year: 2015, teams: [['Jiangsu', 43], ['Beijing', 27], ['Guangzhou', 22], ['Shandong', 12]].map(([name, score]) => ({ name, score })) };
const piece = 'He said: "5 < 6 & 7 > 2", <b>it\'s</b> plain text for a while, then <a href="/x?a=1&b=2">more</a>. ';
const text = { text: piece.repeat(Math.ceil(71000 / piece.length)).slice(0, 71000) };

const sources = {
  table: '<table><% for (const row of IT.table) { %><tr><% for (const cell of row) { %><td><%= cell %></td><% } %></tr><% } %></table>',
  teams: '<html><head><title><%= IT.year %></title></head><body><h1>CSL <%= IT.year %></h1><ul><% for (let i = 0; i < IT.teams.length; i++) { const team = IT.teams[i]; %><li class="<% if (i === 0) { %>champion<% } %>"><b><%= team.name %></b>: <%= team.score %></li><% } %></ul></body></html>',
  text: '<p><%= IT.text %></p>',
};
const pages = [['table 100x100', 'table', grid(100, 100)], ['table 1000x10', 'table', grid(1000, 10)], ['teams', 'teams', teams], ['text 71 KB', 'text', text]];

// autoTrim would drop line ends; there are none, and the output is to be the same.
const eta = new Eta({ autoTrim: false });
const implementations = {
  'node ejs': source => ejs.compile(source.replaceAll('IT.', '')),
  // The fastest that ejs offers: no `with`, no line numbers.
  'node ejs, no with': source => ejs.compile(source.replaceAll('IT.', 'it.'), { _with: false, localsName: 'it', compileDebug: false }),
  'node eta': source => { const f = eta.compile(source.replaceAll('IT.', 'it.')); return data => eta.render(f, data); },
};

const microseconds = {}, output = {};
for (const [name, compile] of Object.entries(implementations)) {
  microseconds[name] = {};
  output[name] = {};
  for (const [page, kind, data] of pages) {
    const render = compile(sources[kind]);
    output[name][page] = render(data);
    let sink = 0;
    const run = count => { const start = process.hrtime.bigint(); for (let i = 0; i < count; i++) sink += render(data).length; return Number(process.hrtime.bigint() - start) / 1000 / count; };
    const count = kind === 'teams' ? 20000 : 60;
    run(2 * count);
    const samples = Array.from({ length: 9 }, () => run(count)).sort((a, b) => a - b);
    microseconds[name][page] = Math.round(samples[4] * 1000) / 1000;
    if (!sink) throw new Error('nothing was rendered');
  }
}
console.log(JSON.stringify({ microseconds, output }));
