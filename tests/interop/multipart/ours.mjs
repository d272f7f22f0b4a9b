// Asks our reader: questions in, answers out, in their order.
import { spawn } from 'node:child_process';

export function ours(program, questions) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
    const pieces = [];
    child.stdout.on('data', (piece) => pieces.push(piece));
    child.on('error', reject);
    child.on('close', (code) => {
      const lines = Buffer.concat(pieces).toString().trim().split('\n');
      if (code !== 0 || lines.length !== questions.length) reject(new Error(`the reader ended with ${code} after ${lines.length} answers`));
      else resolve(lines.map((line) => JSON.parse(line)));
    });
    child.stdin.end(questions.map((question) => JSON.stringify(question) + '\n').join(''));
  });
}

export const latin1 = (bytes) => Buffer.from(bytes).toString('latin1');

/** A small generator of numbers, the same on every machine. */
export function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
