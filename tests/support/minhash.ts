// dedupe-minhash as it ships: joined with the tokenizers by the registry.
import { loadStep } from '../../pipeline/registry.js';
import type { Barrier } from '../../stages/contract/stage.js';
import type { DedupeMinhashOptions } from '../../stages/dedupe/minhash/dedupe-minhash.js';

export const dedupeMinhash = (await loadStep('dedupe-minhash')) as Barrier<DedupeMinhashOptions>;
