// The phases of dedupe-minhash after its map: rounds of bands (keys of an input's documents, then pairs of equal keys, then
// components of all pairs so far), members of the components with their shingles, verdicts by exact Jaccard.
// Invariant: the number of rounds follows from the options, the totals and `spill`; no verdict depends on it, as components of
// the pairs of some bands, joined with the pairs of others, are the components of all.
import { native } from '../../../native/index.js';
import { components, partitionRange, starEdges } from '../../../native/records.js';
import type { NumberedFile, Phase, PhaseLimits, PhaseTask } from '../../contract/barrier.js';
import type { StageEnv } from '../../contract/stage.js';
import { readingIndex } from '../index-against.js';
import { type MinhashSpace, openBands, outsideMembersPhase } from './minhash-index.js';
import { bandKeysOnGpu, onGpu } from './minhash-gpu.js';
import { bandsPerRound, type DedupeMinhashOptions, type MinhashPlan, planOf } from './minhash-options.js';

/** Clusters and hosts of fewer documents never alarm. */
export const ALARM_DOCUMENTS = 100;

type MinhashPhase = Phase<DedupeMinhashOptions>;

const paths = (files: readonly NumberedFile[]): string[] => files.map(({ path }) => path);

export function minhashPhases(
  options: DedupeMinhashOptions,
  totals: Readonly<Record<string, number>>,
  limits: PhaseLimits,
  space: MinhashSpace,
): readonly MinhashPhase[] {
  const plan = planOf(options);
  const documents = totals.documents ?? 0;
  const signed = totals.signed ?? documents;
  const shingles = totals.shingles ?? USUAL_SHINGLES * signed;
  const { bands } = plan.sketch;
  const each = bandsPerRound(plan.sketch, signed, shingles, limits.spillBytes);
  const rounds = Math.ceil(bands / each);
  const width = String(rounds - 1).length;
  const phases: MinhashPhase[] = [];
  for (let round = 0; round < rounds; round++) {
    const name = (part: string, number = round) => `${part}-${String(number).padStart(width, '0')}`;
    const before = round === 0 ? null : name('components', round - 1);
    const [from, to] = [round * each, Math.min(bands, (round + 1) * each)];
    phases.push(
      bandsPhase(plan, name('bands'), from, to),
      pairsPhase(
        name('pairs'),
        name('bands'),
        limits.partitions,
        options.against === undefined ? null : (given, env) => openBands(given, space, env, from, to),
      ),
      componentsPhase(name('components'), name('pairs'), before),
    );
  }
  const last = `components-${String(rounds - 1).padStart(width, '0')}`;
  const outside = options.against === undefined ? [] : [outsideMembersPhase(space, last)];
  phases.push(hostsPhase(), membersPhase(plan, last), ...outside, survivorsPhase(plan, documents, limits.partitions, outside.length > 0));
  return phases;
}

/** Before anything ran: of a page of 5 KB. */
const USUAL_SHINGLES = 800;

function bandsPhase(plan: MinhashPlan, name: string, from: number, to: number): MinhashPhase {
  return {
    name,
    over: 'inputs',
    reads: [{ from: 'map', role: 'shingles', match: 'own' }],
    writes: ['keys'],
    async run(_, task, signal) {
      const [shingles] = paths(task.files('map', 'shingles')) as [string];
      const { gpu } = task.env;
      const { documents, entries } =
        gpu !== undefined && onGpu(plan.sketch)
          ? await bandKeysOnGpu(gpu, shingles, plan.sketch, from, to, task, signal)
          : await native.bandKeys(shingles, task.dropped(), plan.sketch, from, to, task.path('keys'), task.memoryBytes);
      return { rowsIn: documents, rowsOut: entries };
    },
  };
}

type BandsOpener = (options: DedupeMinhashOptions, env: StageEnv) => ReturnType<typeof openBands>;

/** `open`: the keys of an index of earlier runs. */
function pairsPhase(name: string, bands: string, count: number, open: BandsOpener | null): MinhashPhase {
  return {
    name,
    over: 'partitions',
    count,
    reads: [{ from: bands, role: 'keys', match: 'all' }],
    writes: ['pairs'],
    ...(open === null ? {} : { outside: true as const }),
    async run(options, task) {
      const range = partitionRange(task.number, task.count);
      const held = open?.(options, task.env) ?? null;
      const found = await readingIndex(
        held?.index ?? null,
        () => starEdges(paths(task.files(bands, 'keys')), range, [], task.path('pairs'), task.memoryBytes, held?.files), // dropped rows have no keys
      );
      return { rowsIn: found.entries, rowsOut: found.edges, notes: { buckets: found.groups, max_bucket: found.largestGroup } };
    },
  };
}

function componentsPhase(name: string, pairs: string, before: string | null): MinhashPhase {
  return {
    name,
    over: 'run',
    reads: [{ from: pairs, role: 'pairs', match: 'all' }, ...(before === null ? [] : [{ from: before, role: 'components', match: 'all' } as const])],
    writes: ['components'],
    async run(_, task) {
      const folder = await task.folder();
      const files = paths([...task.files(pairs, 'pairs'), ...(before === null ? [] : task.files(before, 'components'))]);
      const found = await components(files, task.path('components'), folder, task.memoryBytes);
      return { rowsIn: found.edges, rowsOut: found.rows };
    },
  };
}

function hostsPhase(): MinhashPhase {
  return {
    name: 'hosts',
    over: 'run',
    reads: [{ from: 'map', role: 'hosts', match: 'all' }],
    writes: ['hosts'],
    async run(_, task) {
      const hosts = await native.sumHosts(paths(task.files('map', 'hosts')), ALARM_DOCUMENTS, task.path('hosts'), await task.folder(), task.memoryBytes);
      return { rowsIn: hosts, rowsOut: hosts };
    },
  };
}

function membersPhase(plan: MinhashPlan, from: string): MinhashPhase {
  return {
    name: 'members',
    over: 'inputs',
    reads: [
      { from: 'map', role: 'shingles', match: 'own' },
      { from, role: 'components', match: 'all' },
    ],
    writes: ['members'],
    async run(_, task) {
      const [shingles] = paths(task.files('map', 'shingles')) as [string];
      const first = BigInt(task.number) << 32n;
      const found = await native.clusterMembers(
        shingles,
        paths(task.files(from, 'components')),
        first,
        first | 0xffff_ffffn,
        plan.verify !== 'none',
        task.path('members'),
        task.memoryBytes,
      );
      return { rowsIn: found.documents, rowsOut: found.members };
    },
  };
}

function survivorsPhase(plan: MinhashPlan, documents: number, count: number, outside: boolean): MinhashPhase {
  return {
    name: 'survivors',
    over: 'partitions',
    count,
    reads: [
      { from: 'members', role: 'members', match: 'all' },
      ...(outside ? [{ from: 'outside-members', role: 'members', match: 'all' } as const] : []),
      { from: 'hosts', role: 'hosts', match: 'all' },
    ],
    writes: ['verdicts'],
    async run(options, task: PhaseTask) {
      const range = partitionRange(task.number, task.count);
      const found = await native.clusterVerdicts(
        paths([...task.files('members', 'members'), ...(outside ? task.files('outside-members', 'members') : [])]),
        range.lo,
        range.hi - 1n,
        { verify: plan.verify, minJaccard: options['min-jaccard'], memoryBytes: task.memoryBytes, folder: await task.folder() },
        { runShare: options['alarm-share'].run, hostShare: options['alarm-share'].host, least: ALARM_DOCUMENTS, documents },
        paths(task.files('hosts', 'hosts')),
        task.path('verdicts'),
      );
      return {
        rowsIn: found.documents,
        rowsOut: found.kept + found.dropped,
        notes: {
          candidates: found.documents, // documents that share a bucket with another
          near_duplicates: found.dropped,
          compared: found.candidates,
          alarms: found.alarms,
          max_component: found.largestComponent,
          max_cluster: found.largest,
          max_host_documents: found.hostDocuments,
          max_host_share_millionths: found.hostShareMillionths,
        },
      };
    },
  };
}

/** What people hear of an alarm, and of candidates that verification kept apart. */
export function minhashNotices(options: DedupeMinhashOptions, notes: Readonly<Record<string, number>>): readonly string[] {
  const { alarms = 0, max_cluster: largest = 0, max_host_documents: documents = 0, max_host_share_millionths: millionths = 0 } = notes;
  if (alarms === 0) return [];
  const limits = options['alarm-share'];
  const host = millionths > 0 ? `; of one host ${percent(millionths / 1e6)} (${documents} documents) went into one` : '';
  const verified = planOf(options).verify === 'survivor' ? '' : ' Candidates are not verified against what is kept: consider verify: survivor.';
  return [
    `${alarms} ${alarms === 1 ? 'cluster takes' : 'clusters take'} more than ${percent(limits.run)} of the run or ${percent(limits.host)} of a host, as templates and error pages do: the largest has ${largest} documents${host}. Look at them: refine inspect RUN --cluster largest.${verified}`,
  ];
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
