// What `refine check` compares where it is asked to: two models over a run's documents (--compare-model), a small decoder that learns from
// the run (--train-steps), and that of another run (--against). Evidence, never a gate.
import { join, resolve, sep } from 'node:path';
import { type Batch, type BytesColumn, cudaLibrary, native, RefineError, utf8Column } from '../../native/index.js';
import { placeModel } from '../device.js';
import type { LoadedTokenizer } from '../tokenizers.js';
import { type RunState, readRun } from '../run-folder.js';
import { ArrowFile } from '../store.js';
import type { CheckOptions, ReadShards } from './check.js';
import type { Finding } from './finding.js';
import { type GapReport, gapReport } from './gap-report.js';
import { hostsOf } from './hosts.js';
import { languagesOfTexts } from './language-check.js';
import { chooseBlocks, openModel } from './loss-check.js';
import { type ProxyFigures, proxyRun, type ProxySide } from './proxy-run.js';
import { type Contract, runTokenizer } from './run-tokenizer.js';
import { checkFiles } from './shard-files.js';

/** Of the run's tokens, from a document's beginning: what the two models are compared on. */
const GAP_TOKENS = 256;

/** `--compare-model`: sampled documents under two models, by what their bytes are, by language and by host. */
export async function compareModels(
  run: RunState,
  other: string,
  named: string | undefined,
  read: ReadShards,
  tokenizer: LoadedTokenizer,
  signal: AbortSignal,
  progress: (words: string) => void,
): Promise<GapReport | null> {
  // every token of the bounded texts: bytes that one model did not score would count as free
  const whole = (name: string | undefined) => openModel(name, 'cpu', Number.POSITIVE_INFINITY);
  const [a, b] = [await whole(named === 'none' ? undefined : named), await whole(other)];
  if (a?.scorer == null || b?.scorer == null)
    throw new RefineError('ERR_REFINE_ASSET', 'two models are compared whose weights are numbers. Name them: --model, --compare-model', { place: other });
  const batches = async function* (): AsyncGenerator<Batch> {
    for (const { path, documents } of chooseBlocks(read.samples)) {
      progress(`gap: ${path}`);
      const hosts = await hostsOf(run, path, documents);
      const column = (of: (row: number) => string | null): BytesColumn => utf8Column(documents.map(({ row }) => of(row)));
      const text = utf8Column(documents.map(({ ids }) => native.bpeDecode(tokenizer.handle, ids.subarray(0, GAP_TOKENS))));
      const columns = { text, lang: column((row) => read.languages.languageOf(path, row)), host: column((row) => hosts.get(row) ?? null) };
      yield { rows: documents.length, columns };
    }
  };
  try {
    return await gapReport(batches(), a.scorer, b.scorer, signal);
  } finally {
    a.scorer.close();
    b.scorer.close();
  }
}

export async function trainProxies(
  run: RunState,
  options: CheckOptions,
  steps: number,
  tokenizer: LoadedTokenizer | null,
  damaged: ReadonlySet<string>,
  signal: AbortSignal,
  progress: (words: string) => void,
): Promise<ProxyFigures> {
  const side = (state: RunState, name: string, own: LoadedTokenizer | string | null, hurt: ReadonlySet<string>): ProxySide => {
    if (own === null || typeof own === 'string' || state.tokens.length === 0)
      throw new RefineError(
        'ERR_REFINE_LEDGER',
        `no proxy can learn from it: ${own ?? 'it has no tokens that can be read'}. Name its tokenizer with --tokenizer`,
        { place: state.folder },
      );
    return { run: state, name, tokenizer: own, damaged: hurt };
  };
  const names = runNames([run.folder, ...(options.against === undefined ? [] : [options.against])]);
  const request = {
    steps,
    side: side(run, names[0]!, tokenizer, damaged),
    third: options.third ?? [],
    languagesOf: (texts: readonly string[]) => languagesOfTexts(run, texts, signal),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
    ...(placeModel(options.device ?? 'cpu') === 'cuda' ? { cuda: { library: cudaLibrary()!, dtype: 'bf16' as const } } : {}),
  };
  if (options.against === undefined) return proxyRun({ ...request, against: null }, signal, progress);
  const other = await readRun(options.against);
  if (!other.finished)
    throw new RefineError('ERR_REFINE_LEDGER', 'is not finished, so it is not compared with. Run `refine run` to its end first', { place: options.against });
  const hurt = await checkFiles(other, signal, progress);
  const first = other.tokens.find(({ path }) => !hurt.damaged.has(path));
  const file = first === undefined ? null : await ArrowFile.open(join(other.folder, first.path));
  const contract = file?.metadata['refine.contract'];
  await file?.close();
  const theirs = runTokenizer(other, contract === undefined ? null : (JSON.parse(contract) as Contract), undefined);
  return proxyRun({ ...request, against: side(other, names[1]!, theirs, hurt.damaged) }, signal, progress);
}

/** The folders' last names, with as many before them as tell them apart. */
function runNames(folders: readonly string[]): string[] {
  const parts = folders.map((folder) => resolve(folder).split(sep));
  for (let most = 1; ; most++) {
    const names = parts.map((one) => one.slice(-most).join('/'));
    if (new Set(names).size === names.length || parts.every((one) => one.length < most)) return names;
  }
}

/** A run that a small decoder cannot learn from is a warning: evidence, never a gate. */
export function divergences({ runs }: ProxyFigures): Finding[] {
  return runs.flatMap(({ run, seed, verdict }) =>
    verdict.kind === 'trained'
      ? []
      : [
          {
            check: 'model' as const,
            severity: 'warning' as const,
            shard: null,
            rows: [],
            message: `the proxy run on ${run} (seed ${seed}): ${verdict.words}`,
            next: 'Look at the shards that the other checks name',
          },
        ],
  );
}
