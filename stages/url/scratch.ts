// What a run compiles once for all its workers: files in its scratch folder, named by what they were made of.
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeWhole } from './sets.js';

/** `made` is what else the bytes depend on: options, and a version to raise when the same files give other bytes. */
export function scratchFile(scratch: string, suffix: string, files: readonly string[], made: unknown): string {
  const stats = files.map((file) => [file, statSync(file, { bigint: true })] as const);
  const name = createHash('sha256').update(JSON.stringify([made, stats.map(([file, { size, mtimeNs }]) => [file, `${size}`, `${mtimeNs}`])]));
  return join(scratch, 'url', `${name.digest('hex').slice(0, 20)}.${suffix}`);
}

/** Makes the file unless it is there. */
export async function makeOnce(path: string, bytes: () => Promise<Uint8Array>): Promise<void> {
  if (existsSync(path)) return;
  await mkdir(dirname(path), { recursive: true });
  await writeWhole(path, await bytes());
}
