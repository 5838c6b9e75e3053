// Errors carry a stable code, and their message names the place, what was found, what was expected and the next move.

export type ErrorCode =
  | 'ERR_REFINE_USAGE' // the command line; exit 2
  | 'ERR_REFINE_MANIFEST' // a manifest or an option in it
  | 'ERR_REFINE_INPUT' // an input that cannot be listed, opened or is not what its name says
  | 'ERR_REFINE_INPUT_CHANGED' // an input whose identity differs from the one planned
  | 'ERR_REFINE_FETCH' // an HTTP source gave up
  | 'ERR_REFINE_ASSET' // a model, list or tokenizer that cannot be read
  | 'ERR_REFINE_WEIGHTS' // a model folder whose config or tensors are damaged, unknown, or larger than the limit
  | 'ERR_REFINE_RUN_DIFFERS' // the run folder belongs to another resolved manifest
  | 'ERR_REFINE_RUN_LOCKED' // another live parent works in the run folder
  | 'ERR_REFINE_SHARD' // a shard whose bytes differ from the ledger
  | 'ERR_REFINE_LEDGER'
  | 'ERR_REFINE_INDEX' // a dedupe index that is damaged, newer or of another geometry
  | 'ERR_REFINE_SIGNATURES' // a folder of datatrove's MinHash signatures that is none, or of another geometry
  | 'ERR_REFINE_DISK' // no space, read-only, permission
  | 'ERR_REFINE_SPILL_DAMAGED' // a record file whose checks do not hold
  | 'ERR_REFINE_SPILL_FORMAT' // a record file of a newer refine
  | 'ERR_REFINE_MEMORY'
  | 'ERR_REFINE_DEVICE' // a GPU or an instruction set that was asked for and is not here
  | 'ERR_REFINE_DEVICE_LOST' // a GPU that stopped answering: its process must end
  | 'ERR_REFINE_WORKER' // a worker process died
  | 'ERR_REFINE_TIME_LIMIT' // a task that does not end within its job's time limit
  | 'ERR_REFINE_ENGINE' // a cluster engine (Slurm, Kubernetes) that refuses or does not answer
  | 'ERR_REFINE_QUEUE_FULL' // a cluster engine's limit on queued jobs is met
  | 'ERR_REFINE_TASKS_FAILED'
  | 'ERR_REFINE_LOADER'
  | 'ERR_REFINE_NATIVE' // the addon is missing or does not load
  | 'ERR_REFINE_INTERRUPTED'
  | 'ERR_REFINE_INTERNAL';

/**
 * Messages are sentences. A single line that ends in a word gets its full stop; one that ends in a command or a URL does not,
 * for people copy those.
 */
function sentence(message: string): string {
  if (message.includes('\n') || !/[\p{L}\p{N})\]"'`’]$/u.test(message)) return message;
  return /(?:\bRun: .*|\bhttps?:\/\/\S+)$/.test(message) ? message : `${message}.`;
}

export class RefineError extends Error {
  readonly code: ErrorCode;
  /** `place` is a file, `file:line:column`, URL, step or task; it opens the printed line. */
  readonly place: string | undefined;

  constructor(code: ErrorCode, message: string, options: { readonly place?: string; readonly cause?: unknown } = {}) {
    super(sentence(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RefineError';
    this.code = code;
    this.place = options.place;
  }

  /** The one line people read: `CODE place  message`. */
  format(): string {
    return this.place === undefined ? `${this.code} ${this.message}` : `${this.code} ${this.place}  ${this.message}`;
  }
}
