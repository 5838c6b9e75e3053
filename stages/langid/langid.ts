// Labels each document's language with a fastText model (lid.176.ftz unless another is named) and, where `keep` names
// languages, drops the others. The label is fastText's own, less `__label__`; a text without a word has none (null).
// Beside it: the second label, how much of the lines is in the language or looks like code (kernels/fasttext/evidence.cpp has the
// definitions), whether the second label is one that is taken for the first, and which Chinese a Chinese text is.
import { isAbsolute, resolve } from 'node:path';
import { type Batch, column, type DictionaryColumn, type FixedColumn, fixedColumn, isValid, native } from '../../native/index.js';
import type { ExpressionColumns } from '../contract/expression-evaluate.js';
import type { Stage, StageEnv, StageRun } from '../contract/stage.js';
import { confusablePairs } from './confusables.js';
import { languageOf } from './language-tags.js';
import { type LanguageModel, loadLanguageModel, SHIPPED_MODEL, shippedModelPath } from './language-model.js';
import { keptLabels, type LangidOptions, problemsWith, schema, warningsAbout } from './options.js';
import { setNamed, thresholdsOf } from './thresholds.js';

export type { LangidOptions } from './options.js';

const WRONG_LANGUAGE = 1;
const UNSURE_LANGUAGE = 2;
const MIXED_LANGUAGE = 3;
const CODE_HEAVY = 4;

/** Chinese languages: their characters say which writing a text is in. */
const CHINESE = new Set(['zho', 'yue', 'wuu', 'hak', 'nan', 'gan', 'hsn', 'lzh', 'cdo']);
/** Of the characters that only one of them writes, the share from which a text is called by it. */
const VARIANT_SHARE = 0.8;
const VARIANTS = ['Hani', 'Hans', 'Hant'] as const; // Hani: both

function modelPath(options: LangidOptions, env: StageEnv): string {
  if (options.model === SHIPPED_MODEL) return shippedModelPath();
  return isAbsolute(options.model) ? options.model : resolve(env.baseDir, options.model);
}

export const langid: Stage<LangidOptions> = {
  kind: 'stage',
  name: 'langid',
  version: 3,
  reads: ['text'],
  writes: ['lang', 'lang_prob', 'lang2', 'lang2_prob', 'lang_line_share', 'code_line_share', 'lang_margin', 'lang_variant'],
  reasons: ['wrong-language', 'unsure-language', 'mixed-language', 'code-heavy'],
  rules: true,
  schema: schema.describe('Labels the language of each document by a fastText model, and drops those not asked for.'),

  check(options, env) {
    try {
      return problemsWith(options, loadLanguageModel(modelPath(options, env)).labels);
    } catch (error) {
      return [{ path: ['model'], message: (error as Error).message }];
    }
  },

  warnings(options, env) {
    try {
      return warningsAbout(options, loadLanguageModel(modelPath(options, env)).labels);
    } catch {
      return []; // `check` says it
    }
  },

  limits(options, env) {
    if (langid.check?.(options, env).length !== 0) return [];
    const { default: least, languages } = thresholdsOf(options['min-prob'], options.thresholds, loadLanguageModel(modelPath(options, env)).labels);
    const limits = [];
    if (least > 0 || languages.size > 0)
      limits.push({
        column: 'lang_prob',
        op: 'min' as const,
        threshold: least,
        reason: 'unsure-language',
        source: setNamed(options.thresholds)?.source ?? 'manifest',
        ...(languages.size > 0 ? { languages: Object.fromEntries(languages) } : {}),
      });
    if (options['min-line-share'] > 0)
      limits.push({ column: 'lang_line_share', op: 'min' as const, threshold: options['min-line-share'], reason: 'mixed-language', source: 'manifest' });
    if (options['max-code-share'] < 1)
      limits.push({ column: 'code_line_share', op: 'max' as const, threshold: options['max-code-share'], reason: 'code-heavy', source: 'manifest' });
    return limits;
  },

  decision: {
    options: ['keep', 'min-prob', 'thresholds', 'min-line-share', 'max-code-share'],
    columns: () => ['lang', 'lang_prob', 'lang_line_share', 'code_line_share'],
    drops: (options, columns, rows) => decide(options, columns, rows),
  },

  assets: (options, env) => [modelPath(options, env)],

  async open(options, env): Promise<StageRun> {
    const model = loadLanguageModel(modelPath(options, env));
    const chinese = Uint8Array.from(model.model.labels, (label) => (CHINESE.has(languageOf(label, true)?.code ?? '') ? 1 : 0));
    const confusable = confusablePairs(model.labels);
    return {
      async process(batch: Batch) {
        const judged = await native.fasttextJudge(model.model, column(batch, 'text', 'utf8'), chinese);
        const first = rankedLabel(model, judged, 0, batch.rows);
        const second = rankedLabel(model, judged, 1, batch.rows);
        const columns = {
          lang: first.label,
          lang_prob: first.prob,
          lang2: second.label,
          lang2_prob: second.prob,
          lang_line_share: known(judged.lineShare),
          code_line_share: known(judged.codeShare),
          lang_margin: margins(first, second, confusable),
          lang_variant: variants(judged, batch.rows),
        };
        return { columns, drops: decide(options, columns, batch.rows) };
      },
      async close() {},
    };
  },
};

interface Ranked {
  readonly label: DictionaryColumn;
  readonly prob: FixedColumn;
}

function rankedLabel(model: LanguageModel, judged: { readonly labels: Int32Array; readonly probs: Float32Array }, rank: 0 | 1, rows: number): Ranked {
  const indices = new Uint16Array(rows);
  const prob = new Float32Array(rows);
  const validity = new Uint8Array((rows + 7) >> 3);
  for (let row = 0; row < rows; row++) {
    const label = judged.labels[row * 2 + rank]!;
    if (label < 0) continue;
    validity[row >> 3]! |= 1 << (row & 7);
    indices[row] = model.indexOfLabel[label]!;
    prob[row] = Math.min(1, Math.max(0, judged.probs[row * 2 + rank]!)); // fastText's can read 1.00001
  }
  return { label: { kind: 'dictionary', indices, labels: model.labels, validity }, prob: fixedColumn(prob, validity) };
}

/** NaN as null. */
function known(values: Float32Array): FixedColumn {
  const validity = new Uint8Array((values.length + 7) >> 3);
  const filled = values.map((value, row) => {
    if (Number.isNaN(value)) return 0;
    validity[row >> 3]! |= 1 << (row & 7);
    return value;
  });
  return fixedColumn(filled, validity);
}

/** How far the second label lies behind the first, where the two are taken for one another; else null. */
function margins(first: Ranked, second: Ranked, confusable: ReadonlyMap<string, ReadonlySet<string>>): FixedColumn {
  const near = first.label.labels.map((label) => confusable.get(label));
  return known(
    Float32Array.from(first.prob.values as Float32Array, (prob, row) => {
      const other = second.label.labels[second.label.indices[row]!]!;
      const apart = !isValid(second.label, row) || near[first.label.indices[row]!]?.has(other) !== true;
      return apart ? Number.NaN : prob - (second.prob.values[row] as number);
    }),
  );
}

function variants(judged: { readonly hans: Uint32Array; readonly hant: Uint32Array }, rows: number): DictionaryColumn {
  const indices = new Uint16Array(rows);
  const validity = new Uint8Array((rows + 7) >> 3);
  for (let row = 0; row < rows; row++) {
    const [hans, hant] = [judged.hans[row]!, judged.hant[row]!];
    if (hans + hant === 0) continue;
    validity[row >> 3]! |= 1 << (row & 7);
    indices[row] = hans >= VARIANT_SHARE * (hans + hant) ? 1 : hant >= VARIANT_SHARE * (hans + hant) ? 2 : 0;
  }
  return { kind: 'dictionary', indices, labels: VARIANTS, validity };
}

function decide(options: LangidOptions, columns: ExpressionColumns, rows: number): Uint16Array {
  const lang = columns.lang as DictionaryColumn;
  const prob = columns.lang_prob as FixedColumn;
  const lineShare = columns.lang_line_share as FixedColumn | undefined;
  const codeShare = columns.code_line_share as FixedColumn | undefined;
  const { default: otherwise, languages } = thresholdsOf(options['min-prob'], options.thresholds, lang.labels);
  const keep = keptLabels(options.keep, lang.labels);
  const kept = lang.labels.map((label) => options.keep.length === 0 || keep.has(label));
  const least = lang.labels.map((label) => Math.fround(languages.get(label) ?? otherwise));
  const leastLines = Math.fround(options['min-line-share']);
  const mostCode = Math.fround(options['max-code-share']);
  const drops = new Uint16Array(rows);
  for (let row = 0; row < rows; row++) {
    if (!isValid(lang, row)) drops[row] = options.keep.length > 0 ? WRONG_LANGUAGE : otherwise > 0 ? UNSURE_LANGUAGE : 0;
    else if (!kept[lang.indices[row]!]) drops[row] = WRONG_LANGUAGE;
    else if ((prob.values[row] as number) < least[lang.indices[row]!]!) drops[row] = UNSURE_LANGUAGE;
    else if (lineShare !== undefined && isValid(lineShare, row) && (lineShare.values[row] as number) < leastLines) drops[row] = MIXED_LANGUAGE;
    else if (codeShare !== undefined && isValid(codeShare, row) && (codeShare.values[row] as number) > mostCode) drops[row] = CODE_HEAVY;
  }
  return drops;
}
