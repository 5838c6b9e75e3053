// `node dist/infra/readiness/real-runs.js FOLDER`: the real file in ten parts, and two runs over it: FOLDER/clean (filtered and
// deduplicated) and FOLDER/raw (extracted, English), with the third texts that neither holds. What readiness.md's tables stand on.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { documentKey } from '../../pipeline/document-key.js';
import { HoldoutRule } from '../../pipeline/holdout.js';
import { loadManifest } from '../../pipeline/manifest.js';
import { runManifest } from '../../pipeline/runner.js';
import { needsShared, sharedPath } from '../../tests/support/shared.js';

const PARTS = 10;
const HOLDOUT = { fraction: 0.15, by: 'host' } as const;
const SINK = `sink: { text: { keep: true }, holdout: { fraction: ${HOLDOUT.fraction}, by: ${HOLDOUT.by} } }`;
const MANIFESTS = {
  clean: `name: clean
seed: 2023
source: { warc: ["parts/*.warc.gz"] }
steps:
  - extract
  - langid: { keep: [en], min-prob: 0.65 }
  - repetition: { rules: gopher@paper }
  - quality: { rules: gopher@paper }
  - lines: { rules: refinedweb }
  - dedupe-url
  - dedupe-exact
  - dedupe-minhash
  - tokenize
${SINK}
`,
  raw: `name: raw
seed: 2023
source: { warc: ["parts/*.warc.gz"] }
steps: [extract, langid: { keep: [en] }, tokenize]
${SINK}
`,
};

const shared = (...path: string[]): string => {
  const found = sharedPath('data', ...path);
  if (found === null) throw new Error(needsShared);
  return found;
};

const folder = process.argv[2];
if (folder === undefined) throw new Error('name a folder');
mkdirSync(join(folder, 'parts'), { recursive: true });
const bytes = readFileSync(shared('real.warc.gz'));
const [head, ...lines] = readFileSync(shared('real.index.tsv'), 'utf8').trim().split('\n');
const columnOf = (name: string): number => head!.split('\t').indexOf(name);
const rows = lines.map((line) => line.split('\t'));
// whole gzip members: a part begins where a response does
const cuts = Array.from({ length: PARTS + 1 }, (_, part) =>
  part === 0 ? 0 : part === PARTS ? bytes.length : Number(rows[Math.floor((rows.length * part) / PARTS)]![columnOf('offset')]),
);
for (let part = 0; part < PARTS; part++) writeFileSync(join(folder, 'parts', `${part}.warc.gz`), bytes.subarray(cuts[part], cuts[part + 1]));
thirdTexts(new Set(rows.map((row) => new URL(row[columnOf('url')]!).hostname)));
for (const [name, manifest] of Object.entries(MANIFESTS)) {
  writeFileSync(join(folder, `${name}.yaml`), manifest);
  await runManifest(await loadManifest(join(folder, `${name}.yaml`)), { out: join(folder, name), workers: 2 });
}

/** wikitext-2's validation articles, and English gold text of sites that are not in the runs. */
function thirdTexts(hosts: ReadonlySet<string>): void {
  const articles = gunzipSync(readFileSync(shared('text', 'prose', 'wikitext2-valid.txt.gz')))
    .toString()
    .split(/(?=^ = [^=].*[^=] = \n)/m)
    .filter((text) => text.trim().length > 200);
  writeFileSync(join(folder!, 'wikitext2-valid.jsonl'), articles.map((text) => `${JSON.stringify({ text })}\n`).join(''));
  const rule = new HoldoutRule(HOLDOUT);
  const gold: { key: number; line: string }[] = [];
  for (const collection of readdirSync(shared('pages')).sort()) {
    const path = join(shared('pages'), collection, 'gold.jsonl');
    if (!existsSync(path)) continue;
    for (const line of readFileSync(path, 'utf8').split('\n').filter(Boolean)) {
      const { url, text, lang } = JSON.parse(line) as { url?: string | null; text?: string | null; lang?: string | null };
      if (!url || !text || text.length < 400 || (lang ?? 'en') !== 'en') continue; // a page without text states null
      if (!URL.canParse(url)) continue; // a collection that names its pages by number: nobody knows whether the site was seen
      const host = new URL(url).hostname;
      const english = (text.match(/\b(?:the|and|of)\b/g) ?? []).length >= 8;
      if (english && (!hosts.has(host) || rule.holds(host))) gold.push({ key: documentKey(0, url), line: JSON.stringify({ url, text }) });
    }
  }
  gold.sort((a, b) => a.key - b.key);
  writeFileSync(join(folder!, 'gold-unseen.jsonl'), gold.map(({ line }) => `${line}\n`).join(''));
}
