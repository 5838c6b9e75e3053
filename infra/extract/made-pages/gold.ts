// From a marked page to a page and its labels. A run says of code points of visible text, white space not counted, what they
// are; offsets are those of PageBlocks (kernels/html/blocks.cpp), which counts the same way: <noscript> with markup is raw there.
import { parse, type DefaultTreeAdapterMap } from 'parse5';

export type Label = 'M' | 'C' | '?' | '-';
export interface Run {
  begin: number;
  end: number;
  label: Label;
}

type Node = DefaultTreeAdapterMap['node'];
type Element = DefaultTreeAdapterMap['element'];

const HTML = 'http://www.w3.org/1999/xhtml';
const RAW = new Set(['head', 'script', 'style', 'template', 'iframe', 'noembed', 'noframes', 'textarea', 'select']);
// blocks.cpp: up to U+0020, the spaces of Unicode, and the soft hyphen.
const isSpace = (c: string): boolean => c <= ' ' || /[\u00a0\u3000\u2028\u2029\u2000-\u200b\ufeff\u00ad]/u.test(c);

const isRaw = (node: Element): boolean => {
  if (node.namespaceURI !== HTML) return false;
  if (RAW.has(node.tagName)) return true;
  const first = node.childNodes[0];
  return (
    node.tagName === 'noscript' && (first === undefined || (first.nodeName === '#text' && (first as DefaultTreeAdapterMap['textNode']).value.includes('<')))
  );
};

export const stripMarks = (marked: string): string => marked.replace(/ *data-gold="[^"]*"/g, '');

/** Labels of the page's text in order: neighbouring text of one label is one run; boilerplate is told too. */
export function runsOf(marked: string): Run[] {
  const runs: Run[] = [];
  let at = 0;
  const add = (count: number, label: Label) => {
    if (count === 0) return;
    const last = runs.at(-1);
    if (last !== undefined && last.label === label) last.end += count;
    else runs.push({ begin: at, end: at + count, label });
    at += count;
  };
  const walk = (node: Node, label: Label) => {
    if (node.nodeName === '#text') {
      let count = 0;
      for (const c of (node as DefaultTreeAdapterMap['textNode']).value) if (!isSpace(c)) count++;
      return add(count, label);
    }
    let own = label;
    if ('attrs' in node) {
      if (isRaw(node)) return;
      own = (node.attrs.find((a) => a.name === 'data-gold')?.value as Label | undefined) ?? label;
    }
    if ('childNodes' in node) for (const child of node.childNodes) walk(child, own);
  };
  walk(parse(marked, { scriptingEnabled: true }), '-');
  return runs;
}

/** What a block over [begin, end) is; null where the runs disagree. */
export function labelOf(runs: readonly Run[], begin: number, end: number): Label | null {
  let label: Label | null = null;
  for (const run of runs) {
    if (run.end <= begin || run.begin >= end) continue;
    if (label !== null && run.label !== label) return null;
    label = run.label;
  }
  return label;
}
