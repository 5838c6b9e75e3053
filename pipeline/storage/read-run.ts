// A run that lies at s3:// or http(s)://, brought here as far as a command reads it: lock, plan and ledger, then final files by kind.
// Invariant: a file that came down has the digest that the ledger says; a copy of another state of the run is thrown away.
import { readFile, rm, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { RefineError } from '../../native/errors.js';
import { makeFolder, replaceFile } from '../atomic-file.js';
import { cacheFolder } from '../loader/cache-folder.js';
import { statIfThere } from '../read-if-there.js';
import { readPlan, readRun } from '../run-folder.js';
import type { Shard } from '../types.js';
import { isAddress, isS3, type ObjectStore, openStore, readObject } from './object-store.js';
import { downloadObject, lanes } from './run-storage.js';
import { bringRemovals, refuseHalfRemovedAt } from './stored-removals.js';

export type FileKind = 'text' | 'tokens' | 'features' | 'samples' | 'index' | 'removals';

const MAX_JSON_BYTES = 512 << 20;

/** The folder of a run's copies on this machine. */
export function readCopy(address: string): string {
  const plain = address.replace(/[?#].*$/s, '').replace(/\/+$/, '');
  return cacheFolder('read', `${basename(plain).replace(/[^\w.-]/g, '_')}-${createHash('sha256').update(plain).digest('hex').slice(0, 16)}`);
}

/** `run` itself where it is a folder; else one that holds what `kinds` say of the run at that address. */
export async function localCopy(run: string, kinds: readonly FileKind[], notice?: (sentence: string) => void, signal?: AbortSignal): Promise<string> {
  if (!isAddress(run)) return run;
  const store = await openStore(run, signal);
  const plain = store.name;
  const folder = readCopy(plain);
  const lock = await readObject(store, 'manifest.lock.json', MAX_JSON_BYTES);
  if (lock === null)
    throw new RefineError('ERR_REFINE_LEDGER', 'is no run: there is no manifest.lock.json. Name what `refine run --out` wrote, or a copy of it', {
      place: plain,
    });
  const here = await readFile(join(folder, 'manifest.lock.json')).catch(() => null);
  if (here?.equals(lock) !== true) await rm(folder, { recursive: true, force: true });
  await refuseHalfRemovedAt(store);
  await makeFolder(join(folder, 'ledger'));
  await replaceFile(join(folder, 'manifest.lock.json'), lock);
  for (const name of ['manifest.yaml', 'ledger/plan.json', 'check/check.json']) {
    const bytes = await readObject(store, name, MAX_JSON_BYTES);
    if (bytes !== null) await replaceFile(join(folder, name), bytes);
  }
  if (kinds.includes('removals')) await bringRemovals(store, folder);
  await bringLedger(store, folder);
  const state = await readRun(folder);
  const shards = [...new Set(state.entries.flatMap((entry) => (entry.state === 'done' ? entry.outputs : [])))].filter(({ path }) => wanted(path, kinds));
  const absent: Shard[] = [];
  for (const shard of shards) if ((await stat(join(folder, shard.path)).catch(() => null))?.size !== shard.bytes) absent.push(shard);
  if (absent.length > 0)
    notice?.(`${plain}: fetching ${absent.length} files, ${(absent.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(1)} MB, into ${folder}`);
  await lanes(absent, async (shard) => {
    if (!(await downloadObject(store, shard.path, join(folder, shard.path), shard)))
      throw new RefineError('ERR_REFINE_SHARD', 'is not there with the digest that the ledger has. Run `refine run` on it again, which makes it anew', {
        place: `${plain}/${shard.path}`,
      });
  });
  return folder;
}

/** Puts files that a command wrote into the copy where the run itself lies; a web server takes none. */
export async function sendBack(run: string, folder: string, paths: readonly string[]): Promise<void> {
  if (!isS3(run)) return;
  const store = await openStore(run);
  for (const path of paths) if ((await statIfThere(join(folder, path))) !== null) await store.putFile(path, join(folder, path));
}

async function bringLedger(store: ObjectStore, folder: string): Promise<void> {
  const plan = await readPlan(folder);
  const names = new Map<string, number | null>();
  if (store.name.startsWith('s3:')) {
    for await (const { key, bytes } of store.list('ledger/')) if (/^ledger\/(?:ledger\.arrow|[0-9a-f]{64}\.[a-z.]+)$/.test(key)) names.set(key, bytes);
  } else {
    // Nothing lists a web server: what the plan names is asked for.
    names.set('ledger/ledger.arrow', null);
    for (const task of plan?.tasks ?? []) names.set(`ledger/${task}.json`, null);
    for (const task of plan?.failed ?? []) names.set(`ledger/${task}.failed.json`, null);
  }
  await lanes([...names], async ([key, bytes]) => {
    const path = join(folder, key);
    if (bytes !== null && /\/[0-9a-f]{64}\.json$/.test(key) && (await stat(path).catch(() => null))?.size === bytes) return;
    await downloadObject(store, key, path, null);
  });
}

function wanted(path: string, kinds: readonly FileKind[]): boolean {
  if (path === 'index.arrow' || path === 'holdout.arrow') return kinds.includes('index');
  return kinds.some((kind) => path.startsWith(`${kind}/`));
}
