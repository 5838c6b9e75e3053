// s3://bucket/prefix*.gz: patterns over the keys of a bucket, by the rules of glob.ts (`*` and `?` do not pass a slash, `**` is
// any number of folders, a leading dot is matched by a dot alone). One listing of what stands before the first sign.
import { RefineError } from '../../native/errors.js';
import type { RemoteObject, RemoteObjects } from '../contract/objects.js';
import { expandBraces, hasMagic, segmentMatcher } from './glob.js';

type Segment = '**' | ((name: string) => boolean);

/** Whether a key (or any path with slashes) is meant. Cost: segments of the one times segments of the other. */
export function pathMatcher(pattern: string): (path: string) => boolean {
  const wanted: Segment[] = pattern.split('/').map((segment) => (segment === '**' ? '**' : segmentMatcher(segment)));
  return (path) => {
    const names = path.split('/');
    // reached[i]: the first i segments of the pattern can stand for the names so far.
    let reached = new Array<boolean>(wanted.length + 1).fill(false);
    reached[0] = true;
    for (let i = 0; i < wanted.length && wanted[i] === '**'; i++) reached[i + 1] = true;
    for (const name of names) {
      const next = new Array<boolean>(wanted.length + 1).fill(false);
      for (let i = 0; i < wanted.length; i++) {
        const segment = wanted[i]!;
        if (segment === '**') {
          if (reached[i]! && !name.startsWith('.')) next[i] = true;
          if (next[i]!) next[i + 1] = true;
        } else if (reached[i]! && segment(name)) next[i + 1] = true;
        for (let after = i + 1; next[after]! && wanted[after] === '**'; after++) next[after + 1] = true;
      }
      reached = next;
    }
    return reached[wanted.length]!;
  };
}

/** What every key that a pattern means begins with. */
export function literalPrefix(pattern: string): string {
  const at = pattern.search(/[*?[{]/);
  return at < 0 ? pattern : pattern.slice(0, at);
}

/** The objects that `s3://bucket/pattern` names, by key; nothing matched is an error that says how many were looked at. */
export async function expandObjects(named: string, objects: RemoteObjects, signal: AbortSignal): Promise<RemoteObject[]> {
  const [, bucket, pattern] = /^(s3:\/\/[^/]+)\/(.*)$/is.exec(named) ?? [];
  if (bucket === undefined || pattern === undefined || pattern === '' || hasMagic(bucket))
    throw new RefineError('ERR_REFINE_INPUT', 'names no object. Expected s3://BUCKET/KEY, with * ? [...] {...} in KEY alone', { place: named });
  const found = new Map<string, RemoteObject>();
  const prefixes = new Map<string, ((path: string) => boolean)[]>();
  for (const plain of expandBraces(pattern)) {
    const prefix = literalPrefix(plain);
    const held = prefixes.get(prefix);
    if (held === undefined) prefixes.set(prefix, [pathMatcher(plain)]);
    else held.push(pathMatcher(plain));
  }
  let seen = 0;
  for (const [prefix, matchers] of prefixes) {
    for await (const object of objects.list(`${bucket}/${prefix}`, signal)) {
      seen++;
      const key = object.url.slice(bucket.length + 1);
      if (!key.endsWith('/') && matchers.some((matches) => matches(key))) found.set(object.url, object);
    }
  }
  if (found.size === 0) {
    const below = [...prefixes.keys()].map((prefix) => `${bucket}/${prefix}`).join(', ');
    throw new RefineError('ERR_REFINE_INPUT', `matches no object: looked at ${seen} whose names begin with ${below}. Check the bucket and the pattern`, {
      place: named,
    });
  }
  return [...found.values()];
}
