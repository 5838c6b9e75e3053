// Seeded random strings for tests of text code: all planes, every white space, digits, marks, emoji, apostrophes.

const SPACES = [
  ' ',
  ' ',
  ' ',
  '  ',
  '   ',
  '\n',
  '\n\n',
  '\t',
  '\r\n',
  '\u00a0',
  '\u0085',
  '\u1680',
  '\u2003',
  '\u2028',
  '\u202f',
  '\u3000',
  '\u200b',
  '\ufeff',
  '\u180e',
  '\v',
  '\f',
];
const WORDS = [
  'the',
  'Hello',
  'naïve',
  'straße',
  'МОСКВА',
  '東京',
  '東京都は日本の首都',
  'العربية',
  'हिन्दी',
  'ไทย',
  '한국어',
  'x',
  'iPhone',
  'ſ',
  'ﬁ',
  'ǆ',
  'İ',
];
const CONTRACTIONS = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'sum", "'l", "''s", '’s', "' s", " 's", "'r", "'"];
const DIGITS = ['1', '12', '123', '1234', '12345678', '٣', '½', '²', '³x', '¼', 'Ⅷ', '௧', '①', '𝟘', '1,234.5', '０'];
const PUNCTUATION = ['.', '...', '!?', '«', '»', '—', '_', '$', '€', '+', '<|', '|>', '>>', '<<', '。', '、', '♥', '™', '\u0000', '\u0007', '\ufffd'];
const MARKS = ['e\u0301', '\u0301', 'a\u0308\u0301', 'ก\u0e49', '\u1100\u1161\u11a8', '\u0f71\u0f72', '\u05b0', 'Å', '\u212b', 'ẛ\u0323'];
const EMOJI = ['😀', '👨‍👩‍👧', '🇩🇪', '❤️', '👍🏽', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'];
const KINDS = [SPACES, SPACES, WORDS, WORDS, CONTRACTIONS, DIGITS, PUNCTUATION, MARKS, EMOJI];

export function randomText(random: (below: number) => number, extra: readonly string[] = []): string {
  let text = '';
  for (let parts = 1 + random(14); parts > 0; parts--) {
    const kind = random(KINDS.length + 4);
    if (kind < KINDS.length) {
      const list = KINDS[kind]!;
      text += list[random(list.length)];
    } else if (kind === KINDS.length && extra.length > 0) {
      text += extra[random(extra.length)];
    } else {
      // any code point but a surrogate: half from the first planes' busy parts, half from all seventeen
      const code = random(2) ? random(0x3000) : random(0x110000);
      text += String.fromCodePoint(code >= 0xd800 && code <= 0xdfff ? code - 0xd800 : code);
    }
  }
  return text;
}
