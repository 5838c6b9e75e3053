// Keeps one document of each cluster of near duplicates: MinHash bands find candidates (documents that agree in a whole band are a
// pair, which a pair of Jaccard similarity s becomes with probability 1 - (1 - s^rows)^bands), union-find joins them, and exact
// Jaccard decides who goes (kernels/include/refine/survivors.h). Source: Broder 1997; Indyk & Motwani 1998.
// Shingles are stored once; rounds of bands keep temporary files under `spill`. A document with fewer words than a shingle has no
// signature and is kept. `cluster` is XXH3-64 of the kept document's set of shingles, so it names the same cluster in any run.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Barrier } from '../../contract/stage.js';
import { againstFiles, againstIds, againstProblems, againstReasons, scopeReads, withoutAgainst } from '../index-against.js';
import { LazyMap } from '../repeats.js';
import type { Tokenizers } from '../tokenizers.js';
import { onGpu } from './minhash-gpu.js';
import { MinhashMap } from './minhash-map.js';
import { type DedupeMinhashOptions, keepColumn, MAX_HASHES, minhashSchema, planOf } from './minhash-options.js';
import { minhashIndexing, minhashSpace, NAME } from './minhash-index.js';
import { minhashNotices, minhashPhases } from './minhash-phases.js';

export { type DedupeMinhashOptions, planOf } from './minhash-options.js';

export function dedupeMinhashWith(tokenizers: Tokenizers): Barrier<DedupeMinhashOptions> {
  const space = minhashSpace((options, env) => {
    if (planOf(options).unit !== 'tokens') return null;
    const hash = createHash('sha256');
    for (const path of tokenizers.files(options.tokenizer, env.baseDir) ?? []) hash.update(readFileSync(path));
    return hash.digest('hex');
  });
  const usesTokens = (options: DedupeMinhashOptions) => planOf(options).unit === 'tokens';
  return {
    kind: 'barrier',
    name: NAME,
    version: 2,
    reads: ['text', 'date'],
    writes: ['cluster', 'cluster_size'],
    reasons: ['near-duplicate'],
    alsoReasons: againstReasons,
    similarity: true,
    accelerated: (options) => onGpu(planOf(options).sketch),
    schema: minhashSchema.describe('Of near duplicates, keeps one: pairs are found by MinHash and bands, and checked by exact Jaccard before a document goes.'),
    alsoReads: (options) => {
      const ranked = keepColumn(options);
      return [...(ranked === null ? [] : [ranked]), ...scopeReads(options)];
    },

    check(options, env) {
      const problems = options.against === undefined ? [] : [...againstProblems(NAME, options, space(options, env), env, planOf(options).verify !== 'none')];
      const { bands, rows } = planOf(options).sketch;
      if (bands * rows > MAX_HASHES) {
        problems.push({
          path: [options.bands === undefined ? 'rows' : 'bands'],
          message: `${bands} bands x ${rows} rows are ${bands * rows} hashes; at most ${MAX_HASHES} are possible. Lower one of them.`,
        });
      }
      if (usesTokens(options) && tokenizers.files(options.tokenizer, env.baseDir) === null)
        problems.push({ path: ['tokenizer'], message: `no tokenizer at "${options.tokenizer}". Expected one of ${tokenizers.kinds}, or shingles of words` });
      for (const name of ['normalise', 'words'] as const) {
        if (usesTokens(options) && options[name] !== undefined)
          problems.push({ path: [name], message: 'is for shingles of words; tokens are those of the text as it is. Remove it, or write shingle: words-5' });
      }
      return problems;
    },
    assets: (options, env) => (usesTokens(options) ? (tokenizers.files(options.tokenizer, env.baseDir) ?? []) : []),

    async open(options, env) {
      const tokenizer = usesTokens(options) ? tokenizers.open(options.tokenizer, env.baseDir) : null;
      return { map: (files) => new LazyMap(() => MinhashMap.open(options, tokenizer, files)), async close() {} };
    },
    phases: (options, totals, limits) => minhashPhases(options, totals, limits, space),
    notices: minhashNotices,
    outside: againstFiles,
    inner: withoutAgainst,
    outsideIds: againstIds,
    indexing: minhashIndexing(space),
  };
}
