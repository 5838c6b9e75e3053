// What one element of an array does on its node (`refine worker`): its tasks through worker processes, as on any machine, with their
// tries, memory caps and isolation; the ledger has what is done or failed. Its parent may be gone: nothing is told to anybody else.
// Invariants: it never takes the folder's lock and writes nothing but outputs, ledger entries and its own log; told to stop, it takes no
// more tasks, lets those that run end while there is time, and leaves the others as if they had never begun.
import { unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { cudaLibrary, RefineError } from '../../native/index.js';
import type { FetchGate } from '../../stages/contract/source.js';
import { instructionSets } from '../../stages/contract/instruction-sets.js';
import { cudaState, noCuda } from '../device.js';
import { messageOf, recordFailure } from '../failed-inputs.js';
import { GpuService } from '../gpu-service.js';
import { holdFolder } from '../held-folder.js';
import { Ledger } from '../ledger.js';
import type { TaskSpec, WorkerContext } from '../tasks.js';
import type { PoolEvents } from './executor.js';
import { elementLog, levelFolder, noteAgain, notedAgain, readContext, readLevelNote, readTasks } from './level-folder.js';
import { LocalPool } from './local/pool.js';

export interface ElementRun {
  readonly runFolder: string;
  readonly level: string;
  readonly index: number;
  /** Aborted when it is to stop: no new tasks, and the end once `graceMs` of the level are over. */
  readonly stop: AbortSignal;
  /** A line for the element's log. */
  readonly say: (line: string) => void;
}

export interface ElementOutcome {
  readonly done: number;
  readonly failed: number;
  /** Neither: stopped before, or the disk refused. */
  readonly left: number;
}

/** Variables that engines give an element's index in. */
export const INDEX_VARIABLES = ['SLURM_ARRAY_TASK_ID', 'JOB_COMPLETION_INDEX'] as const;

export function elementIndex(given: number | undefined, env: NodeJS.ProcessEnv): number {
  if (given !== undefined) return given;
  for (const name of INDEX_VARIABLES) {
    const text = env[name];
    if (text !== undefined && /^\d{1,9}$/.test(text)) return Number(text);
  }
  throw new RefineError(
    'ERR_REFINE_USAGE',
    `has no index: found neither --index nor ${INDEX_VARIABLES.join(' nor ')}, expected one of them. Add --index 0, or let the engine's array start it.`,
    { place: 'refine worker' },
  );
}

interface InputsModule {
  localGate(): FetchGate;
}

export async function runElement({ runFolder, level, index, stop, say }: ElementRun): Promise<ElementOutcome> {
  const note = await readLevelNote(runFolder, level);
  const first = index * note.chunk;
  if (first >= note.tasks)
    throw new RefineError(
      'ERR_REFINE_USAGE',
      `has no element ${index}: it has ${note.tasks} tasks, ${note.chunk} an element. Use an index below ${Math.ceil(note.tasks / note.chunk)}.`,
      {
        place: join(levelFolder(runFolder, level), 'level.json'),
      },
    );
  const specs = await readTasks(runFolder, level, first, Math.min(note.tasks, first + note.chunk));
  const context = await readContext(runFolder, level);
  checkNode(context, note.gpu);
  holdFolder(runFolder);
  const ledger = new Ledger(runFolder);
  const queue = await withoutDone(ledger, runFolder, level, specs);
  say(`${note.name}, element ${index} on ${hostname()}: ${queue.length} of ${specs.length} tasks to do, ${note.workers} workers`);

  const gate = ((await import(context.modules.inputs)) as InputsModule).localGate();
  const gpu = note.gpu && context.device === 'cuda' ? await GpuService.start(cudaLibrary()!, say) : undefined;
  const whole = gpu === undefined ? context : { ...context, gpu: gpu.address };
  const outcome = { done: specs.length - queue.length, failed: 0 };
  let tried = 0;
  let full = false;
  const kill = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onStop = (): void => {
    say(`told to stop: no more tasks, running ones have ${note.graceMs / 1000} s`);
    timer = setTimeout(() => kill.abort(new RefineError('ERR_REFINE_INTERRUPTED', 'told to stop')), note.graceMs);
  };
  if (stop.aborted) onStop();
  else stop.addEventListener('abort', onStop, { once: true });
  try {
    // A pool of one process each: so the end of a task is a place to stop at.
    await Promise.all(
      Array.from({ length: Math.min(note.workers, queue.length) }, async () => {
        const ended: Promise<void>[] = [];
        const events: PoolEvents = {
          progress: () => undefined,
          done: (spec) => {
            outcome.done++;
            if (isAgain(spec)) ended.push(noteAgain(runFolder, level, spec.task));
          },
          failed: (failure) => {
            outcome.failed++;
            if (failure.code === 'ERR_REFINE_DISK') full = true;
            say(`${failure.spec.label}: failed, ${failure.code} ${messageOf(failure).split('\n')[0]}`);
          },
          retry: (spec, reason) => {
            tried++;
            say(`${spec.label}: tried again, ${reason}`);
          },
        };
        const pool = new LocalPool(1, whole, gate, events);
        try {
          for (let spec = queue.shift(); spec !== undefined && !stop.aborted && !full; spec = queue.shift()) {
            const failures = await pool.run([spec], kill.signal);
            for (const failure of failures) {
              // Another element may have done it meanwhile: one that was thought dead.
              if ((await ledger.done(failure.spec.task)) === null || isAgain(failure.spec)) await recordFailure(ledger, failure, messageOf(failure));
            }
            await Promise.all(ended.splice(0));
          }
        } finally {
          await pool.close();
        }
      }),
    );
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', onStop);
    await gpu?.close();
  }
  const left = specs.length - outcome.done - outcome.failed;
  say(`${outcome.done} done, ${outcome.failed} failed, ${left} left`);
  if (left === 0 && outcome.failed === 0 && tried === 0) await unlink(elementLog(runFolder, level, index)).catch(() => undefined);
  return { ...outcome, left };
}

function isAgain(spec: TaskSpec): boolean {
  return spec.kind === 'map' && spec.again !== undefined;
}

/** An element that was requeued does not do again what it did. */
async function withoutDone(ledger: Ledger, runFolder: string, level: string, specs: readonly TaskSpec[]): Promise<TaskSpec[]> {
  const again = specs.some(isAgain) ? await notedAgain(runFolder, level) : new Set<string>();
  const done = await ledger.doneOf(specs.filter((spec) => !isAgain(spec)).map(({ task }) => task));
  return specs.filter((spec) => (isAgain(spec) ? !again.has(spec.task) : !done.has(spec.task)));
}

/** What the run's neural steps round by must be here too; else this node would write other bytes. */
function checkNode({ device, isa }: WorkerContext, gpu: boolean): void {
  if (device === 'cuda' && gpu) {
    const state = cudaState();
    if (!state.usable) throw noCuda(state);
    const here = `cuda-${state.path ?? 'ampere'}`;
    if (isa !== here)
      throw new RefineError(
        'ERR_REFINE_DEVICE',
        `node ${hostname()} has ${here}, the run's model steps compute by ${isa}. Choose nodes of one kind: executor.slurm.steps, gres or constraint.`,
      );
  } else if (device === 'cpu' && isa !== null && !instructionSets().includes(isa as never))
    throw new RefineError(
      'ERR_REFINE_DEVICE',
      `node ${hostname()} has ${instructionSets().join(', ')}, the run's model steps compute by ${isa}. Pin one that all nodes have (isa: avx2 in the manifest), or choose nodes of one kind.`,
    );
}
