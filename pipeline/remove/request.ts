// A list of what to take out: a line a URL, a host (with all under it) or a document's id. Invariant: the digest of a request is of
// what it names, whatever the order, the spelling of hosts or the number of times.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { RefineError } from '../../native/errors.js';
import { plainUrl } from './exclusions.js';

export interface RemovalRequest {
  readonly urls: ReadonlySet<string>;
  readonly hosts: ReadonlySet<string>;
  readonly ids: ReadonlySet<string>;
  /** sha256 over all of them, sorted. */
  readonly digest: string;
}

const MAX_LIST_BYTES = 256 * 1024 * 1024;

export function readRequest(path: string): RemovalRequest {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new RefineError('ERR_REFINE_INPUT', `cannot be read: ${(cause as Error).message}`, { place: path, cause });
  }
  if (bytes.length > MAX_LIST_BYTES)
    throw new RefineError('ERR_REFINE_INPUT', `is ${bytes.length} bytes; a list has at most ${MAX_LIST_BYTES}. Cut it in parts.`, { place: path });
  return parseRequest(Buffer.from(bytes).toString('utf8'), path);
}

/** `path` names the list in errors; one that ends in .jsonl holds an object a line. */
export function parseRequest(text: string, path: string): RemovalRequest {
  const urls = new Set<string>();
  const hosts = new Set<string>();
  const ids = new Set<string>();
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const refuse = (found: string): never => {
      throw new RefineError('ERR_REFINE_INPUT', `${found}. Write a URL, a host or an id a line (or url:, host:, id: before it)`, {
        place: `${path}:${index + 1}`,
      });
    };
    for (const [kind, value] of path.endsWith('.jsonl') ? fieldsOf(line, refuse) : [kindOf(line)]) {
      if (value === '') refuse('names nothing');
      if (kind === 'url') {
        if (!URL.canParse(value)) refuse('is no URL');
        urls.add(plainUrl(value));
      } else if (kind === 'host') hosts.add(hostName(value) ?? refuse('is no host'));
      else ids.add(value.replace(/^<(.*)>$/s, '$1'));
    }
  }
  if (urls.size + hosts.size + ids.size === 0)
    throw new RefineError('ERR_REFINE_INPUT', 'names nothing to remove. Write a URL, a host or an id a line.', { place: path });
  const hash = createHash('sha256');
  for (const [kind, values] of [
    ['url', urls],
    ['host', hosts],
    ['id', ids],
  ] as const)
    for (const value of [...values].sort()) hash.update(`${kind}\0${value}\n`, 'utf8');
  return { urls, hosts, ids, digest: hash.digest('hex') };
}

type Kind = 'url' | 'host' | 'id';

function kindOf(line: string): [Kind, string] {
  const told = /^(url|host|id):(?!\/\/)\s*(.*)$/s.exec(line);
  if (told !== null) return [told[1] as Kind, told[2]!];
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(line)) return ['url', line];
  return line.includes('.') && hostName(line) !== null ? ['host', line] : ['id', line];
}

function fieldsOf(line: string, refuse: (found: string) => never): [Kind, string][] {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    refuse('is no JSON');
  }
  if (typeof value === 'string') return [kindOf(value)];
  if (typeof value !== 'object' || value === null) return refuse('is neither a string nor an object');
  const found = (['url', 'host', 'id'] as const).flatMap((kind): [Kind, string][] => {
    const one = Object.hasOwn(value, kind) ? (value as Record<string, unknown>)[kind] : undefined;
    return typeof one === 'string' ? [[kind, one]] : [];
  });
  return found.length === 0 ? refuse('has none of url, host and id') : found;
}

/** In ASCII, lower case, without a final dot; null where it is no host alone. */
function hostName(text: string): string | null {
  const plain = text.replace(/^\*?\./, '').replace(/\.$/, '');
  if (plain === '' || /[\s/@?#\\:]/.test(plain)) return null;
  const address = `http://${plain}/`;
  if (!URL.canParse(address)) return null;
  const { hostname, pathname } = new URL(address);
  return pathname === '/' && hostname !== '' ? hostname : null;
}
