// Compares a judge's results with the deviations that are known of it: each has to be there, and no other.
import { readFileSync } from 'node:fs';

export function report(title, key, results) {
  const known = JSON.parse(readFileSync(new URL('./deviations.json', import.meta.url), 'utf8'))[key] ?? {};
  const names = Object.keys(results);
  const failed = names.filter((name) => results[name] !== null);
  const unexpected = failed.filter((name) => !(name in known));
  const gone = Object.keys(known).filter((name) => !failed.includes(name));
  for (const name of unexpected) console.log(`FAIL ${title}: ${name}\n     ${JSON.stringify(results[name])}`);
  for (const name of gone) console.log(`FAIL ${title}: ${name} is a known deviation, and passes now: strike it from deviations.json`);
  console.log(`${title}: ${names.length - failed.length} of ${names.length} checks agree, ${failed.length - unexpected.length} known deviations of theirs`);
  if (unexpected.length + gone.length > 0) process.exitCode = 1;
}
