// node run.mjs SUBJECT NAME runs one twin; node run.mjs alone says which there are.
const subjects = ['destroy', 'ending', 'flow', 'silence', 'errors', 'servers'];
const [subject, name] = process.argv.slice(2);
if (name) {
  const { default: twins } = await import(`./${subject}.mjs`);
  // From the check phase, as ours: where the main script stands is Node's affair.
  setImmediate(twins[name]);
} else {
  for (const each of subjects) {
    const { default: twins } = await import(`./${each}.mjs`);
    for (const twin of Object.keys(twins)) console.log(`${each} / ${twin}`);
  }
}
