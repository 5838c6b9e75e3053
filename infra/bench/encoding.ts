// Encodings: how often detection alone is right, beside chardet, charset-normalizer and resiliparse on the same bytes, and
// how fast decoding is. Peers run where the interpreter named by REFINE_PEERS_PYTHON (default python3) has them.
//   real       the pages of real.warc.gz that declare a charset, the declaration removed; by what is declared
//   sentences  unseen sentences re-encoded, at 100 B, 1 KB and 10 KB; by true encoding, with what was said instead
//   pages      real UTF-8 pages re-encoded in the legacy encodings of their language
// Right means: the named encoding reads the bytes as the true one does. Speed is bytes in per CPU second.
import { spawnSync } from 'node:child_process';
import { packagePath } from '../../native/index.js';
import { native } from '../../native/index.js';
import { encode, realPages, reencodedPages, type Sample, sentenceSamples, undeclared } from './encoding-samples.js';
import type { Figure } from './main.js';
import { cpuSecondsSince, measure } from './measure.js';

interface Answers {
  readonly tool: string;
  readonly cpuSeconds: number;
  readonly answers: readonly (string | null)[];
}

/** Python's codec names where they are no labels of the standard. */
const PYTHON: Readonly<Record<string, string>> = {
  cp949: 'euc-kr', johab: '', uhc: 'euc-kr', cp932: 'shift_jis', shift_jis_2004: 'shift_jis', shift_jisx0213: 'shift_jis', euc_jis_2004: 'euc-jp',
  euc_jisx0213: 'euc-jp', cp950: 'big5', big5hkscs: 'big5', mac_roman: 'macintosh', 'mac-roman': 'macintosh', 'mac-cyrillic': 'x-mac-cyrillic',
  mac_cyrillic: 'x-mac-cyrillic', utf_8_sig: 'utf-8', iso2022_jp: 'iso-2022-jp', tis_620: 'windows-874', cp874: 'windows-874', cp866: 'ibm866',
  latin_1: 'windows-1252', hz: '', cp1252: 'windows-1252',
}; // biome-ignore format: a table

function standardName(answer: string | null): string | null {
  if (answer === null) return null;
  const lower = answer.toLowerCase();
  const known = PYTHON[lower] ?? PYTHON[lower.replaceAll('-', '_')];
  if (known !== undefined) return known === '' ? null : known;
  return (
    native.encodingFromLabel(lower) ??
    native.encodingFromLabel(lower.replaceAll('_', '-')) ??
    native.encodingFromLabel(lower.replace(/^cp(125\d)$/, 'windows-$1'))
  );
}

function ours(samples: readonly Sample[]): Answers {
  const start = process.cpuUsage();
  const answers = samples.map((sample) => native.detectEncoding(sample.bytes));
  return { tool: 'refine', cpuSeconds: cpuSecondsSince(start), answers };
}

function peers(samples: readonly Sample[], only: readonly string[] = []): Answers[] {
  const input = Buffer.concat(
    samples.flatMap(({ bytes }) => {
      const size = Buffer.alloc(4);
      size.writeUInt32LE(bytes.length);
      return [size, bytes];
    }),
  );
  const script = packagePath('infra', 'bench', 'peers', 'encoding_peers.py');
  const run = spawnSync(process.env.REFINE_PEERS_PYTHON ?? 'python3', [script, ...only], { input, maxBuffer: 1 << 28 });
  if (run.status !== 0) {
    console.error(`no peers: ${run.error?.message ?? run.stderr.toString().split('\n').slice(-2).join(' ')}`);
    return [];
  }
  const found = JSON.parse(run.stdout.toString()) as Record<string, { version: string; cpuSeconds: number; answers: (string | null)[] }>;
  return Object.entries(found).map(([tool, { version, cpuSeconds, answers }]) => ({
    tool: `${tool} ${version}`,
    cpuSeconds,
    answers: answers.map(standardName),
  }));
}

function isRight(sample: Sample, answer: string | null): boolean {
  if (answer === null) return false;
  return (
    answer === sample.encoding || Buffer.from(native.decodeBytes(sample.bytes, answer)).equals(Buffer.from(native.decodeBytes(sample.bytes, sample.encoding)))
  );
}

/** A figure for the set, one for each encoding, with the commonest confusions, and the CPU time. */
function score(set: string, samples: readonly Sample[], by: Answers): Figure[] {
  const rows = new Map<string, { right: number; all: number; instead: Map<string, number> }>();
  let right = 0;
  samples.forEach((sample, index) => {
    const row = rows.get(sample.encoding) ?? { right: 0, all: 0, instead: new Map<string, number>() };
    rows.set(sample.encoding, row);
    row.all++;
    const answer = by.answers[index] ?? null;
    if (isRight(sample, answer)) {
      row.right++;
      right++;
    } else row.instead.set(String(answer), (row.instead.get(String(answer)) ?? 0) + 1);
  });
  const percent = (part: number, whole: number) => Math.round((10_000 * part) / whole) / 100;
  const out: Figure[] = [
    {
      bench: 'encoding',
      what: `${set}: ${by.tool}`,
      unit: '% right',
      value: percent(right, samples.length),
      note: `${samples.length} samples, ${by.cpuSeconds.toFixed(2)} CPU s`,
    },
  ];
  for (const [encoding, row] of [...rows].sort((a, b) => (a[0] < b[0] ? -1 : 1))) {
    const instead = [...row.instead].sort((a, b) => b[1] - a[1]).slice(0, 4).map(([name, n]) => `${name} ${n}`); // biome-ignore format: one chain
    out.push({
      bench: 'encoding',
      what: `${set}: ${by.tool}, ${encoding}`,
      unit: '% right',
      value: percent(row.right, row.all),
      note: `${row.right} of ${row.all}${instead.length > 0 ? `; said ${instead.join(', ')}` : ''}`,
    });
  }
  return out;
}

async function speed(): Promise<Figure[]> {
  const text = (lang: string) => sentenceSamples('score', 1000, 12).filter((sample) => sample.lang === lang && sample.encoding !== 'iso-2022-jp')[0];
  const of = (lang: string, fallback: string) => {
    const sample = text(lang);
    return sample === undefined ? fallback : Buffer.from(native.decodeBytes(sample.bytes, sample.encoding)).toString('utf8');
  };
  const size = 8_000_000;
  const fill = (piece: Buffer) => Buffer.concat(Array.from({ length: Math.ceil(size / piece.length) }, () => piece));
  const german = of('de', 'Über allen Gipfeln ist Ruh. ');
  const japanese = of('ja', '吾輩は猫である。名前はまだ無い。');
  const chinese = of('zh', '学而时习之，不亦说乎？');
  const russian = of('ru', 'Мой дядя самых честных правил. ');
  const korean = of('ko', '나랏말이 중국과 달라. ');
  const cases: [string, string, Buffer][] = [
    ['UTF-8, valid, German', 'utf-8', fill(Buffer.from(german))],
    ['UTF-8, valid, Japanese', 'utf-8', fill(Buffer.from(japanese))],
    ['UTF-8, invalid: windows-1252 German', 'utf-8', fill(encode(german, 'windows-1252'))],
    ['windows-1252, German', 'windows-1252', fill(encode(german, 'windows-1252'))],
    ['windows-1251, Russian', 'windows-1251', fill(encode(russian, 'windows-1251'))],
    ['Shift_JIS, Japanese', 'shift_jis', fill(encode(japanese, 'shift_jis'))],
    ['EUC-JP, Japanese', 'euc-jp', fill(encode(japanese, 'euc-jp'))],
    ['ISO-2022-JP, Japanese', 'iso-2022-jp', fill(encode(japanese, 'iso-2022-jp'))],
    ['GBK, Chinese', 'gbk', fill(encode(chinese, 'gbk'))],
    ['Big5, Chinese', 'big5', fill(encode(of('zh-Hant', '學而時習之'), 'big5'))],
    ['EUC-KR, Korean', 'euc-kr', fill(encode(korean, 'euc-kr'))],
  ];
  const out: Figure[] = [];
  for (const [what, encoding, bytes] of cases) {
    const { cpuSeconds, spread } = await measure(5, () => native.decodeBytes(bytes, encoding));
    out.push({
      bench: 'encoding',
      what: `decode ${what}`,
      unit: 'MB/CPU s',
      value: bytes.length / 1e6 / cpuSeconds,
      spread,
      note: 'with one copy into JavaScript memory',
    });
  }
  for (const [what, , bytes] of cases.slice(0, 2)) {
    const { cpuSeconds, spread } = await measure(9, () => native.decideCharset(bytes, 'text/html; charset=utf-8'));
    out.push({
      bench: 'encoding',
      what: `decide, ${what}`,
      unit: 'MB/CPU s',
      value: bytes.length / 1e6 / cpuSeconds,
      spread,
      note: 'validates and counts all bytes',
    });
  }
  return out;
}

export async function figures(): Promise<readonly Figure[]> {
  const out: Figure[] = await speed();
  const pages = realPages();
  if (pages.length === 0) return out;
  const declared = pages.flatMap((page): Sample[] => {
    const encoding = native.encodingFromLabel(page.server || page.meta);
    return encoding === null ? [] : [{ set: 'real', encoding, lang: '', bytes: undeclared(page.bytes) }];
  });
  // charset-normalizer needs seconds for a page: it sees every tenth.
  const everyTenth = <T>(list: readonly T[]) => list.filter((_, index) => index % 10 === 0);
  const sets: [string, readonly Sample[]][] = [
    ['real', declared],
    ...([[100, 60], [1000, 12], [10_000, 4]] as const).map(([length, most]): [string, readonly Sample[]] => [`sentences ${length} B`, sentenceSamples('score', length, most)]),
    ['pages re-encoded', everyTenth(reencodedPages(pages))],
  ]; // biome-ignore format: a table
  for (const [set, samples] of sets) {
    console.error(`  ${set}: ${samples.length} samples`);
    const slow = set === 'real' || set.startsWith('pages');
    const quick = slow ? ['chardet', 'resiliparse'] : [];
    for (const answers of [ours(samples), ...peers(samples, quick)]) out.push(...score(set, samples, answers));
    if (slow) {
      const few = everyTenth(samples);
      for (const answers of peers(few, ['charset-normalizer'])) out.push(...score(`${set}, every tenth`, few, answers));
    }
  }
  return out;
}
