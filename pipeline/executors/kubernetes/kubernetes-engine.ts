// Kubernetes as an engine: arrays are Indexed Jobs, applied, looked at and deleted through kubectl, whose arguments no shell reads.
// Invariant: an index counts as done or failed by the Job's own status; pods only say where an element runs and why one ended.
import { type ExecFileException, execFile } from 'node:child_process';
import { stringify } from 'yaml';
import { RefineError } from '../../../native/errors.js';
import { type ArrayJob, type Element, type ElementState, type ElementStates, type Engine, EngineSilent } from '../engine.js';
import { STOPPED_CODES } from '../worker-exit.js';
import { arrayObject, type KubernetesObject } from './job.js';
import { parseIndexes } from './indexes.js';
import { jobName } from './names.js';
import type { KubernetesOptions } from './options.js';
import { refusalOf } from './refusals.js';

/** Far below what the API takes (100,000 with a limit per index): the Job's status lists indexes in text, in an object of at most 1.5 MB. */
const MAX_ELEMENTS = 20_000;
const MAX_OUTPUT = 512 * 1024 * 1024;
const CALL_MS = 120_000;
const INDEX = 'batch\\.kubernetes\\.io/job-completion-index';
const JOB = 'batch\\.kubernetes\\.io/job-name';
const POD_FIELDS = [
  `.metadata.labels.${JOB}`,
  `.metadata.annotations.${INDEX}`,
  '.status.phase',
  '.spec.nodeName',
  '.status.reason',
  '.status.containerStatuses[0].state.terminated.reason',
  '.status.containerStatuses[0].state.terminated.exitCode',
  '.status.conditions[?(@.type=="DisruptionTarget")].reason',
];
/** Pods of Jobs alone, a line each: their objects would be 10 KB each. */
export const POD_TEMPLATE = `jsonpath={range .items[*]}${POD_FIELDS.map((field) => `{${field}}`).join('{"\\t"}')}{"\\n"}{end}`;

export interface JobStatus {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly completions?: number };
  readonly status?: {
    readonly completedIndexes?: string;
    readonly failedIndexes?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
  };
}

export class KubernetesEngine implements Engine {
  readonly name = 'kubernetes';
  readonly where: Readonly<Record<string, string>>;
  readonly maxElements = MAX_ELEMENTS;
  readonly maxQueued = Number.POSITIVE_INFINITY;
  readonly #options: KubernetesOptions;

  constructor(options: KubernetesOptions) {
    this.#options = options;
    const { context, namespace } = options;
    this.where = { ...(context === undefined ? {} : { context }), ...(namespace === undefined ? {} : { namespace }) };
  }

  async submit(job: ArrayJob): Promise<string> {
    const object = arrayObject(job, this.#options);
    const { name } = object.metadata;
    try {
      await this.create([object]);
    } catch (error) {
      // Names are unique: it is of an earlier try, whose answer was lost.
      if (!(error instanceof Refused) || error.refusal !== 'there') throw error;
    }
    return name;
  }

  async find(name: string): Promise<string | null> {
    const found = (await this.#kubectl(['get', 'jobs', jobName(name), '--ignore-not-found', '-o', 'name'])).trim();
    if (found === '') return null;
    if (!found.endsWith(`/${jobName(name)}`)) throw garbled('get jobs -o name', found, "the Job's name");
    return jobName(name);
  }

  /** Creates objects; those that are there already are an error. */
  async create(objects: readonly KubernetesObject[]): Promise<void> {
    await this.#kubectl(['create', '-f', '-'], yamlOf(objects));
  }

  async states(jobs: readonly string[]): Promise<ReadonlyMap<string, ElementStates>> {
    const states = new Map<string, ElementStates>(jobs.map((job) => [job, new Map()]));
    if (jobs.length === 0) return states;
    const text = await this.#kubectl(['get', 'jobs', ...jobs, '--ignore-not-found', '-o', 'json']);
    if (text.trim() === '') return states;
    const statuses = jobsOf(text);
    const live = statuses.filter(({ status }) => !(status?.conditions ?? []).some(ended)).map(({ metadata }) => metadata.name);
    const broken = statuses.filter(({ status }) => (status?.failedIndexes ?? '') !== '').map(({ metadata }) => metadata.name);
    const asked = [...new Set([...live, ...broken])];
    const selector = `batch.kubernetes.io/job-name in (${asked.join(',')})`;
    const pods = asked.length === 0 ? '' : await this.#kubectl(['get', 'pods', '-l', selector, '-o', POD_TEMPLATE]);
    const byJob = podsByJob(pods);
    for (const job of statuses) states.set(job.metadata.name, elementStates(job, byJob.get(job.metadata.name) ?? new Map()));
    return states;
  }

  async cancel(jobs: readonly string[]): Promise<void> {
    if (jobs.length > 0) await this.#kubectl(['delete', 'jobs', ...jobs, '--ignore-not-found', '--cascade=foreground', '--wait=false']);
  }

  async #kubectl(args: readonly string[], input?: string): Promise<string> {
    const { kubectl, context, namespace } = this.#options;
    const where = [...(context === undefined ? [] : ['--context', context]), ...(namespace === undefined ? [] : ['--namespace', namespace])];
    return await new Promise((resolve, reject) => {
      const child = execFile(kubectl, [...where, ...args], { maxBuffer: MAX_OUTPUT, timeout: CALL_MS }, (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        reject(failureOf(kubectl, args[0]!, error, String(stderr)));
      });
      child.stdin?.on('error', () => undefined); // it ended without reading: its exit says why
      child.stdin?.end(input ?? '');
    });
  }
}

/** YAML 1.1, which kubectl reads: there `yes` without quotes is true, and `1_000` a number. */
export function yamlOf(objects: readonly KubernetesObject[]): string {
  return objects.map((object) => stringify(object, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false })).join('---\n');
}

class Refused extends RefineError {
  constructor(
    readonly refusal: 'there' | 'refused',
    message: string,
    where: { readonly place: string; readonly cause: unknown },
  ) {
    super('ERR_REFINE_ENGINE', message, where);
  }
}

function failureOf(kubectl: string, verb: string, error: ExecFileException, stderr: string): RefineError {
  const place = { place: kubectl, cause: error };
  if (error.code === 'ENOENT')
    return new RefineError('ERR_REFINE_ENGINE', 'is not installed here: install kubectl, or name it by executor.kubernetes.kubectl.', place);
  const late = error.killed === true;
  const said = stderr.trim().split('\n').slice(-3).join(' ') || (late ? `no answer within ${CALL_MS / 1000} s` : error.message);
  // A kubectl that was ended by a signal has said nothing.
  const refusal = late || error.signal != null ? 'silent' : refusalOf(stderr);
  switch (refusal) {
    case 'full':
      return new RefineError('ERR_REFINE_QUEUE_FULL', `the namespace's quota is met: ${said}`, place);
    case 'silent':
      return new EngineSilent('kubernetes', `kubectl ${verb} has no answer: ${said} Check the API server (kubectl get --raw /readyz).`);
    case 'there':
    case 'refused':
      return new Refused(refusal, `kubectl ${verb} failed: ${said} Try \`kubectl auth can-i create jobs\` and \`kubectl get jobs\`.`, place);
  }
}

/** Something else wrote there, or it was cut: another answer may be whole. */
function garbled(what: string, stdout: string, expected: string): EngineSilent {
  return new EngineSilent('kubernetes', `kubectl ${what} answered ${JSON.stringify(stdout.slice(-200))}, expected ${expected}. Try it by hand.`);
}

/** Of `kubectl get jobs -o json`: a Job, or a list of them. */
function jobsOf(text: string): readonly JobStatus[] {
  try {
    const found = JSON.parse(text) as JobStatus | { readonly items: readonly JobStatus[] };
    return 'items' in found ? found.items : [found];
  } catch {
    throw garbled('get jobs -o json', text, 'a whole JSON object');
  }
}

const ended = ({ type, status }: { readonly type: string; readonly status: string }): boolean =>
  status === 'True' && (type === 'Complete' || type === 'Failed');

/** Of each index the pod that ended or began last; a live one before one that ended. */
export function podsByJob(lines: string): Map<string, Map<number, Element>> {
  const byJob = new Map<string, Map<number, Element>>();
  for (const line of lines.split('\n')) {
    const [job, index, phase, node, podReason, reason, code, disruption] = line.split('\t');
    if (job === undefined || index === undefined || !/^\d+$/.test(index)) continue;
    const pods = byJob.get(job) ?? new Map<number, Element>();
    byJob.set(job, pods);
    const live = phase === 'Running' || phase === 'Pending';
    const before = pods.get(Number(index))?.state;
    if (!live && (before === 'running' || before === 'waiting')) continue;
    const state =
      phase === 'Running' ? 'running' : phase === 'Pending' ? 'waiting' : phase === 'Succeeded' ? 'done' : endedBy(podReason, reason, code, disruption);
    const why = [disruption, podReason, reason, code === undefined || code === '' ? '' : `exit code ${code}`].find(
      (word) => word !== undefined && word !== '' && word !== 'Error',
    );
    pods.set(Number(index), { state, ...(why === undefined || live ? {} : { reason: why }), ...(node === undefined || node === '' ? {} : { node }) });
  }
  return byJob;
}

function endedBy(podReason: string | undefined, reason: string | undefined, code: string | undefined, disruption: string | undefined): ElementState {
  if (reason === 'OOMKilled') return 'memory';
  if (podReason === 'DeadlineExceeded') return 'time';
  if ((disruption ?? '') !== '' || STOPPED_CODES.includes(Number(code))) return 'taken';
  return code === undefined || code === '' ? 'unknown' : 'failed';
}

/** The Job's status is the truth; a job that ended leaves indexes it never ran or stopped as taken. */
export function elementStates(job: JobStatus, pods: ReadonlyMap<number, Element>): ElementStates {
  const { completedIndexes, failedIndexes, conditions } = job.status ?? {};
  const failed = new Set(parseIndexes(failedIndexes ?? ''));
  const done = new Set(parseIndexes(completedIndexes ?? ''));
  const over = (conditions ?? []).find(ended);
  const states = new Map<number, Element>();
  for (let index = 0; index < (job.spec.completions ?? 0); index++) {
    const pod = pods.get(index);
    if (done.has(index)) states.set(index, { state: 'done' });
    else if (failed.has(index)) states.set(index, pod !== undefined && DEAD.has(pod.state) ? pod : { state: 'failed', reason: 'BackoffLimitPerIndex' });
    else if (over !== undefined) states.set(index, { state: 'taken', reason: over.reason ?? over.type });
    // A pod that ended while its index did not: another follows.
    else states.set(index, pod === undefined || DEAD.has(pod.state) || pod.state === 'done' ? { state: 'waiting' } : pod);
  }
  return states;
}

const DEAD: ReadonlySet<ElementState> = new Set<ElementState>(['failed', 'memory', 'time', 'taken', 'unknown']);
