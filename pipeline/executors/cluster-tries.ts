// What becomes of a task whose job ended without it: tried again, or failed by name. Rules, in tasks' favour where the cluster is to blame:
// - a job that died (exit code, signal, memory): the task is tried again in a job of its own, three times in all;
// - a job at its time limit: unless all its tasks began with it, the rest gets jobs whose tasks all begin at once; a task that had the
//   whole limit and did not end never will;
// - a job that the cluster took (preemption, a node's failure): tried again, ten times;
// - a job that a person cancelled before this call: tried again, and nothing is charged.
// Invariant: every task ends after finitely many jobs, and no task that never ran is charged with another's death more than twice.
import { span } from '../progress-tally.js';
import type { Element } from './engine.js';
import type { Tried } from './level-folder.js';

const DEATHS = 3;
const TAKEN = 10;

export interface EndedElement extends Element {
  /** `element 3 of job 17`. */
  readonly label: string;
  /** Of its log; null where there is none. */
  readonly lastWords: string | null;
  readonly log: string;
  /** Whether each of its tasks had a worker from the beginning. */
  readonly allAtOnce: boolean;
  /** Its time limit, where one was asked for. */
  readonly timeMs?: number;
}

export type Verdict = { readonly again: Tried; readonly reason: string } | { readonly code: string; readonly message: string };

export function afterJob(tried: Tried, ended: EndedElement): Verdict {
  const reason = describe(ended);
  switch (ended.state) {
    case 'cancelled':
      return { again: tried, reason };
    case 'time':
      if (!ended.allAtOnce) return { again: { ...tried, late: tried.late + 1 }, reason };
      return {
        code: 'ERR_REFINE_TIME_LIMIT',
        message:
          `${reason}, and the task had that job's whole time${ended.timeMs === undefined ? '' : ` (${span(ended.timeMs / 1000)})`}. ` +
          'Raise the time limit (executor.slurm.time, or its steps), or leave the input out with --allow-failed.',
      };
    case 'taken': {
      const again = { ...tried, taken: tried.taken + 1 };
      if (again.taken < TAKEN) return { again, reason };
      return {
        code: 'ERR_REFINE_WORKER',
        message: `${reason}, as were the ${TAKEN - 1} jobs before it. Choose a partition that is not preempted or give tasks shorter jobs (executor.tasks-per-element: 1).`,
      };
    }
    default: {
      const again = { ...tried, died: tried.died + 1 };
      if (again.died < DEATHS) return { again, reason };
      const words = ended.lastWords === null ? '' : ` Its last words: ${ended.lastWords}`;
      return ended.state === 'memory'
        ? {
            code: 'ERR_REFINE_MEMORY',
            message: `${reason}, in each of ${DEATHS} jobs.${words} Raise its memory (executor.slurm.memory, or its steps), or leave the input out with --allow-failed.`,
          }
        : {
            code: 'ERR_REFINE_WORKER',
            message: `${reason}, in each of ${DEATHS} jobs.${words} See ${ended.log}; \`refine try\` on the input shows more, --allow-failed leaves it out.`,
          };
    }
  }
}

const HOW: Readonly<Record<string, string>> = {
  done: 'ended with exit code 0 and no ledger entry',
  failed: 'died',
  memory: 'was killed for its memory',
  time: 'reached its time limit',
  taken: 'was taken by the cluster',
  cancelled: 'was cancelled',
  unknown: 'ended, and the engine has forgotten how',
};

function describe({ label, state, reason, node }: EndedElement): string {
  return `${label} ${HOW[state] ?? state}${reason === undefined ? '' : ` (${reason})`}${node === undefined || node === '' ? '' : ` on ${node}`}`;
}
