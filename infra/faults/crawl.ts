// A crawl for campaigns: copies of the embedded sample crawl (or of any WARC) whose pages are other documents of the same lengths
// (infra/plan/copies.ts), and the manifest that runs over them: a map, every kind of barrier, an order over the run, tokens.
import { createReadStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { packagePath } from '../../native/package-root.js';
import { readRecords } from '../../stages/fetch/warc-reader.js';
import { writeCopy } from '../plan/copies.js';

export interface Member {
  readonly offset: number;
  readonly length: number;
}

/** Gzip members that hold a whole response each. */
export async function responsesOf(path: string): Promise<Member[]> {
  const members: Member[] = [];
  for await (const { type, offset, length } of readRecords(createReadStream(path), { path: basename(path) }))
    if (type === 'response' && length !== null) members.push({ offset, length });
  return members;
}

/** Files of `warcs` and copies of them until there are `pages` responses. Returns their names and how many pages they hold. */
export async function makeCrawl(folder: string, pages: number, warcs: readonly string[] = SAMPLE()): Promise<{ files: string[]; pages: number }> {
  mkdirSync(folder, { recursive: true });
  const files: string[] = [];
  let made = 0;
  const known = new Map<string, Member[]>();
  for (const warc of warcs) known.set(warc, await responsesOf(warc));
  for (let copy = 0; made < pages; copy++) {
    for (const warc of warcs) {
      if (made >= pages) break;
      const name = `${String(copy).padStart(3, '0')}-${basename(warc)}`;
      const members = known.get(warc)!;
      if (copy === 0) writeFileSync(join(folder, name), readFileSync(warc));
      else writeCopy(readFileSync(warc), members, copy, join(folder, name));
      files.push(name);
      made += members.length;
    }
  }
  return { files, pages: made };
}

/** The sample's files less the one of damaged records, which copies would have to damage again. */
function SAMPLE(): string[] {
  return ['0-sites.warc.gz', '1-languages.warc.gz'].map((name) => packagePath(`manifests/sample/${name}`));
}

export function campaignManifest(folder: string): string {
  return `name: campaign
seed: 11
source: { warc: ['${folder}/*.warc.gz'] }
steps:
  - extract
  - langid
  - repetition: { rules: gopher@paper }
  - quality: { rules: ccnet@paper, character-count: { min: { quantile: 0.05 } } }
  - dedupe-exact
  - dedupe-minhash
  - dedupe-substring
  - tokenize
sink:
  text: { keep: true }
  samples-per-reason: 5
`;
}
