// Labelled texts for `refine train-classifier`: `LABEL=PATH` gives every document of PATH one label; a PATH alone holds
// examples, a line each: a JSON object with text and label (a string, or a list of them), or fastText's `__label__x text`.
// Lines that are no example are counted by reason, never fatal: a bad record is data.
import { bytesAt, bytesColumn, type BytesColumn, isValid, RefineError } from '../native/index.js';
import { type PlainText, readTexts, type TextInput, textInputs } from './tokenizer-texts.js';

export interface LabelledOptions {
  readonly textField: string;
  readonly labelField: string;
  /** The key of a JSON line that holds an earlier score, to compare labels with. */
  readonly scoreField?: string;
  /** What a .txt after `LABEL=` is. */
  readonly txt: PlainText;
}

interface LabelledInput {
  readonly label: string | null;
  readonly input: TextInput;
}

export interface Example {
  readonly text: Uint8Array;
  /** One or more. */
  readonly labels: readonly string[];
  /** With `scoreField`, where the line has a number there. */
  readonly score?: number;
}

export type Skips = Record<'bad-json' | 'no-text' | 'no-label' | 'bad-label', number>;

const PREFIX = '__label__';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export async function labelledInputs(sources: readonly string[], options: LabelledOptions): Promise<LabelledInput[]> {
  const inputs: LabelledInput[] = [];
  for (const source of sources) {
    const named = /^([^=/\\]+)=(.+)$/.exec(source);
    const label = named === null ? null : named[1]!;
    if (label !== null && /\s/.test(label))
      throw new RefineError('ERR_REFINE_USAGE', `the label "${label}" holds white space, which fastText files cannot write. Name it without`, {
        place: source,
      });
    const of = { txt: label === null ? ('lines' as const) : options.txt, textField: options.textField };
    for (const input of await textInputs([named === null ? source : named[2]!], of)) {
      if (label === null && input.kind === 'shard')
        throw new RefineError('ERR_REFINE_USAGE', 'has no labels of its own. Say which its documents have: LABEL=PATH', { place: source });
      inputs.push({ label, input: label === null ? { ...input, kind: 'lines' } : input });
    }
  }
  return inputs;
}

/** Examples in the order of their inputs; `skips` counts what is none. */
export async function* readExamples(inputs: readonly LabelledInput[], options: LabelledOptions, skips: Skips, signal: AbortSignal): AsyncGenerator<Example[]> {
  for (const { label, input } of inputs) {
    for await (const batch of readTexts(input, signal)) {
      const text = batch.columns.text as BytesColumn;
      const examples: Example[] = [];
      for (let row = 0; row < batch.rows; row++) {
        const whole = isValid(text, row) ? bytesAt(text, row) : new Uint8Array();
        const bytes = input.kind === 'lines' ? withoutLineEnd(whole) : whole;
        const found = label === null ? parseExample(decoder.decode(bytes).trim(), options) : isWordless(bytes) ? 'no-text' : { text: bytes, labels: [label] };
        if (found === null) continue;
        if (typeof found === 'string') skips[found]++;
        else examples.push(found);
      }
      yield examples;
    }
  }
}

/** Nothing but what fastText takes for space: no classifier says anything of it. */
function isWordless(text: Uint8Array): boolean {
  return text.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d) || byte === 0);
}

function withoutLineEnd(line: Uint8Array): Uint8Array {
  let end = line.length;
  if (line[end - 1] === 0x0a) end--;
  if (line[end - 1] === 0x0d) end--;
  return line.subarray(0, end);
}

/** null for an empty line. */
function parseExample(line: string, { textField, labelField, scoreField }: LabelledOptions): Example | keyof Skips | null {
  if (line === '') return null;
  if (!line.startsWith('{')) return parseFasttextLine(line);
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return 'bad-json';
  }
  const text = value[textField];
  if (typeof text !== 'string' || isWordless(encoder.encode(text))) return 'no-text';
  const given = value[labelField];
  const labels = (Array.isArray(given) ? given : [given]).filter((label) => label !== null && label !== undefined).map(String);
  if (labels.length === 0) return 'no-label';
  if (labels.some((label) => label === '' || /\s/.test(label))) return 'bad-label';
  const score = scoreField === undefined ? undefined : value[scoreField];
  return {
    text: encoder.encode(text),
    labels: labels.map((label) => (label.startsWith(PREFIX) ? label.slice(PREFIX.length) : label)),
    ...(typeof score === 'number' && Number.isFinite(score) ? { score } : {}),
  };
}

/** Labels stand before the text, or anywhere in it: fastText takes every token with its prefix for one. */
function parseFasttextLine(line: string): Example | keyof Skips {
  const words = line.split(/[ \t]+/);
  const labels = words.filter((word) => word.startsWith(PREFIX)).map((word) => word.slice(PREFIX.length));
  if (labels.length === 0) return 'no-label';
  if (labels.includes('')) return 'bad-label';
  const text = words.filter((word) => !word.startsWith(PREFIX)).join(' ');
  return text === '' ? 'no-text' : { text: encoder.encode(text), labels };
}

/** As native.fasttextAdd takes them: labels joined by newlines. */
export function exampleColumns(examples: readonly Example[]): { readonly text: BytesColumn; readonly labels: BytesColumn } {
  return {
    text: bytesColumn(
      'utf8',
      examples.map(({ text }) => text),
    ),
    labels: bytesColumn(
      'utf8',
      examples.map(({ labels }) => encoder.encode(labels.join('\n'))),
    ),
  };
}
