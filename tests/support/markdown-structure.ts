// What Markdown says, by a reader that is not ours (markdown-it, CommonMark with GFM's tables): listings, headings, lists
// by nesting, tables by cells. White space in words counts as one space.
import MarkdownIt from 'markdown-it';
import type Token from 'markdown-it/lib/token.mjs';

export interface ListTree {
  readonly ordered: boolean;
  readonly items: readonly ItemTree[];
}
/** The item's own words and the lists in it. */
export interface ItemTree {
  readonly words: string;
  readonly lists: readonly ListTree[];
}
export interface MarkdownStructure {
  readonly code: readonly { readonly lang: string; readonly text: string }[];
  readonly headings: readonly { readonly level: number; readonly words: string }[];
  readonly paragraphs: readonly string[];
  readonly lists: readonly ListTree[];
  readonly tables: readonly (readonly (readonly string[])[])[];
  readonly quotes: number;
  readonly links: readonly (readonly [string, string])[];
}

const reader = new MarkdownIt('default', { html: false, linkify: false, typographer: false });

export const folded = (text: string) => text.replace(/\s+/g, ' ').trim();

function wordsOf(token: Token): string {
  let words = '';
  for (const child of token.children ?? []) {
    if (child.type === 'text' || child.type === 'code_inline') words += child.content;
    else if (child.type === 'softbreak' || child.type === 'hardbreak') words += ' ';
    else if (child.type === 'image') words += child.content;
  }
  return folded(words);
}

export function readMarkdown(markdown: string): MarkdownStructure {
  const found = {
    code: [] as { lang: string; text: string }[],
    headings: [] as { level: number; words: string }[],
    paragraphs: [] as string[],
    lists: [] as ListTree[],
    tables: [] as string[][][],
    quotes: 0,
    links: [] as [string, string][],
  };
  type Open = { ordered: boolean; items: { words: string; lists: ListTree[] }[] };
  const lists: Open[] = [];
  let heading = 0;
  let cell = false;
  for (const token of reader.parse(markdown, {})) {
    switch (token.type) {
      case 'fence':
      case 'code_block':
        found.code.push({ lang: token.info.trim(), text: token.content.replace(/\n$/, '') });
        break;
      case 'heading_open':
        heading = Number(token.tag.slice(1));
        break;
      case 'heading_close':
        heading = 0;
        break;
      case 'blockquote_open':
        found.quotes++;
        break;
      case 'bullet_list_open':
      case 'ordered_list_open':
        lists.push({ ordered: token.type === 'ordered_list_open', items: [] });
        break;
      case 'bullet_list_close':
      case 'ordered_list_close': {
        const list = lists.pop()!;
        const parent = lists.at(-1)?.items.at(-1)?.lists ?? found.lists;
        parent.push(list);
        break;
      }
      case 'list_item_open':
        lists.at(-1)!.items.push({ words: '', lists: [] });
        break;
      case 'table_open':
        found.tables.push([]);
        break;
      case 'tr_open':
        found.tables.at(-1)!.push([]);
        break;
      case 'td_open':
      case 'th_open':
        found.tables.at(-1)!.at(-1)!.push('');
        break;
      case 'inline': {
        const words = wordsOf(token);
        if (heading > 0) found.headings.push({ level: heading, words });
        else if (cell) {
          const row = found.tables.at(-1)!.at(-1)!;
          row[row.length - 1] = words;
        } else {
          found.paragraphs.push(words);
          const item = lists.at(-1)?.items.at(-1);
          if (item !== undefined) item.words = folded(`${item.words} ${words}`);
        }
        collectLinks(token, found.links);
        break;
      }
      default:
    }
    cell = token.type === 'td_open' || token.type === 'th_open'; // the next token is its words
  }
  return found;
}

function collectLinks(token: Token, links: [string, string][]): void {
  let open: { url: string; words: string } | null = null;
  for (const child of token.children ?? []) {
    if (child.type === 'link_open') open = { url: String(child.attrGet('href')), words: '' };
    else if (child.type === 'link_close' && open !== null) {
      links.push([open.url, folded(open.words)]);
      open = null;
    } else if (open !== null) open.words += child.content;
  }
}
