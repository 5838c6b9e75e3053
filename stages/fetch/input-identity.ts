// How an input's content is named (Input.identity), written and read in one place.
//   local:<bytes>:<sha256 of first and last MiB>     remote:<bytes>:<ETag>     shard:<sha256>     unknown:<why>
// `unknown` stands for an input that could not be looked at when the run was planned (a remote one that gives 404, a
// directory): it is listed so that its task fails by name and the others run.
import type { RemoteVersion } from './http.js';

export function remoteIdentity(version: RemoteVersion): string {
  return `remote:${version.bytes ?? ''}:${version.tag ?? ''}`;
}

/** The version a remote input was planned with; null where it was not seen. */
export function remoteVersion(identity: string): RemoteVersion | null {
  const parts = /^remote:(\d*):(.*)$/s.exec(identity);
  if (parts === null) return null;
  return { bytes: parts[1] === '' ? null : Number(parts[1]), tag: parts[2] === '' ? null : parts[2]! };
}

export function isRemote(location: string): boolean {
  return /^(?:https?|s3):\/\//i.test(location);
}

export function isObject(location: string): boolean {
  return /^s3:\/\//i.test(location);
}
