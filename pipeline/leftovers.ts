// Files of a run folder that nobody names: parts of killed processes, and outputs of tasks that are not in the plan any more.
import { rm, unlink } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import type { Input } from '../stages/contract/source.js';
import { diskError } from './atomic-file.js';
import { listIfThere, statIfThere } from './read-if-there.js';

const OUTPUTS = ['text', 'tokens', 'features', 'samples', 'scratch'];

/** Parts that a killed process left. The folder is ours alone now. */
export async function removeParts(folder: string): Promise<void> {
  const parts = new Set<string>();
  for (const path of await filesBelow(folder, ['', 'ledger', 'removals', ...OUTPUTS], true)) {
    const part = /^.*?\.part(?=$|\/)/.exec(path)?.[0]; // a file, or a task's own folder
    if (part !== undefined) parts.add(part);
  }
  for (const part of parts) {
    await rm(join(folder, part), { recursive: true, force: true }).catch((cause) => {
      throw diskError(cause, part, 'remove a leftover');
    });
  }
}

/** Removes outputs whose paths (relative to the folder) are not in `named`. */
export async function removeUnnamed(folder: string, named: ReadonlySet<string>): Promise<void> {
  for (const path of await filesBelow(folder, ['', ...OUTPUTS])) {
    const output = path.includes('/') || path === 'index.arrow' || path === 'holdout.arrow';
    // What was handed to a cluster engine is told there, after the run too: logs of what failed, the list of jobs.
    if (output && !named.has(path) && !path.startsWith('scratch/executor/')) await remove(join(folder, path));
  }
}

/** Of the files below scratch/ the one that is no intermediate result: which jobs a cluster engine was given, told to whoever comes after. */
const JOBS = 'jobs.jsonl';

/** Takes scratch/ away, but for the list of jobs: it names no document, and without it nobody knows which of them may still run. True where anything went. */
export async function removeScratch(folder: string): Promise<boolean> {
  const scratch = join(folder, 'scratch');
  const executor = join(scratch, 'executor');
  const jobs = (await statIfThere(join(executor, JOBS), { link: true })) !== null;
  const below = async (path: string, kept: string): Promise<string[]> =>
    ((await listIfThere(path)) ?? []).filter(({ name }) => name !== kept).map(({ name }) => join(path, name));
  const gone = jobs
    ? [...(await below(scratch, 'executor')), ...(await below(executor, JOBS))]
    : (await statIfThere(scratch, { link: true })) === null
      ? []
      : [scratch];
  for (const path of gone) {
    await rm(path, { recursive: true, force: true }).catch((cause) => {
      throw diskError(cause, path, 'remove it');
    });
  }
  return gone.length > 0;
}

/** Removes selections by an index that none of `inputs` was made by: of an earlier manifest, or of a process that was killed. */
export async function removeSelections(folder: string, inputs: readonly Pick<Input, 'members'>[]): Promise<void> {
  const stems = new Set(inputs.flatMap(({ members }) => (members === undefined ? [] : [basename(members.path, '.members')])));
  const kept = new Set([...stems].flatMap((stem) => [`${stem}.members`, `${stem}.json`]));
  for (const { name } of (await listIfThere(join(folder, 'selection'))) ?? []) {
    if (kept.has(name)) continue;
    await rm(join(folder, 'selection', name), { recursive: true, force: true }).catch((cause) => {
      throw diskError(cause, join(folder, 'selection', name), 'remove a leftover');
    });
  }
}

async function remove(path: string): Promise<void> {
  await unlink(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw diskError(cause, path, 'remove a leftover');
  });
}

async function filesBelow(folder: string, names: readonly string[], folders = false): Promise<string[]> {
  const paths: string[] = [];
  for (const name of names) {
    const entries = (await listIfThere(join(folder, name), { recursive: name === 'scratch' })) ?? [];
    for (const entry of entries) {
      if (!entry.isFile() && !(folders && entry.isDirectory())) continue;
      paths.push(relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
    }
  }
  return paths;
}
