// npm's busboy on a form: the file, its boundary, how often it is read, the bytes of all contents. Prints nanoseconds of CPU time
// for one time.
import busboy from 'busboy';
import { readFileSync } from 'node:fs';

const [file, boundary, times, content] = process.argv.slice(2);
const body = readFileSync(file);
const READ = 64 * 1024;

function decode() {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    const form = busboy({ headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } });
    form.on('field', (name, value) => { bytes += value.length; });
    form.on('file', (name, stream) => stream.on('data', (piece) => { bytes += piece.length; }));
    form.on('error', reject);
    form.on('close', () => resolve(bytes));
    let at = 0;
    const write = () => {
      while (at < body.length) {
        const piece = body.subarray(at, at += READ);
        if (!form.write(piece)) { form.once('drain', write); return; }
      }
      form.end();
    };
    write();
  });
}

const run = async (count) => {
  for (let turn = 0; turn < count; turn += 1) {
    const bytes = await decode();
    if (bytes !== Number(content)) throw new Error(`${bytes} bytes instead of ${content}`);
  }
};
// Once for the compiler, which is not what is measured.
await run(Math.min(20, Number(times)));
const before = process.cpuUsage();
await run(Number(times));
const { user, system } = process.cpuUsage(before);
console.log(((user + system) * 1000) / Number(times));
