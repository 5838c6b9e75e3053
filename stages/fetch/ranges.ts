// Opens an input's byte ranges, on this machine or by HTTP and S3 (the interface: stages/contract/ranges.ts).
// Invariant: every range is of the version that `identity` names (or that was seen first), or an error names the file.
import { open, stat } from 'node:fs/promises';
import { RefineError } from '../../native/errors.js';
import type { RemoteObjects } from '../contract/objects.js';
import { type Ranges, readFileRange, stateOf } from '../contract/ranges.js';
import type { FetchGate } from '../contract/source.js';
import type { Clock } from './clock.js';
import type { RemoteVersion } from './http.js';
import { shownUrl } from './http-request.js';
import { isRemote, remoteVersion } from './input-identity.js';
import { localIdentity } from './local.js';
import { probeRemote, readRemoteRange } from './remote.js';
import type { RetryLimits } from './retry.js';

export interface RangesEnv {
  readonly gate: FetchGate;
  readonly limits?: Partial<RetryLimits>;
  readonly clock?: Clock;
  /** Who reads s3://. */
  readonly objects?: RemoteObjects;
}

/** `identity`: of the whole file, as planned (`local:`, `remote:`); null where none was. `place` names the file in errors. */
export async function openRanges(location: string, place: string, identity: string | null, env: RangesEnv, signal: AbortSignal): Promise<Ranges> {
  return isRemote(location) ? remoteRanges(location, identity, env, signal) : localRanges(location, place, identity);
}

async function remoteRanges(url: string, identity: string | null, env: RangesEnv, signal: AbortSignal): Promise<Ranges> {
  const { gate, limits, clock, objects } = env;
  const http = (by: AbortSignal) => ({ gate, signal: by, ...(limits && { limits }), ...(clock && { clock }), ...(objects && { objects }) });
  const planned = identity === null ? null : remoteVersion(identity);
  const version: RemoteVersion = planned?.bytes == null ? await probeRemote(url, http(signal)) : planned;
  if (version.bytes === null) {
    throw new RefineError('ERR_REFINE_FETCH', 'does not say how many bytes the file has, which reading by ranges needs. Download it, or use another mirror', {
      place: shownUrl(url),
    });
  }
  return {
    bytes: version.bytes,
    read: (from, to, by) => readRemoteRange(url, version, from, to, http(by)),
    close: async () => undefined,
  };
}

async function localRanges(path: string, place: string, identity: string | null): Promise<Ranges> {
  const found = await localIdentity(path, place);
  if (identity?.startsWith('local:') === true && identity !== found.identity) {
    const message = `changed since the run was planned: found ${found.identity}, expected ${identity}. Run with --update to take the new version`;
    throw new RefineError('ERR_REFINE_INPUT_CHANGED', message, { place });
  }
  const file = await open(path, 'r');
  const before = await stateOf(file);
  return {
    bytes: found.bytes,
    read: (from, to, signal) => readFileRange(file, from, to, place, signal),
    async close() {
      await file.close();
      const now = await stat(path, { bigint: true }).catch(() => null);
      if (now === null || now.size !== before.size || now.mtimeNs !== before.mtimeNs || now.ino !== before.ino) {
        throw new RefineError('ERR_REFINE_INPUT_CHANGED', 'changed while it was read. Let the file rest, then run the same command again', { place });
      }
    },
  };
}
