// Texts of drawn lengths, and sets in which length says nothing: what all kinds of examples for `quality` go through.

export type Random = (n: number) => number;

export const SHORTEST = 160;
export const LONGEST = 2000;

/** Log-uniform: as many texts of 160 to 320 code units as of 1,000 to 2,000. */
export function drawLength(random: Random): number {
  return Math.round(SHORTEST * (LONGEST / SHORTEST) ** (random(1_000_000) / 1_000_000));
}

/** Whole lines from `lines` until a drawn length is passed, again and again; what is left over is too short and goes. */
export function cutLines(lines: readonly string[], random: Random): string[] {
  const texts: string[] = [];
  let text = '';
  let wanted = drawLength(random);
  for (const line of lines) {
    text += text === '' ? line : `\n${line}`;
    while (text.length >= wanted) {
      texts.push(cutAt(text, wanted));
      text = text.length > wanted * 1.5 ? text.slice(wanted).trimStart() : '';
      wanted = drawLength(random);
    }
  }
  return texts;
}

/** No longer than `length`, ending with a word where there is one. */
export function cutAt(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = Math.max(text.lastIndexOf(' ', length), text.lastIndexOf('\n', length));
  const cut = text.slice(0, end > length / 2 ? end : length);
  return cut.replace(/[\ud800-\udbff]$/, '').trimEnd();
}

export interface Example {
  readonly text: string;
  readonly label: 'main' | 'other';
  readonly kind: string;
  readonly lang: string;
  readonly group: string;
}

const binOf = (text: string): number => Math.floor(Math.log2(text.length) * 2);

/**
 * Of each language and length class as many of `label: other` as of main, at most, and the other way round; families of
 * kinds share what there is evenly. Length alone then says nothing (AUC .5 within a class of half an octave).
 */
export function matchLengths(examples: readonly Example[], random: Random): Example[] {
  const cells = new Map<string, Map<string, Example[]>>();
  for (const example of examples) {
    const key = `${example.lang}\t${binOf(example.text)}`;
    const kinds = cells.get(key) ?? cells.set(key, new Map()).get(key)!;
    const family = example.kind.replace(/-\d$/, ''); // chains of three orders are one family
    const list = kinds.get(family) ?? kinds.set(family, []).get(family)!;
    list.push(example);
  }
  const kept: Example[] = [];
  for (const key of [...cells.keys()].sort()) {
    const kinds = cells.get(key)!;
    const main = shuffled(kinds.get('main') ?? [], random);
    const others = [...kinds.keys()].filter((kind) => kind !== 'main').sort();
    const queues = others.map((kind) => shuffled(kinds.get(kind)!, random));
    const total = queues.reduce((sum, queue) => sum + queue.length, 0);
    const wanted = Math.min(main.length, total);
    kept.push(...main.slice(0, wanted));
    for (let taken = 0; taken < wanted; ) {
      for (const queue of queues) {
        const next = taken < wanted ? queue.pop() : undefined;
        if (next === undefined) continue;
        kept.push(next);
        taken++;
      }
    }
  }
  return shuffled(kept, random);
}

export function shuffled<T>(list: readonly T[], random: Random): T[] {
  const out = [...list];
  for (let at = out.length - 1; at > 0; at--) {
    const other = random(at + 1);
    [out[at], out[other]] = [out[other]!, out[at]!];
  }
  return out;
}

/**
 * Words of few sites may not enter a vocabulary: a model that learns words from `minCount` occurrences sees at most minCount - 1 of a word that
 * stands on fewer than `minSites` sites; further ones are left out.
 */
export function withoutRareWords(examples: readonly Example[], minSites: number, minCount: number): Example[] {
  const sites = new Map<string, Set<string> | true>();
  for (const { text, group } of examples) {
    for (const word of new Set(text.split(/\s+/))) {
      const known = sites.get(word);
      if (known === true) continue;
      const set = known ?? new Set<string>();
      set.add(group);
      sites.set(word, set.size >= minSites ? true : set);
    }
  }
  const seen = new Map<string, number>();
  return examples.map((example) => {
    const text = example.text
      .split(/(\s+)/)
      .filter((word, at) => {
        if (at % 2 === 1 || sites.get(word) === true) return true;
        const count = (seen.get(word) ?? 0) + 1;
        seen.set(word, count);
        return count < minCount;
      })
      .join('');
    return { ...example, text };
  });
}
