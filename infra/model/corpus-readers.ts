// Packages to documents: each reader turns the unpacked files of one source into (name, text) pairs, in the order of file names.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { bytesColumn, native, stringAt } from '../../native/index.js';
import type { Source } from './corpus-sources.js';
import { dictionaryText, mailText, podText, rStrings, swordBooks, wordnetText } from './corpus-formats.js';

export interface Document {
  readonly name: string;
  readonly text: string;
}

/** Pages a call. */
const BATCH_PAGES = 64;
const BATCH_BYTES = 16 * 2 ** 20;
/** Generated indexes are larger; they hold no prose. */
const MAX_PAGE = 4 * 2 ** 20;
const pageOptions = { mode: 'balanced', maxBytes: MAX_PAGE, maxDepth: 4096, maxNodes: 1_000_000 } as const;

export async function* readSource(source: Source, folder: string): AsyncGenerator<Document> {
  const files = listFiles(folder).filter((file) => source.without?.test(`/${file}`) !== true);
  switch (source.reader) {
    case 'html':
      yield* readPages(folder, files);
      return;
    case 'sword':
      for (const file of files.filter((name) => name.endsWith('.bzz'))) {
        const books = swordBooks(readFileSync(join(folder, file)), readFileSync(join(folder, file.replace(/z$/, 's'))));
        for (const [at, text] of books.entries()) yield { name: `${file}#${at}`, text };
      }
      return;
    case 'r-strings':
      for (const file of files) for (const [at, text] of rStrings(readFileSync(join(folder, file))).entries()) yield* chapters(`${file}#${at}`, text);
      return;
    default:
      for (const file of files) {
        const text = textFile(join(folder, file));
        if (source.reader === 'pod') yield { name: file, text: podText(text) };
        else if (source.reader === 'dictionary') yield* grouped(file, dictionaryText(text), 12);
        else if (source.reader === 'wordnet') yield* grouped(file, wordnetText(text), 24);
        else if (source.reader === 'descriptions') yield* grouped(file, descriptions(text), 1);
        else if (source.reader === 'mail') yield { name: file, text: mailText(text) };
        else yield { name: file, text: reflow(text) };
      }
  }
}

export function listFiles(folder: string): string[] {
  const found: string[] = [];
  const walk = (at: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) found.push(relative(folder, path));
    }
  };
  walk(folder);
  return found.sort();
}

async function* readPages(folder: string, files: readonly string[]): AsyncGenerator<Document> {
  let names: string[] = [];
  let pages: Buffer[] = [];
  let bytes = 0;
  for (const [at, file] of files.entries()) {
    if (statSync(join(folder, file)).size <= MAX_PAGE) {
      const page = readFileSync(join(folder, file));
      names.push(file);
      pages.push(page);
      bytes += page.length;
    }
    if (pages.length < BATCH_PAGES && bytes < BATCH_BYTES && at + 1 < files.length) continue;
    const none = bytesColumn(
      'utf8',
      pages.map(() => null),
    );
    const { text } = await native.extractPages({ url: none, html: bytesColumn('binary', pages), text: none, contentType: none }, pageOptions);
    for (const [row, name] of names.entries()) yield { name, text: stringAt(text, row) ?? '' };
    names = [];
    pages = [];
    bytes = 0;
  }
}

/** UTF-8 where it is, else Latin-1: old dictionaries and mails. */
function textFile(path: string): string {
  const raw = readFileSync(path);
  const bytes = raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw) : raw;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}

/** Lines of a paragraph joined: an empty line ends it. */
export function reflow(text: string): string {
  return text
    .split(/\r?\n[ \t]*(?:\r?\n[ \t]*)+/)
    .map((paragraph) => paragraph.replace(/\s*\r?\n\s*/g, ' '))
    .join('\n');
}

/** A novel cut where a chapter begins. */
function* chapters(name: string, text: string): Generator<Document> {
  for (const [at, chapter] of text.split(/\n(?=(?:CHAPTER|Chapter|VOLUME) )/).entries()) yield { name: `${name}:${at}`, text: reflow(chapter) };
}

/** Short entries, some to a document. */
function* grouped(name: string, entries: readonly string[], each: number): Generator<Document> {
  for (let at = 0; at < entries.length; at += each) yield { name: `${name}:${at}`, text: entries.slice(at, at + each).join('\n') };
}

/** Of a Translation-en file: the long description, a paragraph a line. */
function descriptions(text: string): string[] {
  return text.split('\n\n').map((stanza) => {
    const at = stanza.indexOf('\nDescription-en: ');
    if (at < 0) return '';
    const [title, ...lines] = stanza.slice(at + 17).split('\n');
    const kept: string[] = [title!];
    let open = false;
    for (const line of lines) {
      if (!line.startsWith(' ')) break;
      if (line === ' .' || /^ {2}|^ [*-]/.test(line)) open = false;
      if (line === ' .') continue;
      if (open) kept[kept.length - 1] += line;
      else kept.push(line.trim());
      open = true;
    }
    return kept.join('\n');
  });
}
