// What parent and worker say to each other. Structured clone, so bigints and typed arrays pass.
import type { DoneEntry } from './ledger.js';
import type { TaskSpec, WorkerContext } from './tasks.js';

export type ToWorker =
  /** `journal`: the worker was given journal.ts's file. `watched`: the parent sees what memory it holds. */
  | { readonly type: 'context'; readonly context: WorkerContext; readonly journal?: boolean; readonly watched?: boolean }
  | { readonly type: 'task'; readonly spec: TaskSpec }
  | { readonly type: 'abort' }
  | { readonly type: 'grant'; readonly request: number };

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly entry: DoneEntry }
  | { readonly type: 'failed'; readonly task: string; readonly code: string; readonly message: string; readonly place: string | undefined }
  /** The end of a search (isolation.ts): every suspect came through alone. */
  | { readonly type: 'blameless' }
  /** `moves`: counted work of the task in hand; only that it grows means something. */
  | { readonly type: 'progress'; readonly documents: number; readonly bytes: number; readonly moves: number }
  | { readonly type: 'acquire'; readonly request: number; readonly host: string }
  | { readonly type: 'release'; readonly request: number }
  | { readonly type: 'pause'; readonly host: string; readonly milliseconds: number };
