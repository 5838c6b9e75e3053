// Where runner and workers get inputs from: the sources in stages/fetch, with the object store they may not import themselves. A
// module of its own, so that tests can put theirs in its place.
import type { RemoteObjects } from '../stages/contract/objects.js';
import type { Input, Source, SourceReader } from '../stages/contract/source.js';
import type { ListEnv } from '../stages/fetch/list-inputs.js';
import { type OpenEnv, openInput as open } from '../stages/fetch/open-input.js';
import type { Payload, PayloadQuery } from '../stages/fetch/payloads.js';

export { localGate } from '../stages/fetch/gate.js';

/** The AWS SDK is loaded when an s3:// address is first asked for, and not before. */
const objects: RemoteObjects = {
  head: async (url, signal) => (await s3()).head(url, signal),
  async *list(prefix, signal) {
    yield* (await s3()).list(prefix, signal);
  },
  async *read(url, version, signal, range) {
    yield* (await s3()).read(url, version, signal, range);
  },
};

async function s3(): Promise<RemoteObjects> {
  return (await import('./storage/s3-store.js')).s3Objects();
}

/** Loaded by who lists: workers are told their inputs. */
export async function listInputs(source: Source, env: ListEnv): Promise<Input[]> {
  const { listInputs: list } = await import('../stages/fetch/list-inputs.js');
  return list(source, { objects, ...env });
}

export function openInput(input: Input, env: OpenEnv): SourceReader {
  return open(input, { objects, ...env });
}

export async function* readPayloads(input: Input, query: PayloadQuery, env: OpenEnv, signal: AbortSignal): AsyncGenerator<Payload> {
  const { readPayloads: payloads } = await import('../stages/fetch/payloads.js');
  yield* payloads(input, query, { objects, ...env }, signal);
}
