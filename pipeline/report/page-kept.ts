// What was kept: languages with tokens and fertility, hosts, lengths, duplicates and clusters, diversity, licences.
import { bar, edgeTicks, histogram, lineChart } from './charts.js';
import type { RunData } from './collect.js';
import { LENGTH_EDGES } from './kept-documents.js';
import { type Content, html, type Markup } from './markup.js';
import type { Quantiles } from '../stats-kept.js';
import { byteSize, cellOf, counted, grouped, percent, short } from './scale.js';

const MOST_LANGUAGES = 20;

export function keptSection(data: RunData): Markup {
  return html`<section aria-labelledby="kept"><h2 id="kept">What was kept</h2>
${languages(data)}${hosts(data)}${lengths(data)}${duplicates(data)}${diversity(data)}${licences(data)}</section>`;
}

/** A table whose rows have a bar of their share of the largest. */
function ranked(
  caption: string,
  heads: readonly string[],
  rows: readonly { readonly name: Content; readonly count: number; readonly cells: readonly Content[] }[],
): Markup {
  const most = Math.max(1, ...rows.map((row) => row.count));
  return html`<div class="scroll"><table class="ranked"><caption class="unseen">${caption}</caption><thead><tr>${heads.map((head, i) => html`<th scope="col"${i === 1 ? html` class="wide"` : null}>${head}</th>`)}</tr></thead><tbody>${rows.map(
    ({ name, count, cells }) =>
      html`<tr><th scope="row">${name}</th><td class="wide">${bar([{ share: count / most, tone: 'kept' }])}</td>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

function languages({ stats }: RunData): Markup | null {
  const all = Object.entries(stats.langs);
  if (all.length === 0) return null;
  const { fertility } = stats;
  const total = stats.documents.out;
  const rest = all.slice(MOST_LANGUAGES);
  const rows = all.slice(0, MOST_LANGUAGES).map(([lang, count]) => {
    const needs = fertility?.[lang];
    const tokens =
      fertility === undefined ? [] : [needs === undefined ? '–' : grouped(needs.tokens), needs === undefined ? '–' : needs.bytes_per_token.toFixed(2)];
    return { name: html`<bdi>${lang}</bdi>`, count, cells: [grouped(count), percent(count, total), ...tokens] };
  });
  return html`<h3 id="languages">Languages${fertility === undefined ? null : ', tokens and fertility'}</h3>
${ranked('Kept documents by language', ['Language', '', 'Documents', 'Share', ...(fertility === undefined ? [] : ['Tokens', 'Bytes a token'])], rows)}
${
  rest.length === 0
    ? null
    : html`<p class="note">and ${counted(rest.length, 'other language')} with ${counted(
        rest.reduce((sum, [, count]) => sum + count, 0),
        'document',
      )}.</p>`
}`;
}

function hosts({ stats }: RunData): Markup | null {
  const { distinct, entropy, top } = stats.hosts;
  if (distinct === 0) return null;
  const total = stats.documents.out;
  const even = 2 ** entropy;
  return html`<h3 id="hosts">Hosts</h3>
<p>${counted(distinct, 'distinct host')}; entropy ${entropy.toFixed(2)} bits, as diverse as ${grouped(Math.round(even))} hosts with equally many documents each.</p>
${ranked(
  'Kept documents of the largest hosts',
  ['Host', '', 'Documents', 'Share'],
  top.map(({ host, documents }) => ({ name: html`<bdi>${host}</bdi>`, count: documents, cells: [grouped(documents), percent(documents, total)] })),
)}`;
}

function lengths({ stats, kept }: RunData): Markup | null {
  const charts = [
    lengthChart('Bytes of text a document', kept.byteCells, stats.lengths.bytes),
    lengthChart('Tokens a document, with its end', kept.tokenCells, stats.lengths.tokens),
  ];
  if (charts.every((chart) => chart === null)) return null;
  const names = ['min', 'p10', 'p50', 'p90', 'p99', 'max', 'mean'] as const;
  const row = (unit: string, found: Quantiles | undefined) =>
    found === undefined ? null : html`<tr><th scope="row">${unit}</th>${names.map((name) => html`<td>${grouped(Math.round(found[name]))}</td>`)}</tr>`;
  return html`<h3 id="lengths">Lengths</h3><div class="pair">${charts}</div>
<div class="scroll"><table class="numbers"><caption class="unseen">Quantiles of lengths</caption><thead><tr><th scope="col"></th><th scope="col">least</th><th scope="col">10 %</th><th scope="col">median</th><th scope="col">90 %</th><th scope="col">99 %</th><th scope="col">most</th><th scope="col">mean</th></tr></thead><tbody>${row('bytes', stats.lengths.bytes)}${row('tokens', stats.lengths.tokens)}</tbody></table></div>`;
}

function lengthChart(title: string, cells: readonly number[], quantiles: Quantiles | undefined): Markup | null {
  if (quantiles === undefined) return null;
  const at = Float64Array.from(LENGTH_EDGES);
  const from = cellOf(at, quantiles.min);
  const till = cellOf(at, quantiles.max) + 1;
  const labels = LENGTH_EDGES.slice(from, till + 1);
  const place = (value: number) => {
    const cell = cellOf(at, value);
    return (cell - from + (value - LENGTH_EDGES[cell]!) / (LENGTH_EDGES[cell + 1]! - LENGTH_EDGES[cell]!)) / (till - from);
  };
  return html`<figure><figcaption>${title}</figcaption>${histogram({
    title: `${title}: half of the documents have up to ${grouped(quantiles.p50)}, 90 % up to ${grouped(quantiles.p90)}.`,
    axis: { ticks: edgeTicks(labels, 6), name: 'log scale' },
    layers: [{ tone: 'kept', counts: cells.slice(from, till) }],
    marks: [{ at: place(quantiles.p50), label: `median ${grouped(quantiles.p50)}` }],
  })}</figure>`;
}

function duplicates({ stats, kept, steps }: RunData): Markup | null {
  const { duplicates: found } = stats;
  if (found === undefined) return null;
  const sizes = [...kept.clusters].filter(([size]) => size > 1).sort((a, b) => a[0] - b[0]);
  const near = steps.some((step) => step.stage === 'dedupe-minhash');
  return html`<h3 id="duplicates">Duplicates</h3>
<table class="numbers"><caption class="unseen">Documents dropped by each dedupe step</caption><thead><tr><th scope="col">Step</th><th scope="col">Dropped as duplicates</th></tr></thead><tbody>${Object.entries(found.dropped).map(([step, count]) => html`<tr><th scope="row">${step}</th><td>${grouped(count)}</td></tr>`)}</tbody></table>
${
  sizes.length === 0
    ? near
      ? html`<p class="note">No kept document stands for a cluster of near duplicates.</p>`
      : null
    : html`<p>${counted(found.clusters, 'kept document')} ${found.clusters === 1 ? 'stands' : 'stand'} for a cluster of near duplicates; the largest has ${counted(found.largest, 'document')}.</p>
${ranked(
  'Clusters of near duplicates by size',
  ['Documents in the cluster', '', 'Clusters', 'Documents dropped'],
  grouping(sizes).map(({ from, to, clusters, documents }) => ({
    name: from === to ? grouped(from) : `${grouped(from)} to ${grouped(to)}`,
    count: clusters,
    cells: [grouped(clusters), grouped(documents - clusters)],
  })),
)}`
}`;
}

/** Sizes up to five one by one, then by doubling. */
function grouping(sizes: readonly (readonly [number, number])[]): { from: number; to: number; clusters: number; documents: number }[] {
  const groups: { from: number; to: number; clusters: number; documents: number }[] = [];
  for (const [size, clusters] of sizes) {
    let [from, to] = [size, size];
    if (size > 5) {
      for (from = 6, to = 10; to < size; from = to + 1, to *= 2);
    }
    const last = groups.at(-1);
    if (last !== undefined && last.from === from) {
      last.clusters += clusters;
      last.documents += clusters * size;
    } else groups.push({ from, to, clusters, documents: clusters * size });
  }
  return groups;
}

function diversity({ diversity: found }: RunData): Markup | null {
  if (found === null) return null;
  const last = found.types.at(-1);
  return html`<h3 id="diversity">Diversity</h3>
<p>Of a seeded sample of ${counted(found.documents, 'kept document')} (${byteSize(found.bytes)}, each cut at 16 KiB): zstd at level 3 makes one byte of ${found.alone.toFixed(2)} where documents are compressed alone and of ${found.together.toFixed(2)} end to end. The further the second lies above the first, the more documents share.</p>
${
  last === undefined
    ? null
    : html`<figure><figcaption>Distinct words as the sample is read</figcaption>${lineChart({
        title: `Distinct words against words read: ${grouped(last.distinct)} distinct among ${grouped(last.words)}.`,
        x: 'words read',
        y: 'distinct words',
        lines: [{ tone: 'pass', points: [[0, 0], ...found.types.map(({ words, distinct }): [number, number] => [words, distinct])] }],
      })}</figure>
<p class="note">${grouped(last.distinct)} distinct among ${grouped(last.words)} words, ${short(last.distinct / last.words)} types a token. Words are runs without white space, case and punctuation as they stand; a Han or kana character is one word.</p>
<details class="behind"><summary>Numbers</summary><table class="numbers"><thead><tr><th scope="col">Words read</th><th scope="col">Distinct</th></tr></thead><tbody>${found.types.filter((_, i) => i % 4 === 3).map(({ words, distinct }) => html`<tr><td>${grouped(words)}</td><td>${grouped(distinct)}</td></tr>`)}</tbody></table></details>`
}`;
}

function licences({ kept, stats }: RunData): Markup | null {
  if (!kept.hasLicences) return null;
  const top = [...kept.licences].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 12);
  return html`<h3 id="licences">Licences seen</h3>
<p>${kept.licensed === 0 ? 'No kept page names a licence.' : `${counted(kept.licensed, 'kept page')} of ${grouped(stats.documents.out)} ${kept.licensed === 1 ? 'names' : 'name'} a licence for what stands on them; a page without one is no free page.`}</p>
${
  top.length === 0
    ? null
    : ranked(
        'Kept documents by licence named',
        ['Licence', '', 'Documents', 'Share'],
        top.map(([name, count]) => ({ name: html`<bdi>${name}</bdi>`, count, cells: [grouped(count), percent(count, stats.documents.out)] })),
      )
}`;
}
