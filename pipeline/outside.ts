// Files of other runs that barriers look at (`Barrier.outside`): copied into the run folder when the run begins, and phases read the
// copy. Invariant: all tasks see the files that the plan's digests are of, though an index grows while the run is at work.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RefineError } from '../native/errors.js';
import type { StageEnv } from '../stages/contract/stage.js';
import { createFileOnce, diskError } from './atomic-file.js';
import type { AssetDigest, StepIdentity } from './identity.js';
import type { Step } from './types.js';

/** Below the run folder. */
export function outsideCopy({ sha256 }: Pick<AssetDigest, 'sha256'>): string {
  return `outside/${sha256}`;
}

export async function copyOutside(runFolder: string, steps: readonly Step[], identities: readonly StepIdentity[], env: StageEnv): Promise<void> {
  for (const [i, { stage, options, name }] of steps.entries()) {
    const paths = stage.kind === 'barrier' ? (stage.outside?.(options, env) ?? []) : [];
    for (const [at, path] of paths.entries()) {
      const planned = identities[i]!.outside![at]!;
      const bytes = await readFile(path).catch((cause) => {
        throw diskError(cause, path, 'read the file');
      });
      if (createHash('sha256').update(bytes).digest('hex') !== planned.sha256)
        throw new RefineError('ERR_REFINE_ASSET', `it changed while the run of step "${name}" was planned. Run the same command again.`, { place: path });
      await createFileOnce(join(runFolder, outsideCopy(planned)), bytes);
    }
  }
}
