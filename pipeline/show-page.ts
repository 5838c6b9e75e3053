// The page that `try extract --show FILE` writes: each document's blocks in order, kept or dropped, how sure the classifier
// is and what moved it. Self-contained and without scripts; everything from the document is escaped.
import { type Batch, bytesAt, native, type PageBlocks, stringAt } from '../native/index.js';

/** What of a batch's row the page shows. */
export interface ShownDocument {
  readonly id: string;
  readonly url: string;
  readonly mode: 'balanced' | 'precision' | 'recall';
  readonly blocks: PageBlocks;
}

/** More pages than this make a file that browsers and people cannot use. */
export const mostShown = 100;

const limits = { maxBytes: 32 * 1024 * 1024, maxDepth: 32_768, maxNodes: 2_000_000 };

/** The documents of a batch that came as HTML. */
export function shownDocuments(batch: Batch, mode: ShownDocument['mode']): ShownDocument[] {
  const shown: ShownDocument[] = [];
  const { html, url, id, content_type } = batch.columns;
  const text = (column: Batch['columns'][string] | undefined, row: number) => (column?.kind === 'utf8' ? (stringAt(column, row) ?? '') : '');
  for (let row = 0; row < batch.rows; row++) {
    if (html === undefined || html.kind !== 'binary' || isNull(html.validity, row)) continue;
    const address = text(url, row);
    shown.push({
      id: text(id, row),
      url: address,
      mode,
      blocks: native.inspectBlocks(bytesAt(html, row), text(content_type, row), address, { mode, ...limits }),
    });
  }
  return shown;
}

function isNull(validity: Uint8Array | undefined, row: number): boolean {
  return validity !== undefined && ((validity[row >> 3] ?? 0) & (1 << (row & 7))) === 0;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** What the parts of a feature's name mean, in the order they are replaced (kernels/html/block_features.h). */
const meanings: readonly (readonly [RegExp, string])[] = [
  [/^container(\d) (before|after) /, 'block $2 ancestor $1: '],
  [/^container(\d) /, 'ancestor $1: '],
  [/^window(\d+) /, '$1 blocks each way: '],
  [/^(before|after)(\d) /, '$2 blocks $1: '],
  [/^slot /, 'blocks in like places: '],
  [/^says (.+)$/, 'words of “$1”'],
  [/\bchosen\b/, 'best paragraphs'],
  [/\bunits\b/, 'characters'],
  [/^(title|description|structured) share$/, 'share of words in the $1'],
];

/** A feature and its value as people say it; distances to an element that is not there are longer than any real one. */
function words(name: string, value: string): string {
  const plain = meanings.reduce((text, [from, to]) => text.replace(from, to), name.replaceAll('_', ' '));
  if (/^(in|named) /.test(plain)) return Number(value) > 14 ? `not ${plain}` : `${plain}, ${value} up`;
  if (value === '-1' && /^(container|before|after)[0-9]/.test(name)) return `${plain} none`;
  if (name === 'after_h1' && value === '-2') return 'before the h1';
  return `${plain} ${value}`;
}

/** "link_density=0.9 -1.20; units=12 -0.40" as words, with what each feature does to the odds. */
function reasonsOf(why: string): string {
  return why
    .split('; ')
    .filter((part) => part !== '')
    .map((part) => {
      const [, name = '', value = '', moved = ''] = /^([^=]*)=(\S+) (\S+)$/.exec(part) ?? [];
      return `<span class="${moved.startsWith('-') ? 'against' : 'for'}">${escapeHtml(words(name, value))} <b>${escapeHtml(moved)}</b></span>`;
    })
    .join(' ');
}

function blockHtml(blocks: PageBlocks, at: number): string {
  const kept = blocks.kept[at] === 1;
  const chance = chanceOf(blocks, at);
  const path = (stringAt(blocks.path, at) ?? '').split(' > ').slice(-3).join(' › ');
  return `<div class="block ${kept ? 'kept' : 'dropped'}"><div class="chance" title="probability that the block is main text">${(100 * chance).toFixed(0)} %</div>
<div><div class="text" dir="auto">${escapeHtml(stringAt(blocks.text, at) ?? '')}</div><div class="note"><code>${escapeHtml(path)}</code> ${reasonsOf(stringAt(blocks.why, at) ?? '')}</div></div></div>`;
}

const chanceOf = (blocks: PageBlocks, at: number): number => 1 / (1 + Math.exp(-blocks.odds[at]!));

/** Runs of this many blocks that nobody would keep are folded, so that the text and the close calls can be found. */
const shortestFold = 4;
const closeCall = 0.2;

/** The blocks in order, long runs of plainly dropped ones behind a summary of their texts. */
function blocksHtml(blocks: PageBlocks): string {
  const parts: string[] = [];
  let run: number[] = [];
  const flush = () => {
    const inside = run.map((at) => blockHtml(blocks, at)).join('\n');
    if (run.length < shortestFold) parts.push(inside);
    else
      parts.push(
        `<details><summary>${run.length} blocks dropped: ${summaryOf(run.map((at) => stringAt(blocks.text, at) ?? ''))}</summary>\n${inside}</details>`,
      );
    run = [];
  };
  for (let at = 0; at < blocks.chars.length; at++) {
    if (blocks.kept[at] !== 1 && chanceOf(blocks, at) < closeCall) run.push(at);
    else {
      flush();
      parts.push(blockHtml(blocks, at));
    }
  }
  flush();
  return parts.filter((part) => part !== '').join('\n');
}

/** The first and the last texts of a run, each cut to some words and kept from turning the others' direction. */
function summaryOf(texts: readonly string[]): string {
  const short = (text: string) => {
    const points = [...text.replace(/\s+/g, ' ').trim()];
    return `<bdi>${escapeHtml(points.length > 40 ? `${points.slice(0, 40).join('')}…` : points.join(''))}</bdi>`;
  };
  return [...texts.slice(0, 2).map(short), '…', short(texts.at(-1)!)].join(' · ');
}

function documentHtml(document: ShownDocument): string {
  const { blocks } = document;
  const all = blocks.chars.length;
  let kept = 0;
  let keptChars = 0;
  let chars = 0;
  let likeliest = 0;
  for (let at = 0; at < all; at++) {
    chars += blocks.chars[at]!;
    likeliest = Math.max(likeliest, chanceOf(blocks, at));
    if (blocks.kept[at] !== 1) continue;
    kept++;
    keptChars += blocks.chars[at]!;
  }
  const facts = all === 0 ? 'no visible text' : `${kept} of ${all} blocks kept, ${keptChars} of ${chars} characters, mode ${document.mode}`;
  const unsure =
    kept > 0 && likeliest < closeCall ? '<p class="unsure">No block looks like main text here: the likeliest were kept for want of better.</p>' : '';
  return `<section><h1 dir="auto">${escapeHtml(blocks.title || document.id)}</h1><p class="facts">${escapeHtml(document.url || document.id)}<br>${facts}</p>${unsure}
${blocksHtml(blocks)}</section>`;
}

const style = `:root{color-scheme:light dark;--ink:#1c1c1c;--paper:#fff;--faint:#6b6b6b;--keep:#1a7f37;--keep-back:#eaf6ec;--drop:#b35900;--drop-back:#f6f3ef}
@media (prefers-color-scheme:dark){:root{--ink:#e6e6e6;--paper:#161616;--faint:#9a9a9a;--keep:#4cc26a;--keep-back:#16281b;--drop:#e0a15c;--drop-back:#211d18}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:62rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.35rem;margin:2.5rem 0 .2rem}.facts{color:var(--faint);margin:.2rem 0 1rem;overflow-wrap:anywhere}
.block{display:grid;grid-template-columns:4rem 1fr;gap:.8rem;padding:.45rem .6rem;margin:2px 0;border-left:4px solid;overflow-wrap:anywhere}
.kept{border-color:var(--keep);background:var(--keep-back)}.dropped{border-color:var(--drop);background:var(--drop-back)}
.dropped .text{color:var(--faint);text-decoration:line-through;text-decoration-color:color-mix(in srgb,var(--drop) 45%,transparent)}
.chance{font-variant-numeric:tabular-nums;text-align:right}.kept .chance{color:var(--keep)}.dropped .chance{color:var(--drop)}
.note{font-size:.78rem;color:var(--faint);margin-top:.15rem}.note code{font-size:.95em}.for b{color:var(--keep)}.against b{color:var(--drop)}.note span{margin-left:.7em;white-space:nowrap}
summary{cursor:pointer;color:var(--drop);padding:.3rem .6rem;border-left:4px dotted var(--drop);overflow-wrap:anywhere;font-size:.9rem}details{margin:2px 0}
.unsure{color:var(--drop);font-weight:600}.legend span{padding:.1rem .5rem;border-left-width:4px;border-left-style:solid;margin-right:.8rem}`;

export function showPage(documents: readonly ShownDocument[], left: number): string {
  const more = left > 0 ? `<p class="facts">${left} more documents are not shown.</p>` : '';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>refine: what extract kept and why</title><style>${style}</style></head>
<body><p class="legend"><span class="kept">kept</span><span class="dropped">dropped</span> with the probability of main text, the elements around the block, and the three features that moved its log odds most. Cells of a data table share one verdict; the page’s own title is dropped because it goes to the column <code>title</code>; runs of blocks that were no close call are folded.</p>
${documents.map(documentHtml).join('\n')}${more}</body></html>
`;
}
