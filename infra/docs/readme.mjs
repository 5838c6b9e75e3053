// Fills README.md's marked blocks with what the commands really print:
//   node infra/docs/readme.mjs [--bench FILE.json] [--extraction FILE.json] [--tokenizers FILE.json]   (what `npm run bench`, `-- extract` and `-- bpe` printed)
// Run it from the repository root after npm ci; a run of the sample goes to runs/sample anew.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const refine = (...args) => execFileSync(process.execPath, ['pipeline/cli/refine.mjs', ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
const block = (command, text) => `\`\`\`\n$ ${command}\n${text.trimEnd()}\n\`\`\``;

rmSync('runs/sample', { recursive: true, force: true });
const run = spawnSync(process.execPath, ['pipeline/cli/refine.mjs', 'run', 'manifests/sample.yaml'], { encoding: 'utf8' }).stderr;
const page = join(mkdtempSync(join(tmpdir(), 'refine-readme-')), 'page.html');
writeFileSync(
  page,
  `<!doctype html><html lang="en"><head><title>On salt</title></head><body><nav><a href="/">Home</a> <a href="/shop">Shop</a></nav>
<article><h1>On salt</h1><p>Salt was carried over the mountains long before there were roads, and the towns that stood on its way took their names from it.</p>
<p>What is left of the trade is a row of stone huts, each a day's walk from the next, and a song about a mule.</p></article>
<footer>© 2024 <a href="/privacy">Privacy policy</a></footer></body></html>`,
);
const tour = {
  run: block('npx refine run manifests/sample.yaml', run.slice(run.search(/^[\d,]+ documents in/m))),
  stats: block('npx refine stats runs/sample', `${refine('stats', 'runs/sample').split('\n').slice(0, 38).join('\n')}\n...`),
  inspect: block(
    'npx refine inspect runs/sample --reason dedupe-exact/duplicate-text --sample 1',
    `${refine('inspect', 'runs/sample', '--reason', 'dedupe-exact/duplicate-text', '--sample', '1').split('\n').slice(0, 8).join('\n')}\n...`,
  ),
  whatif: block(
    'npx refine stats runs/sample --what-if repetition.top-2-gram-fraction=0.04',
    refine('stats', 'runs/sample', '--what-if', 'repetition.top-2-gram-fraction=0.04')
      .split('\n')
      .filter((line) => /^what if|^ {2}step |would keep|[\d,]+ +-?[\d,]+ +[+-][\d,]+$/.test(line)) // what the threshold changes
      .join('\n'),
  ),
  try: block('npx refine try extract,langid page.html', refine('try', 'extract,langid', page)),
};
let readme = readFileSync('README.md', 'utf8');
for (const [name, text] of Object.entries(tour))
  readme = readme.replace(new RegExp(`(<!-- tour:${name} -->)[\\s\\S]*?(<!-- /tour -->)`), (_, open, close) => `${open}\n${text}\n${close}`);
const bench = process.argv[process.argv.indexOf('--bench') + 1];
if (process.argv.includes('--bench')) {
  // The README shows what decides; `npm run bench` prints everything.
  const SHOWN = [
    /^whole path/,
    /^WARC to document batches, digests checked/,
    /^npm warcio/,
    /^PyPI .*digests checked/,
    /^language label, 2 KB of (real pages|79 languages)$/,
    /^libfasttext/,
    /^repetition, quality and lines/,
    /^all metrics, one definition of each$/,
    /^datatrove .*Filter$/,
    /^pii: /,
    /^decontaminate: 13-grams$/,
    /^what-if, 1 asked/,
    /^MinHash \d/,
    /^rensa RMinHash, 112 hashes, word/,
    /^Bloom filter inserts, for 100 million keys, avx2$/,
    /^npm bloom-filters inserts/,
    /^Arrow IPC over (stdout|a Unix socket)$/,
    /^bare (pipe|Unix socket)$/,
    /^openLoader/,
    /^Python client/,
    /^HuggingFace datasets/,
    /^mosaicml-streaming/,
    /^webdataset/,
    /^first batch after process start$/,
    /^seek to a random sample: open/,
  ];
  const kept = JSON.parse(readFileSync(bench, 'utf8'));
  const figures = SHOWN.flatMap((pattern) => kept.figures.filter((figure) => pattern.test(figure.what) && !/MB\/CPU/.test(figure.unit)));
  writeFileSync(page, JSON.stringify({ ...kept, figures }));
  const table = execFileSync(process.execPath, ['dist/infra/bench/main.js', '--from', page, '--table'], { encoding: 'utf8' });
  readme = readme.replace(/(<!-- bench -->)[\s\S]*?(<!-- \/bench -->)/, (_, open, close) => `${open}\n${table.trimEnd()}\n${close}`);
}
const tokenizers = process.argv[process.argv.indexOf('--tokenizers') + 1];
if (process.argv.includes('--tokenizers')) {
  const kept = JSON.parse(readFileSync(tokenizers, 'utf8'));
  // All languages for two vocabularies, English and Chinese for the others; the bench prints everything.
  const rows = kept.figures.filter(({ row }) => row !== undefined && /, (gpt2|falcon)$|^(english|chinese), /.test(row));
  writeFileSync(page, JSON.stringify({ ...kept, figures: rows }));
  const table = execFileSync(process.execPath, ['dist/infra/bench/main.js', '--from', page, '--table'], { encoding: 'utf8' });
  readme = readme.replace(
    /(<!-- tokenizers -->)[\s\S]*?(<!-- \/tokenizers -->)/,
    (_, open, close) => `${open}\n${table.slice(table.indexOf('MB of text')).trim()}\n${close}`,
  );
}
const extraction = process.argv[process.argv.indexOf('--extraction') + 1];
if (process.argv.includes('--extraction')) {
  const tables = execFileSync(process.execPath, ['dist/infra/bench/main.js', '--from', extraction, '--table'], { encoding: 'utf8' });
  readme = readme.replace(/(<!-- extraction -->)[\s\S]*?(<!-- \/extraction -->)/, (_, open, close) => `${open}\n${tables.trimEnd()}\n${close}`);
}
writeFileSync('README.md', readme);
