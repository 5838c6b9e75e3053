// `npm run bench -- dedupe-plan [--documents 1e9,1e11] [--bytes 1019] [--cores 1000] [--figures FILE]`: what deduplicating a corpus
// takes, from figures that dedupe-scale measured (infra/docs/dedupe-scale.jsonl). Prints Markdown.
// Costs a document are the difference between the two largest runs of a setting, so that what a run costs once is left out. A task
// group grows with the text or with the number of documents (TEXT); a phase of one task is the part that no machine shares.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { packagePath } from '../../native/package-root.js';
import type { ScaleFigure } from './dedupe-scale.js';

/** Task groups whose work is in proportion to text; all others are to documents. `bands` by darts costs the same for most lengths. */
const TEXT = /map 0|members|survivors|match|contents|compare|edits/;
/** Bytes of the made documents of the figures. */
const MADE_BYTES = 1019;
/** Tasks of a whole run: one at a time, whatever the machines. */
const SERIAL = /components|hosts/;

export interface Costs {
  readonly setting: string;
  /** CPU microseconds a document: in proportion to text, to documents, and of them by one process. */
  readonly text: number;
  readonly documents: number;
  readonly serial: number;
  /** Bytes a document: written over the run, and most at once; the share of them in proportion to text (shingles, symbols). */
  readonly written: number;
  readonly peak: number;
  readonly textBytes: number;
  readonly from: string;
}

export function costsOf(figures: readonly ScaleFigure[]): Costs {
  const sorted = [...figures].sort((a, b) => a.documents - b.documents);
  const large = sorted.at(-1)!;
  const small = sorted.length > 1 ? sorted.at(-2)! : null;
  const more = large.documents - (small?.documents ?? 0);
  const shares = { text: 0, documents: 0, serial: 0 };
  for (const group of large.tasks) {
    const part = SERIAL.test(group.tasks) ? 'serial' : TEXT.test(group.tasks) || (isAffine(large) && /bands/.test(group.tasks)) ? 'text' : 'documents';
    shares[part] += group.cpuSeconds;
  }
  const grouped = shares.text + shares.documents + shares.serial;
  const perDocument = ((large.cpuSeconds - (small?.cpuSeconds ?? 0)) / more) * 1e6;
  const part = (seconds: number): number => (perDocument * seconds) / grouped;
  return {
    setting: nameOf(large),
    text: part(shares.text),
    documents: part(shares.documents),
    serial: part(shares.serial),
    written: large.writtenBytes / large.documents,
    peak: large.peakFolderBytes / large.documents,
    textBytes: bytesOf(large, (tasks) => TEXT.test(tasks)) / bytesOf(large, () => true),
    from: sorted.map(({ documents }) => documents.toExponential()).join(', '),
  };
}

function bytesOf({ tasks }: ScaleFigure, which: (tasks: string) => boolean): number {
  return tasks.reduce((sum, group) => sum + (which(group.tasks) ? group.outputBytes : 0), 0);
}

function isAffine({ options }: ScaleFigure): boolean {
  return options.preset !== 'refinedweb';
}

export function nameOf({ step, options, spill }: ScaleFigure): string {
  if (step !== 'dedupe-minhash') return step;
  return `${step} ${options.preset === 'refinedweb' ? '450 x 20' : '14 x 8'}${spill === undefined ? '' : `, spill ${spill}`}`;
}

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const short = (value: number): string => (value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(2));

export function dedupePlan(args: readonly string[]): void {
  const { values } = parseArgs({
    args: [...args],
    options: {
      documents: { type: 'string', default: '1e9,1e11' },
      bytes: { type: 'string', default: String(MADE_BYTES) },
      cores: { type: 'string', default: '1000' },
      figures: { type: 'string', default: packagePath('infra', 'docs', 'dedupe-scale.jsonl') },
    },
  });
  const figures = readFileSync(values.figures, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as ScaleFigure);
  const settings = new Map<string, ScaleFigure[]>();
  for (const figure of figures) settings.set(nameOf(figure), [...(settings.get(nameOf(figure)) ?? []), figure]);
  const costs = [...settings.values()].map(costsOf);
  const bytes = Number(values.bytes);
  const cores = Number(values.cores);
  const lines = [
    row([
      'setting',
      'documents',
      'of bytes',
      'CPU µs a document',
      'core hours',
      `hours on ${cores} cores`,
      'of them one process',
      'TB written',
      'TB at once',
      'figures',
    ]),
    row(Array(10).fill('---')),
  ];
  for (const documents of values.documents.split(',').map(Number))
    for (const cost of costs) {
      const scale = bytes / MADE_BYTES;
      const each = cost.text * scale + cost.documents + cost.serial;
      const coreHours = (documents * each) / 3.6e9;
      const serial = (documents * cost.serial) / 3.6e9;
      const grown = 1 + cost.textBytes * (scale - 1);
      lines.push(
        row([
          cost.setting,
          documents.toExponential(),
          bytes,
          short(each),
          short(coreHours),
          short((coreHours - serial) / cores + serial),
          short(serial),
          short((documents * cost.written * grown) / 1e12),
          short((documents * cost.peak * grown) / 1e12),
          cost.from,
        ]),
      );
    }
  console.log(lines.join('\n'));
}
