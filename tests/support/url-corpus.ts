// URLs as they occur: every URL the shared data names, and every href and src of its pages with the page's URL as base.
// References are found by expression, not by an HTML parser: what is no link is a harder URL.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { sharedPath } from './shared.js';

export interface Reference {
  readonly base: string | null;
  readonly href: string;
}

let references: readonly Reference[] | null | undefined;

/** Null where the shared data is absent. Read once a process. */
export function realReferences(): readonly Reference[] | null {
  references ??= readReferences();
  return references;
}

function readReferences(): Reference[] | null {
  const pages = sharedPath('data', 'pages');
  const index = sharedPath('data', 'real.index.tsv');
  const warcs = sharedPath('data', 'warc');
  if (pages === null || index === null || warcs === null) return null;
  const found: Reference[] = [];
  for (const line of readFileSync(index, 'utf8').trimEnd().split('\n').slice(1)) found.push({ base: null, href: line.split('\t')[2]! });
  for (const corpus of readdirSync(pages)) {
    for (const line of readFileSync(join(pages, corpus, 'gold.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')) {
      const { id, url } = JSON.parse(line) as { id: string; url: string | null };
      if (url !== null) found.push({ base: null, href: url });
      const html = gunzipSync(readFileSync(join(pages, corpus, `${id}.html.gz`))).toString('utf8');
      for (const match of html.matchAll(/(?:href|src|action)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/gi))
        found.push({ base: url, href: (match[1] ?? match[2] ?? match[3]!).replaceAll('&amp;', '&') });
    }
  }
  for (const file of readdirSync(warcs, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(?:warc|arc|warc\.gz|arc\.gz)$/.test(file)) continue;
    const bytes = readFileSync(join(warcs, file));
    for (const match of unpacked(bytes)
      .toString('utf8')
      .matchAll(/^WARC-Target-URI: *<?(.*?)>?\r?$/gm))
      found.push({ base: null, href: match[1]! });
  }
  return found;
}

/** As far as it goes: some of these files are broken on purpose. */
function unpacked(bytes: Buffer): Buffer {
  if (bytes[0] !== 0x1f) return bytes;
  try {
    return gunzipSync(bytes);
  } catch {
    return Buffer.alloc(0);
  }
}
