// dedupe-minhash as it ships: joined with the tokenizers by the registry.
import { steps } from '../../pipeline/registry.js';
import type { Barrier } from '../../stages/contract/stage.js';
import type { DedupeMinhashOptions } from '../../stages/dedupe/minhash/dedupe-minhash.js';

export const dedupeMinhash = steps.get('dedupe-minhash') as Barrier<DedupeMinhashOptions>;
