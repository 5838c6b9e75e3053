// Slow references of the text features, written from DESIGN section 6 (`@paper`) with regular expressions and maps: they
// share nothing with kernels/text but the definitions.

const words = (text: string): string[] => text.split(/\p{White_Space}+/u).filter((word) => word !== '');
const length = (text: string): number => [...text].length;
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : Math.fround(part / whole));
const pieces = (text: string, separator: RegExp): string[] => text.split(separator).filter((piece) => /\P{White_Space}/u.test(piece));

function copiesOf(list: readonly string[]): string[] {
  const seen = new Set<string>();
  return list.filter((piece) => seen.size === seen.add(piece).size);
}

export function repetitionReference(text: string): Record<string, number> {
  const lines = pieces(text, /\n/);
  const paragraphs = pieces(text, /\n\n+/);
  const all = words(text);
  const lengths = all.map(length);
  const total = sum(lengths);
  const out: Record<string, number> = {
    duplicate_line_fraction: ratio(copiesOf(lines).length, lines.length),
    duplicate_line_character_fraction: ratio(sum(copiesOf(lines).map(length)), length(text)),
    duplicate_paragraph_fraction: ratio(copiesOf(paragraphs).length, paragraphs.length),
    duplicate_paragraph_character_fraction: ratio(sum(copiesOf(paragraphs).map(length)), length(text)),
  };
  for (let n = 2; n <= 10; n++) {
    const places = new Map<string, number[]>();
    for (let i = 0; i + n <= all.length; i++) {
      const gram = JSON.stringify(all.slice(i, i + n));
      places.set(gram, [...(places.get(gram) ?? []), i]);
    }
    const repeated = [...places.values()].filter((at) => at.length > 1);
    if (n <= 4) {
      const best = repeated
        .map((at) => ({ count: at.length, characters: sum(lengths.slice(at[0], at[0]! + n)) }))
        .sort((a, b) => b.count - a.count || b.characters - a.characters)[0];
      out[`top_${n}_gram_fraction`] = best === undefined ? 0 : ratio(best.characters * best.count, total);
    } else {
      const covered = new Set(repeated.flatMap((at) => at.flatMap((i) => Array.from({ length: n }, (_, k) => i + k))));
      out[`duplicate_${n}_gram_fraction`] = ratio(sum([...covered].map((i) => lengths[i]!)), total);
    }
  }
  return out;
}

export function qualityReference(text: string, stopWords: readonly string[]): Record<string, number> {
  const all = words(text);
  const lines = pieces(text, /\n/);
  const lower = new Set(all.map((word) => word.toLowerCase()));
  return {
    word_count: all.length,
    mean_word_length: ratio(sum(all.map(length)), all.length),
    hash_word_ratio: ratio(text.split('#').length - 1, all.length),
    ellipsis_word_ratio: ratio((text.match(/\.\.\.|…/g) ?? []).length, all.length),
    bullet_line_fraction: ratio(lines.filter((line) => /^\p{White_Space}*[-•]/u.test(line)).length, lines.length),
    ellipsis_line_fraction: ratio(lines.filter((line) => /(\.\.\.|…)\p{White_Space}*$/u.test(line)).length, lines.length),
    alphabetic_word_fraction: ratio(all.filter((word) => /\p{L}/u.test(word)).length, all.length),
    stop_word_count: new Set(stopWords.map((word) => word.toLowerCase()).filter((word) => lower.has(word))).size,
  };
}

const COUNTERS = 'likes|shares|comments|retweets|reposts|quotes|bookmarks|upvotes|downvotes|downloads|views|followers';
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]/u;
const W = '[\\p{L}\\p{N}_]';

/** RefinedWeb's corrections with its published patterns. Returns the text and the words removed of the words there were. */
export function linesReference(text: string): { text: string; words: number; removed: number } {
  const trim = (line: string) => line.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '');
  let removed = 0;
  let changed = false;
  const kept: string[] = [];
  for (const line of text.split('\n')) {
    const before = words(line).length;
    if (before === 0) {
      kept.push(line);
      continue;
    }
    let edited = line;
    if (before <= 10) {
      edited = edited.replace(new RegExp(`^(\\p{White_Space}*)sign-in(?!${W})`, 'iu'), '');
      edited = edited.replace(new RegExp(`(?<!${W})read more(\\.\\.\\.|…)\\p{White_Space}*$`, 'iu'), '');
      edited = edited.replace(new RegExp(`(?<!${W})items in cart(?!${W})`, 'giu'), '');
      if (edited !== line) edited = trim(edited);
    }
    const body = trim(edited);
    const left = words(edited).length;
    const characters = [...body];
    const goes =
      left === 0 ||
      characters.filter((c) => /\p{Lu}/u.test(c)).length > 0.5 * characters.length ||
      words(body).every((word) => /^\p{N}+$/u.test(word)) ||
      new RegExp(`^[^\\p{L}\\p{N}_]*[0-9][0-9.,]*[kmb]?\\p{White_Space}+(${COUNTERS})[^\\p{L}\\p{N}_]*$`, 'iu').test(body) ||
      (left === 1 && !UNSPACED.test(body));
    removed += goes ? before : before - left;
    if (goes) changed = true;
    else kept.push(edited);
  }
  const joined = kept.join('\n');
  return { text: changed ? trim(joined) : joined, words: words(text).length, removed };
}
