// Extraction beside its peers, in one run: speed by CPU time, bytes in to text out, and scores against gold text by
// cross-validation (infra/extract: every page by a model that did not see it), with the paired bootstrap interval of refine
// less each peer over sites. Peers are PyPI's, in the interpreter that REFINE_PYTHON names; what is not installed is said so.
// Without the shared data folder: speed alone, on the project's own golden pages.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BytesColumn, bytesColumn, native, packagePath, packageRoot, stringAt } from '../../native/index.js';
import { needsShared, sharedPath } from '../../tests/support/shared.js';
import { placeOf, readFolds } from '../extract/folds.js';
import { loadPages, type Page, pageOptions, readPage } from '../extract/pages.js';
import { PEERS, peerTexts, peerVersions, runPeer } from '../extract/peer-texts.js';
import { compare, FIGURES, GOALS, LONGEST, measureTexts, type Measured, report, type RowName, ROWS } from '../extract/report.js';
import type { Figure } from './main.js';
import { measure } from './measure.js';

/** trafilatura takes half a minute for all pages: its speed is taken on every eighth. */
const EVERY: Readonly<Record<string, number>> = { trafilatura: 8, 'rs-trafilatura': 8 };
const SPEED_OF = ['resiliparse', 'trafilatura', 'rs-trafilatura', 'lexbor'] as const;

/** Pages a call: as many as a reader's batch holds (256 documents or 16 MiB). */
const BATCH = 100;

type Columns = Parameters<typeof native.extractPages>[0];

/** Pages as the step gets them: columns, made before the clock runs. */
function batchesOf(pages: readonly Buffer[]): Columns[] {
  const batches: Columns[] = [];
  for (let from = 0; from < pages.length; from += BATCH) {
    const part = pages.slice(from, from + BATCH);
    const none = bytesColumn(
      'utf8',
      part.map(() => null),
    );
    batches.push({ url: none, html: bytesColumn('binary', part), text: none, contentType: none, xRobotsTag: none });
  }
  return batches;
}

async function extractAll(batches: readonly Columns[]): Promise<BytesColumn[]> {
  const texts: BytesColumn[] = [];
  for (const batch of batches) texts.push((await native.extractPages(batch, pageOptions)).text);
  return texts;
}

async function ownSpeed(pages: readonly Buffer[], what: string): Promise<Figure[]> {
  const bytes = pages.reduce((sum, page) => sum + page.length, 0);
  const batches = batchesOf(pages);
  await extractAll(batches.slice(0, 1));
  const { cpuSeconds, spread } = await measure(3, () => extractAll(batches));
  const note = `${pages.length} pages, ${Math.round(bytes / 1e6)} MB`;
  return [
    { bench: 'extract', what, unit: 'pages/CPU s', value: pages.length / cpuSeconds, spread, note },
    { bench: 'extract', what, unit: 'MB/CPU s', value: bytes / 1e6 / cpuSeconds, spread, note },
  ];
}

function peerSpeed(pages: readonly Page[], bodies: readonly Buffer[], versions: Readonly<Record<string, string | null>> | null): Figure[] {
  return SPEED_OF.flatMap((tool): Figure[] => {
    const version = versions?.[tool] ?? null;
    const what = tool === 'lexbor' ? `lexbor (selectolax ${version ?? ''}), parse alone` : `${tool} ${version ?? ''}`.trim();
    if (version === null) return [{ bench: 'extract', what: `${tool}, HTML to main text`, unit: 'MB/CPU s', value: null, note: 'not installable here' }];
    const chosen = [...pages.keys()].filter((i) => i % (EVERY[tool] ?? 1) === 0);
    const found = runPeer(
      tool,
      chosen.map((i) => pages[i]!.file),
    );
    const seconds = found.reduce((sum, page) => sum + page.cpuMs, 0) / 1000;
    const bytes = chosen.reduce((sum, i) => sum + bodies[i]!.length, 0);
    const note = `${chosen.length} pages, ${Math.round(bytes / 1e6)} MB`;
    return [
      { bench: 'extract', what, unit: 'pages/CPU s', value: chosen.length / seconds, note },
      { bench: 'extract', what, unit: 'MB/CPU s', value: bytes / 1e6 / seconds, note },
    ];
  });
}

interface Scored {
  readonly tool: string;
  readonly note: string;
  readonly measured: Measured;
}

/** refine's texts: those of the last cross-validation, else the shipped build's, which saw the pages. */
async function ownTexts(pages: readonly Page[], bodies: readonly Buffer[]): Promise<Scored> {
  const file = packagePath('build', 'extract', 'cross-validated.jsonl');
  if (existsSync(file)) {
    const texts = new Map<string, string>();
    for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
      const { corpus, id, text } = JSON.parse(line) as { corpus: string; id: string; text: string };
      texts.set(`${corpus}/${id}`, text);
    }
    if (pages.every((page) => texts.has(`${page.corpus}/${page.id}`)))
      return {
        tool: 'refine',
        note: 'cross-validated',
        measured: measureTexts(
          pages,
          pages.map((page) => texts.get(`${page.corpus}/${page.id}`)!),
        ),
      };
  }
  const columns = await extractAll(batchesOf(bodies));
  const texts = bodies.map((_, i) => stringAt(columns[Math.floor(i / BATCH)]!, i % BATCH) ?? '');
  return {
    tool: 'refine',
    note: 'NOT cross-validated (its model saw these pages): run node dist/infra/extract/cross-validate.js first',
    measured: measureTexts(pages, texts),
  };
}

function scoreFigures(pages: readonly Page[], ours: Scored, peers: readonly Scored[]): Figure[] {
  const places = readFolds();
  const groups = pages.map((page) => placeOf(places, page).group);
  const resiliparse = peers.find((peer) => peer.tool.startsWith('resiliparse'))?.measured;
  const out: Figure[] = [];
  for (const scored of [...peers, ours]) {
    const between = scored === ours ? null : compare(pages, groups, ours.measured, scored.measured);
    for (const { row, figure, lengthRatio, scores } of report(pages, scored.measured, resiliparse)) {
      const difference = between?.get(row);
      const part = scores.text ?? scores.snippets;
      out.push({
        bench: 'extract',
        what: `${FIGURES[row]}, ${row}: ${scored.tool}`,
        unit: FIGURES[row],
        value: figure,
        note: scored.note,
        row,
        tool: scored.tool,
        ...(part === undefined ? {} : { precision: part.precision, recall: part.recall }),
        ...(scores.snippets === undefined ? {} : { accuracy: scores.snippets.accuracy }),
        ...(lengthRatio === undefined ? {} : { lengthRatio }),
        ...(difference === undefined ? {} : { refineLess: difference.difference, interval: [difference.low, difference.high], groups: difference.groups }),
      });
    }
  }
  return out;
}

/** For `npm run bench`. */
export async function figures(): Promise<readonly Figure[]> {
  if (sharedPath('data', 'pages') === null) {
    console.error(`scores of extraction: ${needsShared}`);
    const golden = join(packageRoot, 'tests', 'golden', 'extract');
    const pages = readdirSync(golden).map((trait) => readFileSync(join(golden, trait, 'page.html')));
    return ownSpeed(pages, 'refine, golden pages');
  }
  const pages = loadPages();
  const bodies = pages.map(readPage);
  const versions = peerVersions();
  const peers = PEERS.flatMap((tool) => {
    const version = versions?.[tool] ?? null;
    return version === null ? [] : [{ tool: `${tool} ${version}`, note: '', measured: measureTexts(pages, peerTexts(tool, version, pages)) }];
  });
  return [...(await ownSpeed(bodies, 'refine')), ...peerSpeed(pages, bodies, versions), ...scoreFigures(pages, await ownTexts(pages, bodies), peers)];
}

/** The table: a row a corpus, a column a tool; below each peer the interval of refine less it. */
export function table(found: readonly Figure[]): string {
  const tools = [...new Set(found.flatMap((figure) => (figure.tool === undefined ? [] : [figure.tool])))];
  const of = (row: RowName, tool: string) => found.find((figure) => figure.row === row && figure.tool === tool);
  const signed = (value: number) => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(3)}`;
  const lines = ROWS.filter((row) => tools.some((tool) => of(row, tool) !== undefined)).map((row) => {
    const cells = tools.map((tool) => {
      const figure = of(row, tool);
      if (figure === undefined) return '';
      const length = figure.lengthRatio === undefined ? '' : ` (${figure.lengthRatio.toFixed(2)}${figure.lengthRatio > LONGEST ? ', too long to count' : ''})`;
      const accuracy = figure.accuracy !== undefined && row === 'trafilatura-eval' ? ` [${figure.accuracy.toFixed(3)}]` : '';
      const interval =
        figure.interval === undefined ? '' : `; ${signed(figure.refineLess!)} (${signed(figure.interval[0]!)} .. ${signed(figure.interval[1]!)})`;
      return `${figure.value!.toFixed(3)}${accuracy}${length}${interval}`;
    });
    return `| ${row}, ${FIGURES[row]} | ${cells.join(' | ')} | ${GOALS[row] ?? ''} |`;
  });
  const note = found.find((figure) => figure.tool === 'refine')?.note;
  const speed = found
    .filter((figure) => figure.unit === 'MB/CPU s')
    .map((figure) => `${figure.what} ${figure.value === null ? figure.note : figure.value.toFixed(1)}`);
  return [
    `| corpus | ${tools.join(' | ')} | goal |`,
    `| --- | ${tools.map(() => '---').join(' | ')} | --- |`,
    ...lines,
    '',
    `refine: ${note ?? ''}. In brackets: length beside resiliparse's, and [accuracy]. After a peer's score: refine less it, and the 95 % interval of a paired bootstrap over sites.`,
    `MB of HTML a CPU second: ${speed.join(', ')}.`,
  ].join('\n');
}
