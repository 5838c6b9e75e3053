// `node dist/infra/readiness/proxy-pairs.js FOLDER [STEPS] [PAIR...]`: proxy comparisons over the runs of real-runs.js whose answer is known or
// wanted: `noise` (half of the shards random letters: worse), `halves` (a random half of the documents against the other: undecided),
// `order` (the same documents in another order of shards: no difference at all), `clean` (the filtered run against the raw one: open).
import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { native, utf8Column } from '../../native/index.js';
import { checkRun } from '../../pipeline/check/check.js';
import { sayCompared } from '../../pipeline/check/proxy-run.js';
import { shippedTokenizer } from '../../pipeline/check/run-tokenizer.js';
import { documentKey } from '../../pipeline/document-key.js';
import { HOLDOUT_PREFIX } from '../../pipeline/final-shards.js';
import { readRun } from '../../pipeline/run-folder.js';
import { randomFrom } from '../../tests/support/random.js';
import { readDocuments, rewriteShard, type TokenDocument } from '../../tests/support/sabotage.js';

const [folder, steps = '60', ...wanted] = process.argv.slice(2);
if (folder === undefined) throw new Error('name the folder of real-runs.js');
const EOS = 11;
const falcon = shippedTokenizer('falcon');
const random = randomFrom(9);
const letters = (): string => Array.from({ length: 2 + random(9) }, () => String.fromCharCode(97 + random(26))).join('');

/** FOLDER/clean with other token shards, made once. */
async function changed(name: string, change: (documents: readonly TokenDocument[], shard: number) => Promise<readonly TokenDocument[]>): Promise<string> {
  const run = join(folder!, `clean-${name}`);
  if (existsSync(run)) rmSync(run, { recursive: true });
  cpSync(join(folder!, 'clean'), run, { recursive: true });
  const learnt = (await readRun(run)).tokens.filter(({ path }) => !path.startsWith(`tokens/${HOLDOUT_PREFIX}`));
  for (const [number, { path }] of learnt.entries()) {
    const documents = await change(await readDocuments(run, path), number);
    await rewriteShard(run, path, () => documents);
  }
  return run;
}

const noise = async (documents: readonly TokenDocument[], shard: number): Promise<readonly TokenDocument[]> => {
  if (shard % 2 === 1) return documents;
  const texts = documents.map(({ ids }) => native.bpeDecode(falcon.handle, Uint32Array.from(ids.slice(0, -1))).replace(/\S+/g, letters));
  const { tokens } = await native.bpeEncode(falcon.handle, utf8Column(texts), { parseSpecial: false, eos: EOS, bos: null });
  return documents.map((one, row) => ({ ...one, ids: Array.from(tokens.values.subarray(tokens.offsets[row]!, tokens.offsets[row + 1]!) as Uint16Array) }));
};
const half = (side: number) => async (documents: readonly TokenDocument[]) => documents.filter(({ id }) => documentKey(77, id) % 2 === side);
const reversed = async (documents: readonly TokenDocument[]) => [...documents].reverse();

const clean = join(folder, 'clean');
const pairs: Readonly<Record<string, () => Promise<readonly [run: string, against: string]>>> = {
  noise: async () => [await changed('noise', noise), clean],
  halves: async () => [await changed('half-0', half(0)), await changed('half-1', half(1))],
  order: async () => [await changed('order', reversed), clean],
  clean: async () => [clean, join(folder, 'raw')],
};
for (const name of wanted.length > 0 ? wanted : Object.keys(pairs)) {
  const [run, against] = await pairs[name]!();
  const third = ['wikitext2-valid.jsonl', 'gold-unseen.jsonl'].map((file) => join(folder, file));
  const before = process.cpuUsage();
  const { proxy } = await checkRun(
    run,
    { benchmarks: [], seqLen: 2048, model: 'none', trainSteps: Number(steps), against, third },
    new AbortController().signal,
    (words) => console.error(words),
  );
  const { user, system } = process.cpuUsage(before);
  const { texts, shared, differences } = proxy!.against!;
  console.log(`${name}, ${steps} steps: ${sayCompared(proxy!.against!)}, ${Math.round((user + system) / 1e6)} CPU s`);
  console.log(
    `  seeds ${differences.map((d) => d.toFixed(4)).join(' ')}; documents ${proxy!.runs.map(({ documents }) => documents).join(' ')}, shared ${shared.join(' ')}`,
  );
  for (const [text, one] of Object.entries(texts)) console.log(`  ${text.split('/').at(-1)}: ${sayCompared(one)}`);
}
