// Writes kernels/bpe/grapheme_tables.inc (what UAX #29 asks of a code point for extended grapheme clusters) and
// kernels/bpe/tests/grapheme_tests.inc (Unicode's own GraphemeBreakTest) from the Unicode Character Database (ucd.mjs).
//   node infra/unicode/generate-grapheme.mjs            writes both
//   node infra/unicode/generate-grapheme.mjs --check    fails where the committed files differ
// Invariant: the same package gives the same bytes.
import { CODE_POINTS, loadUcd, pointsOf, UCD_PACKAGE, UNICODE_VERSION } from './ucd.mjs';
import { array, breakTestLine, twoStages, writeOrCheck } from './tables.mjs';

const BLOCK = 128;
/** Order shared with GraphemeClass in kernels/bpe/grapheme.cpp. */
const CLASSES = ['Other', 'CR', 'LF', 'Control', 'Extend', 'ZWJ', 'Regional_Indicator', 'Prepend', 'SpacingMark', 'L', 'V', 'T', 'LV', 'LVT'];
const PICTURE = 16; // Extended_Pictographic
const CONJUNCT = { Linker: 32, Consonant: 64, Extend: 96 }; // Indic_Conjunct_Break

const ucd = loadUcd(['auxiliary/GraphemeBreakProperty', 'auxiliary/GraphemeBreakTest', 'emoji/emoji-data', 'DerivedCoreProperties']);
const values = new Uint8Array(CODE_POINTS);
for (const { range, property } of ucd.GraphemeBreakProperty) {
  const number = CLASSES.indexOf(property);
  if (number < 0) throw new Error(`grapheme.cpp has no class ${property}`);
  for (const cp of pointsOf(range)) values[cp] = number;
}
for (const { range, property } of ucd['emoji-data']) if (property === 'Extended_Pictographic') for (const cp of pointsOf(range)) values[cp] |= PICTURE;
for (const { range, property, syllabicCategory } of ucd.DerivedCoreProperties)
  if (property === 'InCB') for (const cp of pointsOf(range)) values[cp] |= CONJUNCT[syllabicCategory];

const head = `// Made by infra/unicode/generate-grapheme.mjs from the Unicode Character Database ${UNICODE_VERSION} (${UCD_PACKAGE}); do not edit.\n// Data: Unicode License v3, see NOTICE.\n`;
const { stage1, stage2, blocks } = twoStages(values, BLOCK);
const outputs = {
  'kernels/bpe/grapheme_tables.inc': [
    `${head}// An entry: class (4 bits), Extended_Pictographic, Indic_Conjunct_Break (2 bits: none, Linker, Consonant, Extend).`,
    array('uint8_t', 'kGraphemeStage1', stage1),
    array('uint8_t', 'kGraphemeStage2', stage2),
  ].join('\n'),
  'kernels/bpe/tests/grapheme_tests.inc': [
    `${head}// A line: the clusters of a text, each with its bytes.`,
    `const std::vector<std::vector<std::string_view>> kGraphemeBreakTest = {\n${ucd.GraphemeBreakTest.map(breakTestLine).join('\n')}\n};`,
    '',
  ].join('\n'),
};
writeOrCheck(outputs, 'generate-grapheme.mjs');
console.log(`${blocks} blocks, ${ucd.GraphemeBreakTest.length} tests`);
