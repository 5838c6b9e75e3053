// How much of a page's structure a tool's output still has: listings verbatim, tables by tree edit distance, formulas by
// their TeX or a readable form. One answer between 0 and 1 for each listing, table and formula.
import { cellFolded, codeOf, type Formula, type Gold, texFolded } from './structure-gold.js';
import MarkdownIt from 'markdown-it';

const reader = new MarkdownIt('default', { html: false, linkify: false });

export interface Output {
  readonly lines: string;
  readonly fences: ReadonlySet<string>;
  readonly tables: readonly (readonly (readonly string[])[])[];
  readonly tex: string;
  readonly words: string;
}

export function readOutput(text: string): Output {
  const fences = new Set<string>();
  const tables: string[][][] = [];
  let cell = false;
  for (const token of reader.parse(text, {})) {
    if (token.type === 'fence' || token.type === 'code_block') fences.add(codeOf(token.content));
    else if (token.type === 'table_open') tables.push([]);
    else if (token.type === 'tr_open') tables.at(-1)!.push([]);
    else if (token.type === 'td_open' || token.type === 'th_open') tables.at(-1)!.at(-1)!.push('');
    else if (token.type === 'inline' && cell) {
      const row = tables.at(-1)!.at(-1)!;
      // Formulas' backslashes are no escapes: the cell as it was written, where it has any.
      const words = /\$/.test(token.content) ? token.content : (token.children ?? []).map((one) => (one.type.endsWith('break') ? ' ' : one.content)).join('');
      row[row.length - 1] = cellFolded(words);
    }
    cell = token.type === 'td_open' || token.type === 'th_open';
  }
  return { lines: `\n${codeOf(text)}\n`, fences, tables, tex: texFolded(text), words: text };
}

/** Whole lines, in a fence or as they are. */
export function codeScore(expected: string, output: Output): number {
  return output.fences.has(expected) || output.lines.includes(`\n${expected}\n`) || (!expected.includes('\n') && output.lines.includes(expected)) ? 1 : 0;
}

function levenshtein(a: string, b: string): number {
  if (a === b) return 0;
  if (a === '' || b === '') return 1;
  const x = a.slice(0, 400);
  const y = b.slice(0, 400);
  let row = Array.from({ length: y.length + 1 }, (_, i) => i);
  for (let i = 1; i <= x.length; i++) {
    const next = [i];
    for (let j = 1; j <= y.length; j++) next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (x[i - 1] === y[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[y.length]! / Math.max(x.length, y.length);
}

function align<T>(a: readonly T[], b: readonly T[], drop: (one: T) => number, swap: (one: T, other: T) => number): number {
  let row = [0];
  for (const one of b) row.push(row.at(-1)! + drop(one));
  for (const left of a) {
    const next = [row[0]! + drop(left)];
    b.forEach((right, j) => {
      next.push(Math.min(next[j]! + drop(right), row[j + 1]! + drop(left), row[j]! + swap(left, right)));
    });
    row = next;
  }
  return row.at(-1)!;
}

/** TEDS (Zhong et al. 2020) of trees of three levels: 1 - edit distance / nodes of the larger; cells differ by their text's. */
export function teds(a: readonly (readonly string[])[], b: readonly (readonly string[])[]): number {
  const nodes = (grid: readonly (readonly string[])[]) => 1 + grid.reduce((sum, row) => sum + 1 + row.length, 0);
  const distance = align(
    a,
    b,
    (row) => 1 + row.length,
    (left, right) => align(left, right, () => 1, levenshtein),
  );
  return 1 - distance / Math.max(nodes(a), nodes(b));
}

export function tableScore(expected: Gold['tables'][number], output: Output): number {
  const words = new Set(expected.filled.flat());
  let best = 0;
  for (const table of output.tables) {
    if (best === 1) break;
    if (!table.flat().some((cell) => cell !== '' && words.has(cell)) && best > 0) continue;
    if (table.length > 4 * expected.filled.length + 8) continue;
    best = Math.max(best, teds(expected.filled, table), teds(expected.blank, table));
  }
  return best;
}

const quoted = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

export function formulaScore(expected: Formula, output: Output): number {
  if (expected.tex !== null) return output.tex.includes(expected.tex) ? 1 : 0;
  // The tokens in their order, nothing but signs and brackets between them.
  const tokens = expected.tokens.slice(0, 60).flatMap((token) => [...token.replace(/\s/g, '')]);
  const found = new RegExp(tokens.map(quoted).join('(?:[\\s(){}\\[\\]^_/,;$&\\\\*|]|sqrt|root|frac|choose|left|right){0,16}')).exec(output.words);
  return found !== null && expected.signs.every((sign) => sign.test(found[0])) ? 1 : 0;
}
