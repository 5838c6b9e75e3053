// One way to ask for a remote file, whether a web server or an object store has it.
import { RefineError } from '../../native/errors.js';
import type { RemoteObjects } from '../contract/objects.js';
import { probeUrl, readUrl, readUrlRange, type RemoteVersion } from './http.js';
import type { HttpEnv } from './http-request.js';
import { isObject } from './input-identity.js';

export interface RemoteEnv extends HttpEnv {
  /** Who reads s3://; the runner hands it in. */
  readonly objects?: RemoteObjects;
}

export function objectsOf(location: string, objects: RemoteObjects | undefined): RemoteObjects {
  if (objects !== undefined) return objects;
  throw new RefineError(
    'ERR_REFINE_INPUT',
    's3:// is not read by this command. Copy the file here, or use its https:// address (CommonCrawl: https://data.commoncrawl.org)',
    { place: location },
  );
}

/** Size and ETag of a remote file. */
export async function probeRemote(location: string, env: RemoteEnv): Promise<RemoteVersion> {
  if (!isObject(location)) return await probeUrl(location, env);
  const found = await objectsOf(location, env.objects).head(location, env.signal);
  if (found === null)
    throw new RefineError('ERR_REFINE_FETCH', 'does not exist (HTTP 404), expected an object. Check the bucket and the path', { place: location });
  return found;
}

/** The bytes of a remote file, of one version. */
export function readRemote(location: string, version: RemoteVersion | null, env: RemoteEnv): AsyncIterable<Uint8Array> {
  return isObject(location) ? objectsOf(location, env.objects).read(location, version, env.signal) : readUrl(location, version, env);
}

/** The bytes of [from, to) of one version. */
export function readRemoteRange(location: string, version: RemoteVersion, from: number, to: number, env: RemoteEnv): AsyncIterable<Uint8Array> {
  if (!isObject(location)) return readUrlRange(location, version, from, to, env);
  return objectsOf(location, env.objects).read(location, version, env.signal, { from, to });
}
