// Which lines and paragraphs stood before, slowly and plainly: maps of strings over all documents, no hash, file or merge. What
// dedupe-line and dedupe-bff are held against. Word breaks come from native.segmentText, which is tested against UAX #29's own file.
import { native, utf8Column } from '../../native/index.js';
import { strip } from './python-text.js';

export interface SlowDocument {
  readonly row: bigint;
  readonly text: string;
  /** Documents of other groups are not looked at. */
  readonly group?: string;
}
export type Spans = ReadonlyMap<bigint, readonly (readonly [start: number, end: number])[]>;

interface Line {
  readonly text: string;
  /** Bytes. */
  readonly start: number;
  readonly end: number;
  /** Pieces between UAX #29 word breaks. */
  readonly pieces: readonly string[];
}

async function linesOf(text: string): Promise<Line[]> {
  const breaks = (await native.segmentText(utf8Column([text]), 'word-breaks')).values as Int32Array;
  const bytes = Buffer.from(text);
  let at = 0;
  let piece = 0;
  return text.split('\n').map((line) => {
    const [start, end] = [at, at + Buffer.byteLength(line)];
    const pieces: string[] = [];
    for (; piece < breaks.length && breaks[piece]! < end; piece += 2)
      if (breaks[piece]! >= start) pieces.push(bytes.toString('utf8', breaks[piece], breaks[piece + 1]));
    at = end + 1;
    return { text: line, start, end, pieces };
  });
}

const CCNET_CODE = /[，。、„”“«»１」「《》´∶：？！（）；–—．～’…━〈〉【】％►\p{Cc}]/gu;

export function slowForm(form: string, line: string): string {
  const lower = strip(line).toLowerCase();
  if (form === 'c4') return lower;
  if (form === 'ccnet@code') return lower.replace(/\p{Nd}/gu, '0').replace(CCNET_CODE, '');
  return lower
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .replace(/\p{Nd}/gu, '0')
    .replace(/\p{P}/gu, '');
}

export interface SlowLineOptions {
  readonly form: string;
  readonly minWords: number;
  readonly maxCopies: number;
  readonly within: 'run' | 'document';
}

/** Lines to cut, by row. `documents` ascend by row. */
export async function slowLineCopies(documents: readonly SlowDocument[], options: SlowLineOptions): Promise<Spans> {
  const lines = await Promise.all(
    documents.map(async ({ text }) =>
      (await linesOf(text)).filter(({ pieces }) => pieces.filter((piece) => /[\p{L}\p{N}]/u.test(piece)).length >= options.minWords),
    ),
  );
  const keyOf = (group: string | undefined, line: string) => `${group ?? ''}\n${slowForm(options.form, line)}`;
  const holders = new Map<string, number[]>();
  documents.forEach(({ group }, at) => {
    for (const key of new Set(lines[at]!.map(({ text }) => keyOf(group, text)))) holders.set(key, [...(holders.get(key) ?? []), at]);
  });
  const cut = new Map<bigint, [number, number][]>();
  documents.forEach(({ row, group }, at) => {
    const mine = new Set<string>();
    for (const { text, start, end } of lines[at]!) {
      const key = keyOf(group, text);
      const rows = holders.get(key)!;
      const allowed = options.within === 'document' || (options.maxCopies === 0 ? rows.length === 1 : rows.indexOf(at) < options.maxCopies);
      if (allowed && !mine.has(key)) mine.add(key);
      else cut.set(row, [...(cut.get(row) ?? []), [start, end]]);
    }
  });
  return cut;
}

export interface SlowBffOptions {
  readonly most: number;
  readonly least: number;
  readonly paragraph: number;
  readonly document: number;
}

/** Paragraphs to cut, of documents that stay, and documents to drop. */
export async function slowBff(
  documents: readonly SlowDocument[],
  options: SlowBffOptions,
): Promise<{ cut: Spans; dropped: readonly bigint[]; grams: number; held: number; distinct: number }> {
  const owner = new Map<string, string>();
  const cut = new Map<bigint, [number, number][]>();
  const dropped: bigint[] = [];
  const [all, copied] = [{ count: 0 }, { count: 0 }];
  for (const { row, text, group } of documents) {
    const spans: [number, number][] = [];
    let [grams, held] = [0, 0];
    for (const { start, end, pieces } of await linesOf(text)) {
      const words = pieces.filter((piece) => !/^\p{White_Space}*$/u.test(piece));
      const own: string[] = [];
      for (let i = 0; i + options.most <= words.length; i++) own.push(words.slice(i, i + options.most).join('\0'));
      if (words.length < options.most && words.length >= options.least) own.push(words.join('\0'));
      const place = `${row} ${start}`;
      let before = 0;
      for (const gram of own) {
        const key = `${group ?? ''}\n${gram}`;
        if (!owner.has(key)) owner.set(key, place);
        if (owner.get(key) !== place) before++;
      }
      grams += own.length;
      held += before;
      if (own.length > 0 && before / own.length > options.paragraph) spans.push([start, end]);
    }
    all.count += grams;
    copied.count += held;
    if (grams > 0 && held / grams > options.document) dropped.push(row);
    else if (spans.length > 0) cut.set(row, spans);
  }
  return { cut, dropped, grams: all.count, held: copied.count, distinct: owner.size };
}

/** What is left of a text: its other lines, without blank ones at either end where anything went. */
export function slowCut(text: string, spans: readonly (readonly [number, number])[]): string {
  if (spans.length === 0) return text;
  const gone = new Set(spans.map(([start]) => start));
  let at = 0;
  const left = text.split('\n').filter((line) => {
    const start = at;
    at += Buffer.byteLength(line) + 1;
    return !gone.has(start);
  });
  return left.join('\n').replace(/^\n+|\n+$/g, '');
}
