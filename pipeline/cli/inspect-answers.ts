// What `refine inspect` prints: one document and its fate, samples of a reason, the documents of a cluster.
import { utf8Column } from '../../native/batch.js';
import { lineBits } from '../../stages/contract/line-bits.js';
import { openScorer, type Scorer } from '../../stages/contract/model-score.js';
import { clusterOf, largestClusters, type Member } from '../clusters.js';
import { findDocuments, type Inspected, keptWords, sampledDocuments, sampledReasons } from '../inspect.js';
import { readRun, type RunState } from '../run-folder.js';
import { localCopy } from '../storage/read-run.js';
import { loadTokenizer } from '../tokenizers.js';
import { data, EXIT, words } from './command.js';
import type { InspectOptions } from './inspect.js';

const MAX_SHOWN = 4000; // characters of one document's text

/** At most one of doc, reason and cluster is given; without one, an overview. */
export async function inspectRun(named: string, options: InspectOptions): Promise<number> {
  const run = await readRun(await localCopy(named, ['text', 'features', 'samples', 'index'], words));
  const lines = options.bits === undefined ? shown : await LineBits.open(run, options.bits);
  if (options.doc !== undefined) await show(await findDocuments(run, options.doc), lines);
  else if (options.reason !== undefined) await show(await sampledDocuments(run, options.reason, options.sample ?? 5), lines);
  else if (options.cluster !== undefined) await showCluster(run, options.cluster);
  else await overview(run);
  return EXIT.done;
}

async function overview(run: RunState): Promise<void> {
  const reasons = await sampledReasons(run);
  const width = Math.max(0, ...reasons.map((one) => one.reason.length));
  for (const { reason, samples, example } of reasons) await data(`${reason.padEnd(width)}  ${String(samples).padStart(4)} sampled, such as ${example}\n`);
  if (reasons.length === 0) words('No document was dropped, or the manifest keeps no samples (sink.samples-per-reason).');
  else
    words(
      `\nLook at some:  refine inspect ${run.folder} --reason ${reasons[0]!.reason} --sample 5\nor at one:     refine inspect ${run.folder} --doc '${reasons[0]!.example}'`,
    );
}

async function show(documents: readonly Inspected[], lines: typeof shown | LineBits): Promise<void> {
  for (const [index, one] of documents.entries()) {
    const rows: [string, string][] = [['id', one.id]];
    if (one.url !== null) rows.push(['url', one.url]);
    rows.push(['fate', one.step === null ? 'kept' : `dropped: ${one.step}/${one.reason}`]);
    if (one.keptId !== null && one.keptId !== one.id) rows.push(['duplicates', keptWords(one.keptId)]);
    if (one.warcPath !== null) rows.push(['at', `${one.warcPath}${one.warcOffset === null ? '' : ` offset ${one.warcOffset}`}`]);
    for (const [name, value] of Object.entries(one.words)) rows.push([name, value]);
    for (const [name, value] of Object.entries(one.metrics)) rows.push([name, String(value)]);
    const width = Math.max(...rows.map(([name]) => name.length));
    await data(`${index > 0 ? '\n' : ''}${rows.map(([name, value]) => `${name.padEnd(width)}  ${value.replaceAll('\n', ' ')}\n`).join('')}`);
    if (one.text === null) await data('text: not kept here (a dropped document that was not sampled, or sink.text.keep: false)\n');
    else await data(`text:\n${lines instanceof LineBits ? await lines.shown(one.text) : lines(one.text)}\n`);
  }
}

/** Texts with the bits per byte of each line before it: where a model stumbles. */
class LineBits {
  readonly #scorer: Scorer;

  private constructor(scorer: Scorer) {
    this.#scorer = scorer;
  }

  static async open(run: RunState, asked: string | true): Promise<LineBits> {
    const steps = (run.lock.resolved.steps ?? []) as readonly { readonly stage: string; readonly options: { readonly model?: string } }[];
    const own = steps.find(({ stage }) => stage === 'perplexity')?.options.model;
    const model = asked === true ? (own ?? 'reference-small') : asked;
    return new LineBits(await openScorer(model, process.cwd(), { loadTokenizer }));
  }

  async shown(text: string): Promise<string> {
    const cut = text.slice(0, MAX_SHOWN);
    const { ids, nats } = await this.#scorer.tokens(utf8Column([cut]));
    const bits = lineBits(new TextEncoder().encode(cut), ids, nats, this.#scorer.tokenBytes);
    if (bits === null) return `${shown(text)}\n  (no bits per line: the model's tokens do not spell this text)`;
    const rate = (at: number): string => (bits[at] === undefined ? '' : bits[at].toFixed(2)).padStart(7);
    return shown(text)
      .split('\n')
      .map((line, at) => `${rate(at)}${line}`)
      .join('\n');
  }
}

function shown(text: string): string {
  const cut = text.length > MAX_SHOWN ? text.slice(0, MAX_SHOWN) : text;
  const lines = cut
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => `  ${line}`);
  return `${lines.join('\n')}${cut.length < text.length ? `\n  ... and ${text.length - cut.length} characters more` : ''}`;
}

async function showCluster(run: RunState, id: string): Promise<void> {
  if (id === 'largest') return await showLargest(run);
  const members = await clusterOf(run, id);
  const shownId = ({ id: own }: Member) => keptWords(own);
  const width = Math.max(...members.map((member) => shownId(member).length));
  for (const [index, member] of members.entries()) {
    const alike = member.similarity === null ? '' : `, Jaccard ${member.similarity.toFixed(4)}`;
    const fate =
      index === 0
        ? member.droppedBy === null
          ? 'kept'
          : `survivor, then dropped: ${member.droppedBy}`
        : `dropped: ${member.droppedBy}, kept ${keptWords(member.keptId!)}${alike}`;
    await data(`${shownId(member).padEnd(width)}  ${fate}${member.url === null ? '' : `  ${member.url}`}\n`);
  }
  words(`${members.length} ${members.length === 1 ? 'document' : 'documents'}.${members.some((member) => member.similarity !== null) ? ` ${rules(run)}` : ''}`);
}

/** Why documents of a near-duplicate cluster stayed or went, in words. */
function rules(run: RunState): string {
  const steps = (run.lock.resolved.steps ?? []) as readonly { readonly stage: string; readonly options: Readonly<Record<string, unknown>> }[];
  const options = steps.find(({ stage }) => stage === 'dedupe-minhash')?.options;
  if (options === undefined) return 'Jaccard: of the sets of shingles, to the document that is kept in its stead.';
  return `Of near duplicates the one stays that "keep: ${JSON.stringify(options.keep).replaceAll('"', '')}" ranks first; others go whose shingles have a Jaccard similarity of at least ${String(options['min-jaccard'])} to it.`;
}

const LARGEST = 20;

async function showLargest(run: RunState): Promise<void> {
  const clusters = await largestClusters(run, LARGEST);
  const width = Math.max(0, ...clusters.map(({ keptId }) => keptWords(keptId).length));
  for (const { keptId, dropped, host, ofHost } of clusters)
    await data(`${keptWords(keptId).padEnd(width)}  stands for ${dropped} dropped${host === null ? '' : `, ${ofHost} of them of ${host}`}\n`);
  words(clusters.length === 0 ? 'No document was dropped for another.' : `Look at one:  refine inspect ${run.folder} --cluster '${clusters[0]!.keptId}'`);
}
