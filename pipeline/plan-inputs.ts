// The inputs of a sample's run, in place of stages/fetch: what plan-sample.ts cut, and heads of inputs that cannot be cut.
// Loaded by the parent, which is told the inputs, and by its worker, which is sent one at a time.
import type { Input, SourceReader } from '../stages/contract/source.js';
import { localGate } from '../stages/fetch/gate.js';
import { type OpenEnv, openInput as openWhole } from '../stages/fetch/open-input.js';
import type { SampleInput } from './plan-sample.js';

export { localGate };

/** Set by the parent before its run begins. */
export const sampled: { inputs: readonly SampleInput[] } = { inputs: [] };

export async function listInputs(): Promise<Input[]> {
  return [...sampled.inputs];
}

export function openInput(input: SampleInput, env: OpenEnv): SourceReader {
  const reader = openWhole(input, env);
  const { head } = input;
  if (head === undefined) return reader;
  return {
    counts: () => reader.counts(),
    async *batches(signal) {
      for await (const batch of reader.batches(signal)) {
        yield batch;
        if (reader.counts().bytesRead >= head) return;
      }
    },
  };
}
