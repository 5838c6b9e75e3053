// Writes kernels/text/segment_tables.inc (what UAX #29 asks of a code point) and kernels/text/tests/break_tests.inc (Unicode's own
// WordBreakTest and SentenceBreakTest) from the Unicode Character Database (ucd.mjs); run when the Unicode version changes.
//   node infra/unicode/generate-segment.mjs            writes both
//   node infra/unicode/generate-segment.mjs --check    fails where the committed files differ
// Invariant: the same package gives the same bytes.
import { CODE_POINTS, loadUcd, pointsOf, UCD_PACKAGE, UNICODE_VERSION } from './ucd.mjs';
import { array, breakTestLine, twoStages, writeOrCheck } from './tables.mjs';

const BLOCK = 128; // code points a second-stage block holds

// Orders shared with kernels/text/segment_internal.h.
const WORD =
  'Other CR LF Newline Extend ZWJ Format Katakana Hebrew_Letter ALetter Single_Quote Double_Quote MidNumLet MidLetter MidNum Numeric ExtendNumLet Regional_Indicator WSegSpace'.split(
    ' ',
  );
const SENTENCE = 'Other CR LF Sep Extend Format Sp Lower Upper OLetter Numeric ATerm SContinue STerm Close'.split(' ');
// Scripts written without spaces between words, as kinds of runs; Katakana's runs are UAX #29's own.
const UNSPACED = [null, 'Han', 'Hiragana', 'Thai', 'Lao', 'Khmer', 'Myanmar'];

const ucd = loadUcd([
  'UnicodeData',
  'Scripts',
  'auxiliary/WordBreakProperty',
  'auxiliary/SentenceBreakProperty',
  'emoji/emoji-data',
  'auxiliary/WordBreakTest',
  'auxiliary/SentenceBreakTest',
]);

const word = new Uint8Array(CODE_POINTS);
const sentence = new Uint8Array(CODE_POINTS);
const picture = new Uint8Array(CODE_POINTS);
const wordish = new Uint8Array(CODE_POINTS);
const unspaced = new Uint8Array(CODE_POINTS);
const indexIn = (list, name) => {
  const index = list.indexOf(name);
  if (index < 0) throw new Error(`segment_internal.h has no class ${name}`);
  return index;
};
for (const entry of ucd.WordBreakProperty) for (const cp of pointsOf(entry.range)) word[cp] = indexIn(WORD, entry.property);
for (const entry of ucd.SentenceBreakProperty) for (const cp of pointsOf(entry.range)) sentence[cp] = indexIn(SENTENCE, entry.property);
for (const entry of ucd['emoji-data']) if (entry.property === 'Extended_Pictographic') for (const cp of pointsOf(entry.range)) picture[cp] = 1;
let first = 0;
for (const entry of ucd.UnicodeData) {
  const cp = Number.parseInt(entry.codepoint, 16);
  if (entry.name.endsWith(', First>')) first = cp;
  if (/^[LN]/.test(entry.category)) wordish.fill(1, entry.name.endsWith(', Last>') ? first : cp, cp + 1);
}
for (const entry of ucd.Scripts) {
  const kind = UNSPACED.indexOf(entry.script);
  if (kind > 0) for (const cp of pointsOf(entry.range)) unspaced[cp] = kind;
}

const records = new Map();
const values = new Uint16Array(CODE_POINTS);
for (let cp = 0; cp < CODE_POINTS; cp++) {
  const record = word[cp] | (picture[cp] << 5) | (wordish[cp] << 6) | (sentence[cp] << 7) | (unspaced[cp] << 11);
  if (!records.has(record)) records.set(record, records.size);
  values[cp] = records.get(record);
}
if (records.size > 256) throw new Error('the records no longer fit uint8_t');
const { stage1, stage2, blocks } = twoStages(values, BLOCK);
if (blocks > 256 * 256) throw new Error('the blocks no longer fit uint16_t');

const head = (script) =>
  `// Made by infra/unicode/${script} from the Unicode Character Database ${UNICODE_VERSION} (${UCD_PACKAGE}); do not edit.\n// Data: Unicode License v3, see NOTICE.\n`;
const outputs = {
  'kernels/text/segment_tables.inc': [
    `${head('generate-segment.mjs')}// A record: word class (5 bits), Extended_Pictographic, letter or number, sentence class (4 bits), unspaced script (3 bits).`,
    array('uint16_t', 'kSegmentRecords', [...records.keys()]),
    array(
      'uint16_t',
      'kSegmentAscii',
      Array.from(values.subarray(0, 128), (value) => [...records.keys()][value]),
    ),
    array('uint16_t', 'kSegmentStage1', stage1),
    array('uint8_t', 'kSegmentStage2', stage2),
  ].join('\n'),
  'kernels/text/tests/break_tests.inc': [
    `${head('generate-segment.mjs')}// A line: the pieces between breaks, each with its bytes.`,
    `const std::vector<std::vector<std::string_view>> kWordBreakTest = {\n${ucd.WordBreakTest.map(breakTestLine).join('\n')}\n};`,
    `const std::vector<std::vector<std::string_view>> kSentenceBreakTest = {\n${ucd.SentenceBreakTest.map(breakTestLine).join('\n')}\n};`,
    '',
  ].join('\n'),
};
writeOrCheck(outputs, 'generate-segment.mjs');
console.log(`${records.size} records, ${blocks} blocks, ${ucd.WordBreakTest.length} word tests, ${ucd.SentenceBreakTest.length} sentence tests`);
