// The text of the manifest that `refine init` writes: what was asked for as YAML, and above it, as comments, every option with its
// default, from the same schemas that parse it. Invariant: a pure function of the answers; no clock, machine or locale in it.
import { stringify } from 'yaml';
import type { StageEnv } from '../../stages/contract/stage.js';
import { isaSchema, type JsonSchema, type Registry, SOURCE_KINDS, sinkSchema, spillSchema, writtenSchema } from '../manifest-schema.js';
import { type InitAnswers, type InitStep, type ListPaths, recipeSteps } from './recipes.js';

export interface InitPlaces extends ListPaths {
  /** The sample crawl, as written from the manifest's folder. */
  readonly sample: string;
  /** The schema, for editors: a path from the manifest's folder. */
  readonly schema: string;
}

const WIDTH = 118;

export function manifestText(answers: InitAnswers, places: InitPlaces, registry: Registry): string {
  const { about, steps } = recipeSteps(answers, places);
  const used = new Set(steps.map(({ step }) => step));
  const others = [...registry.keys()].filter((name) => !used.has(name)).sort();
  return `${[
    ...comment('', about),
    ...comment(
      '',
      'Written by `refine init`. Comments name every option with its default; what is not written below has that default. Thresholds and sets of rules are published ones: infra/docs/rules.md, infra/docs/metrics.md.',
    ),
    `# yaml-language-server: $schema=${places.schema}`,
    '',
    ...comment('', 'Names the run; its folder is runs/<name> unless --out says otherwise.'),
    `name: ${answers.name}`,
    ...comment('', 'The only source of chance: which files are selected, samples, the order of loading. 0 to 2^64-1; default 0.'),
    'seed: 2023',
    '',
    ...sourceLines(answers, places),
    '',
    ...comment('', 'In this order. A step used twice needs `as: other-name`; every option is also set from outside: --set step.option=value.'),
    'steps:',
    ...steps.flatMap((step) => stepLines(step, registry)),
    ...comment('  ', `Other steps: ${others.join(', ')}. \`npx refine try STEP FILE\` shows what one does.`),
    '',
    ...sinkLines(),
    '',
    ...comment('', `spill = 20GiB  ${described(writtenSchema(spillSchema))}`, '  '),
    ...comment('', `isa = absent  ${described(writtenSchema(isaSchema))}`, '  '),
  ].join('\n')}\n`;
}

function sourceLines({ source }: InitAnswers, places: InitPlaces): string[] {
  const kinds = `Exactly one of ${SOURCE_KINDS.join(', ')} (run: the kept documents of another run).`;
  switch (source.kind) {
    case 'sample':
      return [
        ...comment('', `The small crawl that comes with refine. ${kinds}`),
        'source:',
        `  warc: ${flow([places.sample])} # paths from this file's folder, globs, URLs`,
      ];
    case 'warc':
      return [...comment('', kinds), 'source:', `  warc: ${flow(source.paths)} # paths from this file's folder, globs, URLs`];
    case 'jsonl':
      return [
        ...comment('', kinds),
        'source:',
        `  jsonl: ${flow(source.paths)} # paths from this file's folder, globs, URLs; plain, .gz`,
        '  text-field: text # the key that holds the text; default text',
      ];
    case 'commoncrawl':
      return [
        ...comment('', kinds),
        'source:',
        '  commoncrawl:',
        `    crawls: ${flow([source.crawl])} # by name, as https://commoncrawl.org/get-started lists them`,
        `    select: ${flow({ files: source.files })} # so many WARC files (about 1 GB each) chosen by the seed; or { fraction: 0.001 }; default all`,
        '    base: https://data.commoncrawl.org # or a mirror, or a folder that crawl-data/ hangs below',
      ];
  }
}

function stepLines({ step, options, about }: InitStep, registry: Registry): string[] {
  const stage = registry.get(step);
  if (stage === undefined) throw new Error(`init knows a step "${step}" that the registry lacks`);
  const properties = Object.entries((writtenSchema(stage.schema).properties ?? {}) as Record<string, JsonSchema>);
  const thresholds = properties.filter(([, schema]) => isThreshold(schema)).map(([name]) => name);
  const parsed = (stage.schema.parse({}) ?? {}) as Record<string, unknown>;
  const { as, ...given } = options;
  const lines = [...comment('  ', `${as ?? step}: ${about}`)];
  for (const [name, schema] of properties) {
    if (thresholds.includes(name)) continue;
    const [text, published] = withoutOwn(described(schema));
    lines.push(...comment('    ', `${name} = ${defaultOf(schema, published, parsed[name])}  ${text}`, '  '));
  }
  if (thresholds.length > 0) lines.push(...comment('    ', thresholdText(stage, given, thresholds), '  '));
  return [...lines, Object.keys(options).length === 0 ? `  - ${step}` : `  - ${step}: ${flow(options)}`];
}

const OVERRIDES = "overrides the rule set's threshold";
const OWN = "; the rule set's own where absent";

function isThreshold(schema: JsonSchema): boolean {
  return described(schema).includes(OVERRIDES);
}

function withoutOwn(text: string): [string, boolean] {
  return text.includes(OWN) ? [text.replace(OWN, ''), true] : [text, false];
}

/** What a set of rules holds, and what else could be bounded. */
function thresholdText(stage: NonNullable<ReturnType<Registry['get']>>, given: Record<string, unknown>, names: readonly string[]): string {
  const env: StageEnv = { seed: 0n, baseDir: '.', device: 'cpu' };
  const bounds = new Map<string, string[]>();
  for (const { column, op, threshold, languages } of stage.limits?.(stage.schema.parse(given), env) ?? []) {
    const name = column.replace(/@.*/, '').replaceAll('_', '-');
    const value = Number.isFinite(threshold) ? String(threshold) : 'by language';
    bounds.set(name, [...(bounds.get(name) ?? []), `${op} ${languages !== undefined && Number.isFinite(threshold) ? `${value} or by language` : value}`]);
  }
  const held = [...bounds].map(([name, of]) => `${name} ${of.join(', ')}`).join('; ');
  const more = names.length - names.filter((name) => bounds.has(name)).length;
  return `Thresholds${held === '' ? '' : `, as ${String(given.rules)} has them: ${held}`}. Each is an option: a number or { min, max } overrides it, off drops the rule; ${more} more metrics of infra/docs/metrics.md may be bounded the same way.`;
}

function sinkLines(): string[] {
  const properties = (writtenSchema(sinkSchema).properties ?? {}) as Record<string, JsonSchema>;
  const inner = (name: string, key: string): JsonSchema => ((properties[name]?.properties ?? {}) as Record<string, JsonSchema>)[key] ?? {};
  return [
    ...comment('', 'What the run writes. These are the defaults.'),
    'sink:',
    ...comment('  ', `tokens.per-shard = 100000000  ${described(inner('tokens', 'per-shard'))}`, '  '),
    '  tokens: { per-shard: 100000000 }',
    ...comment('  ', `text.keep = true  ${described(inner('text', 'keep'))}`, '  '),
    '  text: { keep: true }',
    ...comment('  ', `samples-per-reason = 20  ${described(properties['samples-per-reason'] ?? {})}`, '  '),
    '  samples-per-reason: 20',
    ...comment('  ', `features = reached  ${described(properties.features ?? {})}`, '  '),
    ...comment('  ', `holdout = absent  ${described(properties.holdout ?? {})} Such as holdout: { fraction: 0.001, by: host }.`, '  '),
    ...Object.keys(properties)
      .filter((key) => !['tokens', 'text', 'samples-per-reason', 'features', 'holdout'].includes(key))
      .flatMap((key) => comment('  ', `${key} = ${defaultOf(properties[key]!, false)}  ${described(properties[key]!)}`, '  ')),
  ];
}

function described(schema: JsonSchema): string {
  return String(schema.description ?? '').replace(/\s+/g, ' ');
}

/** `parsed` is what the schema makes of a bare step: it tells a default that is computed. */
function defaultOf(schema: JsonSchema, published: boolean, parsed?: unknown): string {
  if (schema.default !== undefined) return flow(flow(schema.default) === '{}' ? (parsed ?? {}) : schema.default);
  return published ? "the rule set's own" : 'absent';
}

/** YAML on one line. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return Object.keys(value).length === 0
      ? '{}'
      : `{ ${Object.entries(value)
          .map(([key, of]) => `${flow(key)}: ${flow(of)}`)
          .join(', ')} }`;
  const text = stringify(value, { lineWidth: 0 }).trimEnd();
  // Inside brackets these end a plain word.
  return typeof value === 'string' && /^[^"'].*[,[\]{}]|^$/.test(text) ? JSON.stringify(value) : text;
}

function comment(indent: string, text: string, hang = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const next = line === '' ? word : `${line} ${word}`;
    if (line !== '' && indent.length + 2 + next.length > WIDTH) {
      lines.push(line);
      line = hang + word;
    } else line = next;
  }
  return [...lines, line].map((one) => `${indent}# ${one}`.trimEnd());
}
