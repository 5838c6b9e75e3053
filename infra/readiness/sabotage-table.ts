// `node dist/infra/readiness/sabotage-table.js FOLDER [MODEL]`: FOLDER/clean (real-runs.js) spoilt in twelve ways, one copy each, and what
// `refine check` says of it, as readiness.md's table. MODEL: what losses are asked of (default: the shipped one).
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { native, packagePath, utf8Column } from '../../native/index.js';
import { type CheckOptions, checkRun } from '../../pipeline/check/check.js';
import { shippedTokenizer } from '../../pipeline/check/run-tokenizer.js';
import { randomFrom } from '../../tests/support/random.js';
import { Writer } from '../../tests/support/readiness-runs.js';
import { readDocuments, rewriteShard, type TokenDocument } from '../../tests/support/sabotage.js';
import { smallDecoder, spoilWeights } from '../../tests/support/small-decoder.js';

const [folder, model] = process.argv.slice(2);
if (folder === undefined) throw new Error('name the folder of real-runs.js');
const EOS = 11;
const falcon = shippedTokenizer('falcon');
const work = join(folder, 'sabotage');
const shard = (number: number): string => `tokens/${String(number).padStart(6, '0')}.arrow`;
const textOf = ({ ids }: TokenDocument): string => native.bpeDecode(falcon.handle, Uint32Array.from(ids.slice(0, -1)));

async function eachText(documents: readonly TokenDocument[], change: (text: string, at: number) => string, tokenizer = falcon): Promise<TokenDocument[]> {
  const texts = documents.map((document, at) => change(textOf(document), at));
  const { tokens } = await native.bpeEncode(tokenizer.handle, utf8Column(texts), { parseSpecial: false, eos: EOS, bos: null });
  return documents.map((document, row) => ({ ...document, ids: [...tokens.values.subarray(tokens.offsets[row]!, tokens.offsets[row + 1]!)].map(Number) }));
}

const random = randomFrom(5);
const letters = (): string => Array.from({ length: 2 + random(9) }, () => String.fromCharCode(97 + random(26))).join('');
mkdirSync(work, { recursive: true });
const riddles = Array.from({ length: 5 }, () => Array.from({ length: 30 }, letters).join(' '));
const benchmark = join(work, 'riddles.jsonl');
writeFileSync(benchmark, riddles.map((question) => JSON.stringify({ question })).join('\n'));
const german = new Writer('de', 3);
const germanTexts = Array.from({ length: 40 }, () => german.document());
const bos = join(work, 'bos');
mkdirSync(bos, { recursive: true });
writeFileSync(join(bos, 'tokenizer.json'), gunzipSync(readFileSync(packagePath('stages', 'tokenize', 'tokenizers', 'falcon', 'tokenizer.json.gz'))));
writeFileSync(join(bos, 'tokenizer_config.json'), JSON.stringify({ add_bos_token: true, bos_token: '>>TITLE<<', eos_token: '<|endoftext|>' }));
const nan = smallDecoder(join(work, 'nan'));
spoilWeights(nan);

type Change = (documents: readonly TokenDocument[]) => readonly TokenDocument[] | Promise<readonly TokenDocument[]>;
interface Sabotage {
  readonly name: string;
  readonly number?: number;
  readonly change?: Change | 'cut';
  readonly options?: Partial<CheckOptions>;
}
const asked: Partial<CheckOptions> = model === undefined ? {} : { model };
const cases: readonly Sabotage[] = [
  { name: 'none', options: { ...asked, benchmarks: [benchmark] } },
  { name: 'wrong tokenizer (gpt2)', number: 3, change: (documents) => eachText(documents, (text) => text, shippedTokenizer('gpt2')) },
  {
    name: 'every 20th document without EOS',
    number: 2,
    change: (documents) => documents.map((one, at) => (at % 20 === 7 ? { ...one, ids: one.ids.slice(0, -1) } : one)),
  },
  { name: 'the model begins texts with BOS', options: { contract: bos } },
  { name: 'noise: random letters', number: 6, change: (documents) => eachText(documents, (text) => text.replace(/\S+/g, letters)), options: asked },
  {
    name: 'noise: random ids',
    number: 6,
    change: (documents) => documents.map((one) => ({ ...one, ids: [...one.ids.slice(1).map(() => 12 + random(60_000)), EOS] })),
  },
  { name: 'a copy of shard 1', number: 4, change: () => readDocuments(join(folder, 'clean'), shard(1)) },
  { name: 'ids shifted by 1', number: 0, change: (documents) => documents.map((one) => ({ ...one, ids: one.ids.map((id) => id + 1) })) },
  { name: 'cut in half', number: 7, change: 'cut' },
  {
    name: 'benchmark text in two documents',
    number: 3,
    change: (documents) => eachText(documents, (text, at) => (at === 17 || at === 40 ? `${text}\n${riddles[at % 5]}` : text)),
    options: { benchmarks: [benchmark] },
  },
  { name: 'a third in German', number: 5, change: (documents) => eachText(documents, (text, at) => (at % 3 === 0 ? germanTexts[at % 40]! : text)) },
  { name: 'every 20th document empty', number: 1, change: (documents) => documents.map((one, at) => (at % 20 === 3 ? { ...one, ids: [EOS] } : one)) },
  { name: "a NaN in the model's weights", options: { model: nan } },
];

console.log('| sabotage | found as | CPU s |\n| --- | --- | --- |');
for (const { name, number, change, options = {} } of cases) {
  const run = join(work, 'run');
  rmSync(run, { recursive: true, force: true });
  cpSync(join(folder, 'clean'), run, { recursive: true });
  const path = number === undefined ? null : shard(number);
  if (path !== null && change === 'cut') truncateSync(join(run, path), statSync(join(run, path)).size >> 1);
  else if (path !== null && change !== undefined && change !== 'cut') {
    const changed = await change(await readDocuments(run, path));
    await rewriteShard(run, path, () => changed);
  }
  const before = process.cpuUsage();
  const { findings } = await checkRun(run, { benchmarks: [], seqLen: 2048, model: 'none', ...options }, new AbortController().signal, () => undefined);
  const { user, system } = process.cpuUsage(before);
  // one of each check and shard
  const found = new Map(findings.map((one) => [`${one.check} ${one.shard}`, one]).reverse() as [string, (typeof findings)[number]][]);
  const words = [...found.values()].reverse().map(({ check, severity, shard: where, message }) => {
    return `${severity} \`${check}\` ${where ?? 'the run'}: ${message.slice(0, 150)}`.replaceAll('\n', ' ').replaceAll('|', '\\|');
  });
  const shown = words.length === 0 ? 'nothing' : words.slice(0, 3).join('<br>') + (words.length > 3 ? `<br>and ${words.length - 3} more` : '');
  console.log(`| ${name}${path === null ? '' : ` (${path})`} | ${shown} | ${((user + system) / 1e6).toFixed(1)} |`);
}
rmSync(work, { recursive: true, force: true });
