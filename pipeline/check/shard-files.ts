// Are the final shards the files that the run wrote? Size first, so that a cut file is called cut; then every byte.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { documentAt, native } from '../../native/index.js';
import { HOLDOUT_PREFIX } from '../final-shards.js';
import type { RunState } from '../run-folder.js';
import { readArrow } from '../store.js';
import type { Shard } from '../types.js';
import { AGAIN, type Finding } from './finding.js';

export interface FileCheck {
  readonly findings: readonly Finding[];
  /** Shards whose content says nothing of the run. */
  readonly damaged: ReadonlySet<string>;
}

export async function checkFiles(run: RunState, signal: AbortSignal, progress: (words: string) => void): Promise<FileCheck> {
  const findings: Finding[] = [];
  const shards = [...run.tokens, ...run.text, ...(run.index === null ? [] : [run.index])];
  for (const [number, shard] of shards.entries()) {
    signal.throwIfAborted();
    progress(`digests: ${number} of ${shards.length} files`);
    const message = await faultOf(run.folder, shard);
    if (message !== null) findings.push({ check: 'shard-digest', severity: 'error', shard: shard.path, rows: [], message, next: AGAIN });
  }
  if (run.index !== null && findings.every(({ shard }) => shard !== run.index!.path)) findings.push(...(await checkIndex(run)));
  return { findings, damaged: new Set(findings.map(({ shard }) => shard!)) };
}

/** The loader reads index.arrow, not the ledger: both must name the same shards. */
async function checkIndex(run: RunState): Promise<Finding[]> {
  const named = new Map<string, string>();
  for await (const batch of readArrow(join(run.folder, run.index!.path)))
    for (let row = 0; row < batch.rows; row++) {
      const { path, rows, tokens, sha256 } = documentAt(batch, row);
      named.set(String(path), `${rows} rows, ${tokens} tokens, sha256 ${String(sha256).slice(0, 12)}…`);
    }
  const loaded = run.tokens.filter(({ path }) => !path.startsWith(`tokens/${HOLDOUT_PREFIX}`));
  const ledger = new Map(loaded.map(({ path, rows, tokens = 0, sha256 }) => [path, `${rows} rows, ${tokens} tokens, sha256 ${sha256.slice(0, 12)}…`]));
  const paths = [...new Set([...ledger.keys(), ...named.keys()])].sort();
  return paths
    .filter((path) => ledger.get(path) !== named.get(path))
    .map((path) => ({
      check: 'shard-digest',
      severity: 'error',
      shard: path,
      rows: [],
      message: `index.arrow, which the loader reads, says ${named.get(path) ?? 'nothing of it'}; the ledger says ${ledger.get(path) ?? 'nothing of it'}`,
      next: 'Delete index.arrow and run `refine run` again: it writes it anew',
    }));
}

async function faultOf(folder: string, shard: Shard): Promise<string | null> {
  const path = join(folder, shard.path);
  const found = await stat(path).catch(() => null);
  if (found === null) return 'is not there, though the ledger counts it as written';
  if (found.size < shard.bytes) return `is cut: ${found.size} of its ${shard.bytes} bytes are there`;
  const digest = await native.sha256File(path);
  if (digest === shard.sha256) return null;
  return `sha256 is ${digest.slice(0, 12)}…, the ledger says ${shard.sha256.slice(0, 12)}…: the file changed after it was written`;
}
