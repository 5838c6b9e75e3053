// Main texts of the pages by PyPI extractors, kept under build/ by version and page so that a second run costs nothing.
// REFINE_PYTHON names the interpreter they are installed in (infra/test/peers.txt).
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../../native/index.js';
import type { Page } from './pages.js';

export const PEERS = ['trafilatura', 'resiliparse', 'rs-trafilatura'] as const;
export type Peer = (typeof PEERS)[number];

const python = process.env.REFINE_PYTHON ?? 'python3';
const script = packagePath('infra', 'bench', 'peers', 'extract_peers.py');

/** By tool: its version, or null where it is not installed; null altogether where there is no interpreter. */
export function peerVersions(): Readonly<Record<string, string | null>> | null {
  const { status, stdout } = spawnSync(python, [script, 'versions'], { encoding: 'utf8' });
  return status === 0 ? (JSON.parse(stdout) as Record<string, string | null>) : null;
}

export interface PeerPage {
  readonly text: string;
  readonly cpuMs: number;
}

/** Each file's text and CPU time, in order, in a process of its own. */
export function runPeer(tool: string, files: readonly string[]): PeerPage[] {
  const out = execFileSync(python, [script, tool], {
    input: `${files.join('\n')}\n`,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const pages = out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as PeerPage);
  if (pages.length !== files.length) throw new Error(`${tool} gave ${pages.length} texts for ${files.length} pages`);
  return pages;
}

/** A peer's text of each page, from build/peers/ where it was made before. */
export function peerTexts(tool: Peer, version: string, pages: readonly Page[]): string[] {
  const folder = packagePath('build', 'peers');
  const file = join(folder, `${tool}-${version}.jsonl`);
  const known = new Map<string, string>();
  if (existsSync(file))
    for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
      const { sha1, text } = JSON.parse(line) as { sha1: string; text: string };
      known.set(sha1, text);
    }
  const missing = [...new Map(pages.filter((page) => !known.has(page.sha1)).map((page) => [page.sha1, page])).values()];
  if (missing.length > 0) {
    console.error(`${tool} ${version}: ${missing.length} pages ...`);
    const found = runPeer(
      tool,
      missing.map((page) => page.file),
    );
    missing.forEach((page, i) => {
      known.set(page.sha1, found[i]!.text);
    });
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, [...known].map(([sha1, text]) => `${JSON.stringify({ sha1, text })}\n`).join(''));
  }
  return pages.map((page) => known.get(page.sha1)!);
}
