// The third texts of a proxy comparison: documents that neither run holds, spelled in the proxy's vocabulary, with what the gap
// report asks of them (bytes, language, host). Invariant: both runs' models are measured on the same tokens of the same bytes.
import { type Batch, bytesAt, native, RefineError, utf8Column, valueAt } from '../../native/index.js';
import type { ProxyScore, ProxyText } from '../proxy-train.js';
import type { LoadedTokenizer } from '../tokenizers.js';
import { readTexts, textInputs } from '../tokenizer-texts.js';
import { type GapReport, GapSums } from './gap-report.js';
import { hostOf } from './hosts.js';
import type { Measured } from './proxy-verdict.js';
import type { ProxyVocabulary } from './proxy-vocabulary.js';

/** Of a third text, read from its beginning in whole documents. */
const THIRD_BYTES = 131_072;
/** A longer document counts as several: what is far apart in a text is hardly more alike than two texts. */
const MEASURED_BYTES = 8192;

export interface ThirdText extends ProxyText {
  readonly documents: readonly ThirdDocument[];
}

interface ThirdDocument {
  readonly text: Uint8Array;
  /** The byte where each of its ids ends. */
  readonly ends: Int32Array;
  readonly lang: string | null;
  readonly host: string | null;
}

/** One text a name, of its first documents. `languagesOf`: a label a text, null where none is sure. */
export async function thirdTexts(
  third: readonly string[],
  tokenizer: LoadedTokenizer,
  vocabulary: ProxyVocabulary,
  languagesOf: (texts: readonly string[]) => Promise<readonly (string | null)[]>,
  signal: AbortSignal,
): Promise<ThirdText[]> {
  const texts: ThirdText[] = [];
  for (const name of third) {
    const read = await firstDocuments(name, signal);
    if (read.length === 0) throw new RefineError('ERR_REFINE_INPUT', 'holds no text to compare on. Name a file with documents', { place: name });
    const { tokens } = await native.bpeEncode(tokenizer.handle, utf8Column(read.map(({ text }) => text)), { parseSpecial: false, eos: null, bos: null });
    const languages = await languagesOf(read.map(({ text }) => text));
    const ids: number[] = [];
    const offsets = [0];
    const documents = read.map(({ text, lang, host }, row): ThirdDocument => {
      const spelled = vocabulary.spell(tokens.values.subarray(tokens.offsets[row]!, tokens.offsets[row + 1]!) as Uint16Array);
      for (const id of spelled.ids) ids.push(id);
      offsets.push(ids.length);
      return { text: Buffer.from(text), ends: Int32Array.from(spelled.ends), lang: lang ?? languages[row] ?? null, host };
    });
    const bytes = documents.reduce((sum, { text }) => sum + text.length, 0);
    texts.push({ name, ids: Uint32Array.from(ids), offsets: Int32Array.from(offsets), bytes, documents });
  }
  return texts;
}

interface ReadDocument {
  readonly text: string;
  readonly lang: string | null;
  readonly host: string | null;
}

async function firstDocuments(name: string, signal: AbortSignal): Promise<ReadDocument[]> {
  const documents: ReadDocument[] = [];
  let bytes = 0;
  for (const input of await textInputs([name], { txt: 'file', textField: 'text' })) {
    if (bytes >= THIRD_BYTES) break;
    for await (const batch of readTexts(input, signal)) {
      if (bytes >= THIRD_BYTES) break;
      const text = batch.columns.text!;
      if (text.kind !== 'utf8') continue;
      for (let row = 0; row < batch.rows && bytes < THIRD_BYTES; row++) {
        const whole = bytesAt(text, row);
        const part = whole.subarray(0, characterEdge(whole, THIRD_BYTES - bytes));
        if (part.length === 0) continue;
        documents.push({
          text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(part),
          lang: word(batch, 'lang', row),
          host: hostOf(word(batch, 'url', row)),
        });
        bytes += part.length;
      }
    }
  }
  return documents;
}

/** At most `most` bytes, before a character that would pass it. */
function characterEdge(bytes: Uint8Array, most: number): number {
  let end = Math.min(bytes.length, most);
  while (end > 0 && end < bytes.length && bytes[end]! >> 6 === 2) end--;
  return end;
}

function word(batch: Batch, name: string, row: number): string | null {
  const value = batch.columns[name] === undefined ? null : valueAt(batch.columns[name], row);
  return typeof value === 'string' ? value : null;
}

/** The documents of a text, long ones in parts, with what the two runs' models differ by, one a seed. */
export function measuredDocuments(text: ThirdText, ours: readonly ProxyScore[], theirs: readonly ProxyScore[]): Measured[] {
  const measured: Measured[] = [];
  for (const [document, { ends }] of text.documents.entries()) {
    const first = text.offsets[document]!;
    const parts = Math.max(1, Math.round(ends.at(-1)! / MEASURED_BYTES));
    for (let part = 0, at = 0, begin = 0; part < parts; part++) {
      const end = (ends.at(-1)! * (part + 1)) / parts;
      const nats = ours.map(() => 0);
      const from = begin;
      for (; at < ends.length && ends[at]! <= end; at++) {
        for (let seed = 0; seed < nats.length; seed++) nats[seed]! += ours[seed]!.losses[first + at]! - theirs[seed]!.losses[first + at]!;
        begin = ends[at]!;
      }
      if (begin > from) measured.push({ bytes: begin - from, nats });
    }
  }
  return measured;
}

/** Bits per byte of the other run's models and the run's (the mean of the seeds) by slice of the third texts. */
export function proxyGap(
  texts: readonly ThirdText[],
  names: readonly [other: string, run: string],
  scores: (text: string) => { readonly ours: readonly ProxyScore[]; readonly theirs: readonly ProxyScore[] },
): GapReport {
  const sums = new GapSums();
  for (const text of texts) {
    const { ours, theirs } = scores(text.name);
    const [own, other] = [meanLosses(ours), meanLosses(theirs)];
    for (const [row, { text: bytes, ends, lang, host }] of text.documents.entries()) {
      const [from, to] = [text.offsets[row]!, text.offsets[row + 1]!];
      sums.add(bytes, lang, host, { ends, nats: other.subarray(from, to) }, { ends, nats: own.subarray(from, to) });
    }
  }
  return sums.report(names);
}

function meanLosses(scores: readonly ProxyScore[]): Float64Array {
  return Float64Array.from(scores[0]!.losses, (_, at) => scores.reduce((sum, { losses }) => sum + losses[at]!, 0) / scores.length);
}
