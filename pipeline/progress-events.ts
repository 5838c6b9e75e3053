// What a run tells while it goes on, to whoever listens: the display, the metrics endpoint, the JSON log, the progress file of
// `refine status`. Invariant: no text of a document and no secret is in an event; of inputs there are paths, as in the ledger.
import type { DoneEntry } from './ledger.js';
import type { Ahead } from './levels-ahead.js';

/** A task that a worker took; `attempt` from 1. */
export interface TakenTask {
  readonly task: string;
  readonly label: string;
  readonly kind: string;
  /** The worker's slot, from 0. */
  readonly worker: number;
  readonly pid: number | null;
  readonly host: string;
  readonly attempt: number;
}

export type ProgressEvent =
  | {
      readonly type: 'start';
      readonly folder: string;
      readonly inputs: number;
      readonly bytes: number | null;
      readonly workers: number;
      readonly name?: string;
    }
  /** A group of like tasks begins; `done` of `tasks` were done by an earlier run, `bytes` are to be read where that is known. */
  | {
      readonly type: 'phase';
      readonly name: string;
      readonly unit: 'files' | 'tasks';
      readonly tasks: number;
      readonly done: number;
      readonly bytes: number | null;
      /** From 1, of how many: known once the maps before a barrier have counted its documents, expected until then. */
      readonly level?: number;
      readonly levels?: number;
      /** What the levels behind this one will take. */
      readonly ahead?: Ahead;
    }
  | { readonly type: 'work'; readonly documents: number; readonly bytes: number }
  | ({ readonly type: 'begin' } & TakenTask)
  | {
      readonly type: 'task';
      readonly label: string;
      readonly state: 'done' | 'failed' | 'retried';
      /** For people: code and reason. */
      readonly message?: string;
      readonly task?: string;
      readonly kind?: string;
      readonly code?: string;
      readonly place?: string;
      readonly entry?: DoneEntry;
    }
  /** Bytes that a worker holds resident; 0 once it ended. */
  | { readonly type: 'resident'; readonly worker: number; readonly bytes: number }
  | { readonly type: 'warning'; readonly message: string }
  /** `code` where the run did not reach its end. */
  | { readonly type: 'end'; readonly code?: string };

export type Progress = (event: ProgressEvent) => void;

/** One listener that tells several. */
export function tellAll(listeners: readonly Progress[]): Progress {
  return (event) => {
    for (const listener of listeners) listener(event);
  };
}
