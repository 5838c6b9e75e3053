// What models drop beside the rules: the same documents through runs of one filter each, and which documents each drops.
//   node dist/infra/model/drops-table.js --run RUN --work DIR [--share 0.1] [--quality NAME|FOLDER] [--sample 30]
// RUN is a finished run with text (extract, langid, dedupe-exact). Models drop the share with the worst scores. Prints Markdown tables; DIR/sample.tsv
// gets documents that only one filter drops, for a reader: filter, url, scores, words, the text's beginning. DIR holds page text: never in the repository. A second call takes what is finished; after a change of a model or its card remove DIR/<filter>.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { documentAt, packagePath } from '../../native/index.js';
import { readArrow } from '../../pipeline/store.js';

const RULES = `  - repetition: { rules: gopher@paper }
  - quality: { rules: [gopher@paper, c4@paper, fineweb@datatrove] }
`;
const SHOWN = 700;

interface Filter {
  readonly name: string;
  readonly steps: string;
  /** The column that ranks documents, for a reader. */
  readonly score: string | null;
}

function filters(share: number, quality: string): readonly Filter[] {
  const best = Number((1 - share).toFixed(6));
  return [
    { name: 'rules', steps: RULES, score: null },
    {
      name: 'perplexity',
      steps: `  - perplexity: { model: reference-small, dtype: bf16, max-tokens: 512, keep: { bits-per-byte: { quantile: ${best} } } }\n`,
      score: 'bits_per_byte',
    },
    {
      name: 'encoder',
      steps: `  - classify: { model: ${JSON.stringify(quality)}, label: main, score: quality, dtype: bf16, windows: 4, max-length: 128, min-score: { quantile: ${share} } }\n`,
      score: 'score_quality',
    },
    {
      name: 'fastText',
      steps: `  - fasttext: { model: quality, label: main, score: quality, min-score: { quantile: ${share} } }\n`,
      score: 'score_quality',
    },
  ];
}

async function* documents(folder: string): AsyncGenerator<Record<string, unknown>> {
  for (const file of readdirSync(folder).sort())
    for await (const batch of readArrow(join(folder, file))) for (let row = 0; row < batch.rows; row++) yield documentAt(batch, row);
}

interface Seen {
  readonly url: string;
  /** By filter; null: it keeps the document. */
  readonly reasons: Record<string, string | null>;
  readonly scores: Record<string, number>;
}

async function read(name: string, score: string | null, run: string, seen: Map<string, Seen>): Promise<void> {
  for await (const one of documents(join(run, 'features'))) {
    const id = one.id as string;
    if (!seen.has(id)) seen.set(id, { url: String(one.url), reasons: {}, scores: {} });
    const { reasons, scores } = seen.get(id)!;
    reasons[name] = one.reason === null || one.reason === undefined ? null : `${String(one.step)}/${String(one.reason)}`;
    if (score !== null && typeof one[score] === 'number') scores[name] = one[score];
  }
}

const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |\n`;
const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  line(head) + line(head.map(() => '---')) + rows.map(line).join('');

function tables(seen: readonly Seen[], names: readonly string[]): string {
  const gone = (one: Seen, name: string): boolean => one.reasons[name] !== null;
  const count = (wanted: (one: Seen) => boolean): number => seen.filter(wanted).length;
  const share = (part: number, of: number): string => `${part} (${of === 0 ? '-' : Math.round((100 * part) / of)} %)`;
  const [rules, ...models] = names as [string, ...string[]];
  const pairs = names.map((a) => [
    a,
    count((one) => gone(one, a)),
    ...names.map((b) =>
      a === b
        ? ''
        : share(
            count((one) => gone(one, a) && gone(one, b)),
            count((one) => gone(one, a)),
          ),
    ),
    count((one) => gone(one, a) && names.every((b) => a === b || !gone(one, b))),
  ]);
  const beside = models.map((name) => [
    name,
    count((one) => gone(one, name) && gone(one, rules)),
    count((one) => gone(one, name) && !gone(one, rules)),
    count((one) => !gone(one, name) && gone(one, rules)),
    count((one) => !gone(one, name) && !gone(one, rules)),
  ]);
  const reasons = [...new Set(seen.map((one) => one.reasons[rules]).filter((reason) => reason !== null && reason !== undefined))];
  const byRule = reasons
    .map((reason) => {
      const of = seen.filter((one) => one.reasons[rules] === reason);
      return { reason, of, cells: models.map((name) => share(of.filter((one) => gone(one, name)).length, of.length)) };
    })
    .sort((a, b) => b.of.length - a.of.length || (a.reason! < b.reason! ? -1 : 1))
    .map(({ reason, of, cells }) => [reason!, of.length, ...cells]);
  return [
    `${seen.length} documents\n\n`,
    table(['filter', 'dropped', ...names.map((name) => `also by ${name}`), 'by it alone'], pairs),
    '\n',
    table(['model', 'both it and the rules', 'it, not the rules', 'the rules, not it', 'neither'], beside),
    '\n',
    table(['rule (the first that drops)', 'documents', ...models], byRule),
  ].join('');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      run: { type: 'string' },
      work: { type: 'string' },
      share: { type: 'string', default: '0.1' },
      quality: { type: 'string', default: 'quality' },
      sample: { type: 'string', default: '30' },
    },
  });
  if (values.run === undefined || values.work === undefined) throw new Error('--run names a finished run with text, --work a folder for runs of each filter');
  mkdirSync(values.work, { recursive: true });
  const asked = filters(Number(values.share), values.quality === 'quality' ? 'quality' : resolve(values.quality));
  const seen = new Map<string, Seen>();
  for (const { name, steps, score } of asked) {
    const manifest = join(values.work, `${name}.yaml`);
    const out = join(values.work, name);
    writeFileSync(manifest, `name: ${name}\nseed: 1\nsource: { run: ${JSON.stringify(resolve(values.run))} }\nsteps:\n${steps}sink: { features: all }\n`);
    execFileSync(process.execPath, [packagePath('dist', 'pipeline', 'cli', 'main.js'), 'run', manifest, '--out', out, '--workers', '1'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await read(name, score, out, seen);
  }
  const names = asked.map(({ name }) => name);
  const all = [...seen.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  process.stdout.write(
    tables(
      all.map(([, one]) => one),
      names,
    ),
  );
  const wanted = new Map<string, string>();
  for (const name of names.slice(1)) {
    // Evenly over the ids, which are hashes: no place in the ranking is preferred.
    const only = all.filter(([, { reasons }]) => reasons[name] !== null && names.every((other) => other === name || reasons[other] === null));
    const most = Math.ceil(Number(values.sample) / (names.length - 1));
    for (let i = 0; i < Math.min(most, only.length); i++) wanted.set(only[Math.floor((i * only.length) / Math.min(most, only.length))]![0], name);
  }
  const lines: string[] = [];
  for await (const { id, text } of documents(join(values.run, 'text'))) {
    const name = wanted.get(id as string);
    if (name === undefined) continue;
    const { url, scores } = seen.get(id as string)!;
    const words = (text as string).split(/\s+/).length;
    lines.push([name, url, JSON.stringify(scores), words, JSON.stringify((text as string).slice(0, SHOWN))].join('\t'));
  }
  writeFileSync(join(values.work, 'sample.tsv'), `${lines.sort().join('\n')}\n`);
}

await main();
