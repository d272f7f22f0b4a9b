// Node's `eventsource` package against our server.
import { EventSource } from 'eventsource';
import { judge } from './judge.mjs';
import { report } from './report.mjs';

const base = process.argv[2];
const fetchJson = async (url) => (await fetch(url)).json();
report('eventsource (npm)', 'node', await judge(EventSource, base, fetchJson));
