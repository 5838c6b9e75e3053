// Text in legacy encodings with the truth known: sentences of lingua's set re-encoded as their languages used to be, at
// three lengths, in two halves (tune on one, score on the other); and whole real pages re-encoded.
// The detector's tables were counted on the Universal Declaration of Human Rights, so that is no test text here, but for
// traditional Chinese, of which no other was at hand: those few samples say less.
// Encoders are the decoders' inverses, built by decoding every unit once: good enough to make samples with.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { native } from '../../native/index.js';
import { sharedPath } from '../../tests/support/shared.js';

export interface Sample {
  readonly set: string;
  readonly encoding: string;
  readonly lang: string;
  readonly bytes: Buffer;
}

/** Encodings that pages of a language (ISO 639-1) were written in. */
export const LEGACY: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(['fr', 'de', 'es', 'pt', 'it', 'nl', 'sv', 'da', 'nb', 'nn', 'ca'].map((lang) => [lang, ['windows-1252', 'iso-8859-15', 'macintosh']])),
  ...Object.fromEntries(['is', 'fi'].map((lang) => [lang, ['windows-1252', 'iso-8859-15']])),
  ...Object.fromEntries(['en', 'ga', 'sq', 'af', 'eu'].map((lang) => [lang, ['windows-1252']])),
  ...Object.fromEntries(['pl', 'cs', 'sk', 'hu', 'hr', 'sl', 'bs'].map((lang) => [lang, ['windows-1250', 'iso-8859-2']])),
  ro: ['windows-1250', 'iso-8859-2', 'iso-8859-16'],
  tr: ['windows-1254'],
  lt: ['windows-1257', 'iso-8859-13', 'iso-8859-4'],
  lv: ['windows-1257', 'iso-8859-13', 'iso-8859-4'],
  et: ['windows-1257', 'iso-8859-13', 'iso-8859-15'],
  eo: ['iso-8859-3'],
  cy: ['iso-8859-14'],
  vi: ['windows-1258'],
  ru: ['windows-1251', 'koi8-r', 'iso-8859-5', 'ibm866', 'x-mac-cyrillic'],
  uk: ['windows-1251', 'koi8-u', 'ibm866'],
  be: ['windows-1251'],
  bg: ['windows-1251', 'iso-8859-5'],
  mk: ['windows-1251'],
  sr: ['windows-1251', 'iso-8859-5'],
  el: ['windows-1253', 'iso-8859-7'],
  he: ['windows-1255'],
  ar: ['windows-1256', 'iso-8859-6'],
  fa: ['windows-1256'],
  ur: ['windows-1256'],
  th: ['windows-874'],
  zh: ['gbk', 'gb18030'],
  'zh-Hant': ['big5'],
  ja: ['shift_jis', 'euc-jp', 'iso-2022-jp'],
  ko: ['euc-kr'],
};

const encoders = new Map<string, Map<string, Buffer>>();

function units(encoding: string): Map<string, Buffer> {
  const made = encoders.get(encoding);
  if (made !== undefined) return made;
  const out = new Map<string, Buffer>();
  const see = (...bytes: number[]) => {
    const unit = Buffer.from(bytes);
    const text = Buffer.from(native.decodeBytes(unit, encoding)).toString('utf8');
    if ([...text].length === 1 && !text.includes('\ufffd') && !out.has(text)) out.set(text, unit);
  };
  for (let byte = 0; byte < 256; byte++) see(byte);
  if (['gbk', 'gb18030', 'big5', 'euc-jp', 'shift_jis', 'euc-kr'].includes(encoding)) {
    for (let lead = 0x81; lead < 0xff; lead++) for (let trail = 0x40; trail < 0xff; trail++) see(lead, trail);
  }
  if (encoding === 'gb18030') {
    for (let first = 0x81; first <= 0x84; first++)
      for (let second = 0x30; second <= 0x39; second++)
        for (let third = 0x81; third <= 0xfe; third++) for (let fourth = 0x30; fourth <= 0x39; fourth++) see(first, second, third, fourth);
  }
  encoders.set(encoding, out);
  return out;
}

const PLAINER: Readonly<Record<string, string>> = {
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '„': '"',
  '–': '-',
  '—': '-',
  '…': '...',
  ș: 'ş',
  ț: 'ţ',
  Ș: 'Ş',
  Ț: 'Ţ',
  '\u00a0': ' ',
};

/** Vietnamese as windows-1258 has it: the tone after its letter. */
function tonesApart(text: string): string {
  return [...text]
    .map((c) => {
      const parts = c.normalize('NFD');
      const tone = [...parts].find((mark) => '\u0300\u0301\u0303\u0309\u0323'.includes(mark));
      return tone === undefined ? c : parts.replace(tone, '').normalize('NFC') + tone;
    })
    .join('');
}

/** The text in an encoding; what it lacks becomes plainer, else a numeric reference, as an editor of the time did it. */
export function encode(text: string, encoding: string): Buffer {
  if (encoding === 'iso-2022-jp') return iso2022(text);
  const table = units(encoding);
  const parts: Buffer[] = [];
  for (const c of encoding === 'windows-1258' ? tonesApart(text) : text) {
    const unit = table.get(c);
    if (unit !== undefined) parts.push(unit);
    else if (PLAINER[c] !== undefined) for (const plain of PLAINER[c]!) parts.push(table.get(plain) ?? Buffer.from(plain, 'latin1'));
    else parts.push(Buffer.from(`&#${c.codePointAt(0)};`));
  }
  return Buffer.concat(parts);
}

function iso2022(text: string): Buffer {
  const table = units('euc-jp');
  const parts: Buffer[] = [];
  let twoByte = false;
  for (const c of text) {
    const unit = table.get(c);
    const wide = unit !== undefined && unit.length === 2 && unit[0]! >= 0xa1;
    if (wide !== twoByte) parts.push(Buffer.from(wide ? '\x1b$B' : '\x1b(B', 'latin1'));
    twoByte = wide;
    if (wide) parts.push(Buffer.from([unit[0]! & 0x7f, unit[1]! & 0x7f]));
    else parts.push(c <= '\x7f' ? Buffer.from(c) : Buffer.from(`&#${c.codePointAt(0)};`));
  }
  if (twoByte) parts.push(Buffer.from('\x1b(B', 'latin1'));
  return Buffer.concat(parts);
}

function lines(...path: string[]): string[] {
  const file = sharedPath('data', ...path);
  return file === null ? [] : gunzipSync(readFileSync(file)).toString('utf8').split('\n').filter(Boolean);
}

/** Sentences by language; every second one, from the first (`tune`) or the second (`score`). */
function sentences(half: 'tune' | 'score'): Map<string, string[]> {
  const all = new Map<string, string[]>();
  for (const line of lines('lid', 'lingua-sentences.dev.tsv.gz')) {
    const [lang, text] = line.split('\t') as [string, string];
    if (/[\u0080-\u009f\ufffd]|ďż˝|ï¿½|Ã[\u00a0-\u00bf]/.test(text)) continue; // damaged before it came here
    if (all.has(lang)) all.get(lang)!.push(text);
    else all.set(lang, [text]);
  }
  const hant = lines('lid', 'udhr-paras.dev.tsv.gz').filter((line) => line.startsWith('cmn\t') && /[們國這個權為]/.test(line));
  all.set(
    'zh-Hant',
    hant.map((line) => line.slice(4)),
  );
  for (const [lang, list] of all)
    all.set(
      lang,
      list.filter((_, i) => i % 2 === (half === 'tune' ? 0 : 1)),
    );
  return all;
}

/** Samples of about `length` bytes with at least one byte from 0x80 on (or an escape). */
export function sentenceSamples(half: 'tune' | 'score', length: number, most: number): Sample[] {
  const out: Sample[] = [];
  const byLang = sentences(half);
  for (const [lang, encodings] of Object.entries(LEGACY)) {
    const texts = byLang.get(lang) ?? [];
    for (const encoding of encodings) {
      let made = 0;
      for (let from = 0; from < texts.length && made < most; ) {
        let text = '';
        let bytes: Buffer = Buffer.alloc(0);
        for (; from < texts.length && bytes.length < length; from++) {
          text += `${texts[from]!}\n`;
          bytes = encode(text, encoding);
        }
        if (bytes.length < length / 2) break;
        // Cut at a character's end.
        while (bytes.length > length * 1.2) {
          text = [...text].slice(0, Math.floor(([...text].length * length) / bytes.length)).join('');
          bytes = encode(text, encoding);
        }
        if (!bytes.some((byte) => byte >= 0x80 || byte === 0x1b)) continue;
        out.push({ set: `${length} B`, encoding, lang, bytes });
        made++;
      }
    }
  }
  return out;
}

export interface RealPage {
  readonly id: string;
  readonly bytes: Buffer;
  readonly server: string;
  readonly meta: string;
}

/** The responses of real.warc.gz with what they declare, duplicates left out. */
export function realPages(): RealPage[] {
  const warc = sharedPath('data', 'real.warc.gz');
  const index = sharedPath('data', 'real.index.tsv');
  if (warc === null || index === null) return [];
  const whole = readFileSync(warc);
  const out: RealPage[] = [];
  for (const row of readFileSync(index, 'utf8').split('\n').slice(1).filter(Boolean)) {
    const [offset, length, , corpus, id, , , dup, server, meta] = row.split('\t');
    if (dup !== undefined && dup !== '' && dup !== '0') continue;
    const record = gunzipSync(whole.subarray(Number(offset), Number(offset) + Number(length)));
    const http = record.indexOf('\r\n\r\n') + 4;
    const body = record.indexOf('\r\n\r\n', http) + 4;
    out.push({ id: `${corpus}/${id}`, bytes: record.subarray(body, record.length - 4), server: server ?? '', meta: meta ?? '' });
  }
  return out;
}

/** The page without what declares its charset; the same length. */
export function undeclared(page: Buffer): Buffer {
  const text = page.toString('latin1').replace(/charset|encoding/gi, (word) => 'x'.repeat(word.length));
  const bytes = Buffer.from(text, 'latin1');
  return bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? bytes.subarray(3) : bytes;
}

/** Real UTF-8 pages in the legacy encodings of their declared language. */
export function reencodedPages(pages: readonly RealPage[]): Sample[] {
  const out: Sample[] = [];
  for (const page of pages) {
    const text = page.bytes.toString('utf8');
    if (text.includes('\ufffd')) continue;
    const tag = /<html[^>]*\slang=["']?([a-z]{2})(-(?:hant|tw|hk))?/i.exec(text);
    if (tag === null) continue;
    const lang = tag[1]!.toLowerCase() + (tag[2] !== undefined ? '-Hant' : '');
    for (const encoding of LEGACY[lang === 'no' ? 'nb' : lang] ?? []) {
      const bytes = undeclared(encode(text, encoding));
      if (bytes.some((byte) => byte >= 0x80 || byte === 0x1b)) out.push({ set: 'pages', encoding, lang, bytes });
    }
  }
  return out;
}
