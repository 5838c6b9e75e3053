// What a page's main content holds of listings, tables and formulas, read from parse5's tree: the measure's own eyes, that
// share nothing with the core. Expectations are built from the element alone.
import { type DefaultTreeAdapterTypes, parse } from 'parse5';

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

export interface Gold {
  readonly code: readonly string[];
  /** Rows of cells, spans filled; `blank` has a span's words in its first place only. */
  readonly tables: readonly { readonly filled: readonly (readonly string[])[]; readonly blank: readonly (readonly string[])[] }[];
  readonly formulas: readonly Formula[];
}
/** TeX where the page has it, else the tokens of MathML and which signs a reader needs between them. */
export interface Formula {
  readonly tex: string | null;
  readonly tokens: readonly string[];
  readonly signs: readonly RegExp[];
}

export const folded = (text: string) => text.replace(/[\s\u00a0]+/g, ' ').trim();
export const isElement = (node: Node): node is Element => 'tagName' in node;
const children = (node: Node): readonly Node[] => ('childNodes' in node ? node.childNodes : []);
export const attribute = (node: Element, name: string) => node.attrs.find((one) => one.name === name)?.value ?? '';
const classes = (node: Element) => attribute(node, 'class').split(/\s+/);

export function* elements(root: Node): Generator<Element> {
  const stack: Node[] = [root];
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (isElement(node)) yield node;
    const below = children(node);
    for (let i = below.length - 1; i >= 0; i--) stack.push(below[i]!);
  }
}

const UNSEEN = new Set(['script', 'style', 'template', 'button', 'noscript', 'head', 'svg', 'textarea', 'select']);
const NUMBERS = /^(lineno|linenos|line-?numbers?|linenumber|gutter|ln|lnum|hljs-ln-numbers|crayon-nums?|blob-num)$/i;

/** Text as it stands, without scripts, buttons, line numbers and permalinks. */
export function rawText(root: Node): string {
  let text = '';
  const visit = (node: Node): void => {
    if ('value' in node && node.nodeName === '#text') text += node.value;
    if (isElement(node)) {
      if (UNSEEN.has(node.tagName)) return;
      if (node.tagName === 'br') text += '\n';
      if (classes(node).some((name) => NUMBERS.test(name)) && /^[\s\d.:|]*$/.test(plainText(node))) return;
      if (node.tagName === 'a' && /^[¶#§]$/.test(plainText(node).trim())) return;
    }
    for (const child of children(node)) visit(child);
  };
  visit(root);
  return text;
}
function plainText(root: Node): string {
  let text = '';
  for (const child of children(root)) text += child.nodeName === '#text' && 'value' in child ? child.value : plainText(child);
  return text;
}

/** Lines without trailing white space, without empty ones at the ends; hard spaces plain, invisible characters gone. */
export function codeOf(text: string): string {
  const lines = text
    .replace(/\u00a0|\u202f/g, ' ')
    .replace(/[\u00ad\u200b\u2060\ufeff]/g, '')
    .split(/\r\n?|\n/)
    .map((line) => line.trimEnd());
  while (lines.length > 0 && lines[0] === '') lines.shift();
  while (lines.length > 0 && lines.at(-1) === '') lines.pop();
  return lines.join('\n');
}

const BLOCKS = new Set([
  'p',
  'div',
  'li',
  'ul',
  'ol',
  'br',
  'dd',
  'dt',
  'dl',
  'pre',
  'tr',
  'td',
  'th',
  'table',
  'blockquote',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
]);
function cellWords(cell: Element): string {
  let words = '';
  const visit = (node: Node): void => {
    if (node.nodeName === '#text' && 'value' in node) words += node.value;
    if (isElement(node)) {
      if (UNSEEN.has(node.tagName) || node.tagName === 'rt' || node.tagName === 'rp') return;
      const tex = texOf(node);
      if (tex !== null) {
        words += tex;
        return;
      }
      if (node.tagName === 'a' && /^[¶#§]$/.test(plainText(node).trim())) return;
      if (BLOCKS.has(node.tagName)) words += ' ';
    }
    for (const child of children(node)) visit(child);
    if (isElement(node) && BLOCKS.has(node.tagName)) words += ' ';
  };
  for (const child of children(cell)) visit(child);
  return cellFolded(words);
}
/** Words of a cell, whoever wrote it: invisible characters and dollars around formulas do not count. */
export const cellFolded = (words: string) => folded(words.replace(/[\u00ad\u200b\u2060\ufeff$]/g, ''));

function rowsOf(table: Element): Element[] {
  const rows: Element[] = [];
  for (const child of children(table)) {
    if (!isElement(child)) continue;
    if (child.tagName === 'tr') rows.push(child);
    else if (['thead', 'tbody', 'tfoot'].includes(child.tagName)) for (const row of children(child)) if (isElement(row) && row.tagName === 'tr') rows.push(row);
  }
  return rows;
}

/**
 * Data: two columns and two rows of words, no table inside, no listing of several lines; with a head or caption, or short
 * cells. A heading alone in its row parts a table, as it does for a reader.
 */
function tablesOf(table: Element): Gold['tables'][number][] {
  const parts: Element[][] = [[]];
  for (const row of rowsOf(table)) {
    const cells = children(row).filter(isElement);
    if (cells.length === 1 && [...elements(cells[0]!)].some(({ tagName }) => /^h[1-6]$/.test(tagName))) parts.push([]);
    else parts.at(-1)!.push(row);
  }
  return parts.map((rows) => tableOf(table, rows)).filter((one) => one !== null);
}
function tableOf(table: Element, all: readonly Element[]): Gold['tables'][number] | null {
  const inside = [...elements(table)].slice(1);
  if (inside.some(({ tagName }) => tagName === 'table') || /^(presentation|none)$/.test(attribute(table, 'role'))) return null;
  if (inside.some((one) => one.tagName === 'pre' && codeOf(rawText(one)).includes('\n'))) return null;
  if (inside.some((one) => classes(one).some((name) => NUMBERS.test(name) || /^(hljs-ln-code|blob-code)$/.test(name)))) return null;
  const rows = all.filter((row) => cellWords(row) !== '');
  const cells = rows.map((row) =>
    children(row)
      .filter(isElement)
      .filter(({ tagName }) => tagName === 'td' || tagName === 'th')
      .map((cell) => ({
        words: cellWords(cell),
        columns: Math.min(Number(attribute(cell, 'colspan')) || 1, 100),
        rows: Math.min(Number(attribute(cell, 'rowspan')) || 1, 1000),
      })),
  );
  if (rows.length < 2 || Math.max(0, ...cells.map((row) => row.filter(({ words }) => words !== '').length)) < 2) return null;
  const head = inside.some(({ tagName }) => tagName === 'th' || tagName === 'thead' || tagName === 'caption');
  if (!head && cells.some((row) => row.some(({ words }) => words.length > 200))) return null;
  const filled: string[][] = rows.map(() => []);
  const blank: string[][] = rows.map(() => []);
  cells.forEach((row, y) => {
    let x = 0;
    for (const cell of row) {
      while (filled[y]![x] !== undefined) x++;
      for (let dy = 0; dy < cell.rows && y + dy < rows.length; dy++) {
        for (let dx = 0; dx < cell.columns; dx++) {
          filled[y + dy]![x + dx] = cell.words;
          blank[y + dy]![x + dx] = dy === 0 && dx === 0 ? cell.words : '';
        }
      }
      x += cell.columns;
    }
  });
  const width = Math.max(...filled.map((row) => row.length));
  const whole = (grid: string[][]) => grid.map((row) => Array.from({ length: width }, (_, i) => row[i] ?? ''));
  return { filled: whole(filled), blank: whole(blank) };
}

export const texFolded = (tex: string) => {
  let s = tex.replace(/\s+/g, '');
  for (let again = true; again; ) {
    const next = s
      .replace(/^\$\$?([\s\S]*?)\$?\$$/, '$1')
      .replace(/^\\[([]([\s\S]*)\\[)\]]$/, '$1')
      .replace(/^\{\\(?:display|text)style([\s\S]*)\}$/, '$1');
    again = next !== s;
    s = next;
  }
  return s;
};

function texOf(node: Element): string | null {
  if (node.tagName === 'math') {
    for (const one of elements(node)) if (one.tagName === 'annotation' && /tex/i.test(attribute(one, 'encoding'))) return texFolded(plainText(one));
    return attribute(node, 'alttext') === '' ? null : texFolded(attribute(node, 'alttext'));
  }
  if (node.tagName === 'script' && attribute(node, 'type').startsWith('math/tex')) return texFolded(plainText(node));
  if (node.tagName === 'img') {
    const alt = attribute(node, 'alt').trim();
    if (/^(\$.+\$|\\\[.+\\\]|\\\(.+\\\)|\{\\displaystyle.+\})$/s.test(alt) || (alt !== '' && classes(node).some((name) => ['tex', 'latex'].includes(name))))
      return texFolded(alt);
  }
  return null;
}

function formulasOf(root: Element): Formula[] {
  const found: Formula[] = [];
  const seen = new Set<Element>();
  const visit = (node: Node): void => {
    if (isElement(node)) {
      if (['pre', 'code', 'style', 'textarea', 'head'].includes(node.tagName)) return;
      if (classes(node).includes('mwe-math-element')) {
        // MathML and an image of one formula.
        for (const one of elements(node)) {
          const tex = texOf(one);
          if (tex !== null && tex !== '') {
            found.push({ tex, tokens: [], signs: [] });
            break;
          }
        }
        return;
      }
      if (classes(node).some((name) => /^MathJax(_Display|_Preview|_SVG|_CHTML)?$/.test(name))) return;
      const tex = texOf(node);
      if (tex !== null) {
        if (tex !== '') found.push({ tex, tokens: [], signs: [] });
        return;
      }
      if (node.tagName === 'math') {
        const tokens: string[] = [];
        const signs: RegExp[] = [];
        for (const one of elements(node)) {
          if (['mi', 'mn', 'mo', 'mtext'].includes(one.tagName) && folded(plainText(one)).replace(/[\u2061-\u2064]/g, '') !== '')
            tokens.push(folded(plainText(one)).replace(/[\u2061-\u2064]/g, ''));
          if (one.tagName === 'msup') signs.push(/\^|\*\*|[\u00b2\u00b3\u2070-\u207f]/);
          if (one.tagName === 'mfrac') signs.push(/\/|frac|choose/);
          if (one.tagName === 'msqrt') signs.push(/sqrt|√/);
        }
        if (tokens.length > 0) found.push({ tex: null, tokens, signs });
        return;
      }
      if (node.tagName === 'script' || seen.has(node)) return;
    }
    if (node.nodeName === '#text' && 'value' in node) {
      for (const match of node.value.matchAll(/\\\((.+?)\\\)|\\\[(.+?)\\\]|\$\$(.+?)\$\$/gs)) found.push({ tex: texFolded(match[0]), tokens: [], signs: [] });
    }
    for (const child of children(node)) visit(child);
  };
  visit(root);
  return found;
}

export function goldOf(container: Element, skip: (node: Element) => boolean): Gold {
  const code: string[] = [];
  const tables: Gold['tables'][number][] = [];
  const formulas: Formula[] = [];
  const visit = (node: Node): void => {
    if (isElement(node)) {
      if (skip(node) || UNSEEN.has(node.tagName)) return;
      if (node.tagName === 'pre') {
        const text = codeOf(rawText(node));
        if (/[^\s\d]/.test(text)) code.push(text);
        return;
      }
      if (node.tagName === 'table') {
        tables.push(...tablesOf(node));
      }
    }
    for (const child of children(node)) visit(child);
  };
  visit(container);
  if (!skip(container)) formulas.push(...formulasOf(container));
  return { code, tables, formulas };
}

export const parsePage = (html: string): DefaultTreeAdapterTypes.Document => parse(html, { scriptingEnabled: true, sourceCodeLocationInfo: true });
