// Every error code of refine: what it means, what mostly causes it, what to do next. The one list of codes: ErrorCode is made of its
// keys, `refine explain CODE` prints an entry, infra/docs/errors.md is generated from it (node dist/infra/docs/errors.js).
// Invariant: a code that any source throws, C++ and Python too, stands here, and nothing stands here that none throws (a test looks).

export interface ErrorEntry {
  /** One line: what is wrong. */
  readonly meaning: string;
  /** What it mostly comes from. */
  readonly cause: string;
  /** What to do; the message of the error itself is more precise. */
  readonly next: string;
}

export const errorCatalogue = {
  ERR_REFINE_USAGE: {
    meaning: 'The command line asks for something that does not exist or does not go together. The exit code is 2, and nothing was touched.',
    cause: 'A mistyped command, option or `--set` path; a value out of its range; two options that exclude each other; a missing file name.',
    next: 'Read the message, then `npx refine COMMAND --help`: it ends with an example that works.',
  },
  ERR_REFINE_MANIFEST: {
    meaning: 'A manifest, or an option in it, is wrong. Every mistake of the file is listed, each with its line and column; nothing was run.',
    cause: 'A mistyped key or step, a value of another kind, a step that reads a column which no earlier step writes, a path that is absent.',
    next: 'Go to the place named; `npx refine validate MANIFEST` says when the file is right. An editor completes and checks options from manifests/schema.json.',
  },
  ERR_REFINE_INPUT: {
    meaning: 'An input cannot be listed or opened, or is not what its name says.',
    cause: 'A wrong path or pattern, a file without a single WARC record (an error page saved as .warc.gz), a folder in place of a file, missing permission.',
    next: 'Look at the file named (`npx refine try extract FILE` reads one by itself). Mend or remove it and run the same command again, or go on without it: `--allow-failed N`.',
  },
  ERR_REFINE_INPUT_CHANGED: {
    meaning: 'An input is not the one that was planned or read before: its size, ETag or digest differs.',
    cause: 'The file was written to while the run read it, was replaced between two runs, or a mirror serves another version.',
    next: 'Let the file rest, then run the same command again. Where the new version is meant, `--update` redoes what depends on it.',
  },
  ERR_REFINE_FETCH: {
    meaning: 'A file over the network did not arrive, after all tries.',
    cause: 'The address is wrong (404), access is refused (401, 403), the server is overloaded (503) or the connection is cut; certificates or a proxy.',
    next: 'Read the status in the message. What was fetched is kept: the same command tries only the rest. A mirror is named by `source.commoncrawl.base`.',
  },
  ERR_REFINE_PARQUET: {
    meaning: 'A Parquet file of the source, of `url: { join }` or of `decontaminate` is damaged, or lacks a column that the manifest names.',
    cause:
      'A download cut short, a file that is no Parquet, encrypted columns, a mistyped text-field, id-field, url-field or date-field, a text column that is a list.',
    next: 'Read the message: it lists the columns there are. Name them under source, fetch the file again, or leave it out.',
  },
  ERR_REFINE_SELECTION: {
    meaning: 'An index cannot be read, selects nothing, or does not describe the files it is used for.',
    cause:
      'A filter that no row meets, an index of another crawl or of files that were recompressed since, index lines without offset and length, a selection file that was removed.',
    next: 'Widen the filter, or make the index anew from the files as they are (`cdxj-indexer`, `node dist/infra/crawl-index/main.js`).',
  },
  ERR_REFINE_STORE: {
    meaning: 'An object store (s3://) refused a request, or gave up answering it.',
    cause:
      'Wrong or expired credentials, a bucket, region or endpoint that is another, a policy that does not allow it, a store that asks for less haste for minutes.',
    next: 'The message names the object and what the store said. Mend it and run the same command again: what was finished stands in the store. infra/docs/storage.md tells of credentials and endpoints.',
  },
  ERR_REFINE_ASSET: {
    meaning: 'A model, list, tokenizer or benchmark that a step uses cannot be read or is not of a kind it knows.',
    cause:
      'A wrong path in an option, a half-downloaded file (or a pointer of Git LFS in its place), a kind of tokenizer that is not supported, a damaged package.',
    next: 'Check the file named. Shipped files come back with `npm ci`; lists with `npx refine fetch lists`; `npx refine doctor` shows all that are found.',
  },
  ERR_REFINE_WEIGHTS: {
    meaning: 'A model folder whose config or tensors are damaged, of an unknown architecture, or larger than the limit.',
    cause: 'A half-downloaded folder, a config.json of another model, an architecture or a quantisation that refine does not run.',
    next: 'Compare the folder with where it came from. infra/docs/model-folders.md lists the architectures and files that are read.',
  },
  ERR_REFINE_RUN_DIFFERS: {
    meaning: 'The run folder was made by another manifest, another version of a step, or for another device: going on would mix two runs.',
    cause: 'The manifest, a `--set`, a list or a model changed since the run began; the first difference is in the message.',
    next: 'Choose another `--out`, or bring the folder up to date with `--update`, which redoes only what changed.',
  },
  ERR_REFINE_RUN_LOCKED: {
    meaning: 'Another live process works in this folder.',
    cause: 'The same command runs already, here or on another machine that shares the disk; or it died on a machine that cannot be asked from here.',
    next: 'Wait for it or stop it. Where its machine is gone for good, the message says which file to remove.',
  },
  ERR_REFINE_SHARD: {
    meaning: 'A shard is not the file that the ledger or index.arrow describes.',
    cause: 'The file was changed, cut or half copied after it was written; a failing disk.',
    next: 'Delete the file and run the same command again: only its task is redone, and the bytes are the same. A copied run is copied again.',
  },
  ERR_REFINE_LEDGER: {
    meaning: 'The ledger of a run is damaged, of a newer refine, or the run is not finished and this command needs a finished one.',
    cause: 'A run that was stopped, a folder copied without its ledger/, files edited by hand.',
    next: 'Run the same `refine run` again: it finishes what is missing. A newer format needs the refine that wrote it.',
  },
  ERR_REFINE_INDEX: {
    meaning: 'A dedupe index is damaged, of a newer format, or of another geometry than the step that asks it.',
    cause: 'The step has other bands, rows, shingles or normalisation than the index was built with; a segment was changed or only half copied.',
    next: 'Give the step the options that the message names, or build the index anew: `npx refine index build`. See infra/docs/dedupe-index.md.',
  },
  ERR_REFINE_SIGNATURES: {
    meaning: "A folder that should hold datatrove's MinHash signatures holds none, or of another geometry.",
    cause: 'Another folder of the job was named, or buckets and hashes differ from those given.',
    next: 'Name the folder of the first MinHash step and the same numbers; infra/docs/dedupe-index.md has the command.',
  },
  ERR_REFINE_DISK: {
    meaning: 'A file cannot be written: no space, read-only, no permission, or the disk fails.',
    cause: 'The disk of the run folder is full (scratch/ holds several times the text while a run goes on), or belongs to somebody else.',
    next: 'Free space, then run the same command again: it goes on. `npx refine plan` says how much a run needs; `npx refine clean RUN` frees scratch/ of a finished one.',
  },
  ERR_REFINE_SPILL_DAMAGED: {
    meaning: 'A temporary file of a barrier, or a segment of an index, fails its own checksums.',
    cause: 'A failing disk or memory, or the file was changed while the run stood.',
    next: 'Run the same command again: it is made anew. If it comes again, test the disk and the memory of the machine.',
  },
  ERR_REFINE_SPILL_FORMAT: {
    meaning: 'A temporary file of a barrier, or a segment of an index, was written by a newer refine or is something else.',
    cause: 'Two versions of refine work on one folder.',
    next: 'Use the newer version, or remove scratch/ of the run and run the same command again.',
  },
  ERR_REFINE_BLOOM_DAMAGED: {
    meaning: "A Bloom filter's file fails its checksums or has another length than it says.",
    cause: 'It was changed, cut or only half copied after it was written.',
    next: 'Delete it and run the same command again: it is made anew.',
  },
  ERR_REFINE_BLOOM_FORMAT: {
    meaning: 'A file named as a Bloom filter is none, or was written by a newer refine.',
    cause: 'Another file was named, or two versions of refine work on one folder.',
    next: 'Name the right file, or use the refine that wrote it.',
  },
  ERR_REFINE_BLOOM_SIZE: {
    meaning: 'Two Bloom filters of different sizes cannot be joined.',
    cause: 'They were made for other counts of keys or another rate of false positives.',
    next: 'Make both with the same options of the step.',
  },
  ERR_REFINE_MEMORY: {
    meaning: 'Memory ran out: of a worker (1 GiB each), of a batch (2 GiB of one column) or of the GPU.',
    cause: 'More workers than the memory holds, a document or batch of extraordinary size, a model too large for the device.',
    next: 'Run with fewer `--workers`. For models take a smaller dtype or `--device cpu`. The same command goes on where it stopped.',
  },
  ERR_REFINE_DEVICE: {
    meaning: 'A GPU or an instruction set was asked for and is not usable here.',
    cause: 'No card, no driver, the CUDA library is not built, or the manifest pins `isa:` to what this processor lacks.',
    next: '`--device auto` takes the CPU where no GPU is usable. `npx refine doctor` says what is missing; infra/docs/gpu.md how to build for one.',
  },
  ERR_REFINE_DEVICE_LOST: {
    meaning: 'The GPU stopped answering in the middle of the work.',
    cause: 'A fault of the card or driver (Xid in dmesg), the card was reset or taken away, or its process died.',
    next: 'Look at `dmesg` and `nvidia-smi`. The task is tried again by itself; the same command goes on where it stopped.',
  },
  ERR_REFINE_WORKER: {
    meaning: 'A worker process died while it did a task, and died again when the task was tried again.',
    cause: 'It was killed (out of memory, by an engine or a person), or native code crashed on an input.',
    next: 'The message names the input and the signal. `dmesg` tells of kills for memory: run with fewer `--workers`. A crash that repeats is a bug: report it with `npx refine doctor --report`.',
  },
  ERR_REFINE_BROKEN_STEP: {
    meaning: 'A step ended its worker, or threw, on every document that came to it (two at least), or on more than 16 documents of one input.',
    cause: 'A mistake in a stage of your own, a model or library that does not work on this machine, options that the step cannot live with.',
    next: 'The message names the step and what was seen. `npx refine try` on the input shows where; mend the step and run the same command again: its inputs are tried anew. `--allow-failed` goes on without them.',
  },
  ERR_REFINE_STALLED: {
    meaning: 'A worker process made no progress for the time that `--stall` gives it, was ended, and stood still again when its task was tried again.',
    cause: 'A step that waits for ever or loops, a file system that hangs; or an honest piece of work that takes longer than `--stall` (10 minutes).',
    next: 'Look whether the disk answers. A longer `--stall` lets slow work end; a single document that hangs a step is dropped as `<step>/stalled` by itself.',
  },
  ERR_REFINE_TIME_LIMIT: {
    meaning: 'A task does not end within the time limit of its cluster job: the engine killed it on every try.',
    cause: 'A time limit that is too short for one input, or a machine far slower than planned.',
    next: 'Raise the limit of the `executor:` block (`npx refine plan` says how long a task takes), then run the same command again.',
  },
  ERR_REFINE_ENGINE: {
    meaning: 'A cluster engine (Slurm, Kubernetes) refuses a job or does not answer.',
    cause: 'Its client is not installed here, the partition, account or namespace is wrong, or the controller is down.',
    next: "Read the engine's own words in the message, try its client by hand (sinfo, kubectl), then run the same command again: it submits only what is missing.",
  },
  ERR_REFINE_QUEUE_FULL: {
    meaning: "The cluster engine's limit on queued jobs is met.",
    cause: 'Other jobs of yours fill the queue, or one user may queue fewer elements than a level has.',
    next: 'The executor waits and submits again by itself; where it gave up, run the same command again once the queue is shorter.',
  },
  ERR_REFINE_TASKS_FAILED: {
    meaning: 'The run ended with tasks that failed for good; each is listed with its own code. Everything else is done and kept.',
    cause: 'Broken inputs, mostly; see the codes in the list.',
    next: 'Mend what the list names and run the same command again: only the failed tasks are tried. `--allow-failed N` goes on without at most N inputs.',
  },
  ERR_REFINE_LOADER: {
    meaning: '`refine load` cannot give batches from this run or mix, or from the state it was handed.',
    cause: 'A run without token shards, a resume state of another run or geometry, parts of a mix with different tokenizers, an index that names absent files.',
    next: 'Name a finished run with a `tokenize` step, and resume with the options that made the state. See infra/docs/training-loop.md.',
  },
  ERR_REFINE_NATIVE: {
    meaning: 'The native core, or a package it needs, is missing or does not load.',
    cause: 'The build failed or npm ran with --ignore-scripts, or Node or the C library changed since.',
    next: 'Run `npm run build` (it needs g++, cmake and make) and read its last lines; then `npx refine doctor`.',
  },
  ERR_REFINE_INTERRUPTED: {
    meaning: 'Ctrl-C or SIGTERM stopped the command. Nothing is lost but the work of the last moments; the exit code is 130 (Ctrl-C) or 143 (SIGTERM).',
    cause: 'You, or an engine that took the machine back.',
    next: 'Run the same command again: it goes on, and the final bytes are the same.',
  },
  ERR_REFINE_INTERNAL: {
    meaning: 'Something that cannot be happened: a mistake of refine, or of a stage of your own.',
    cause: 'A bug. Where the message names a step that is loaded from a path, look there first.',
    next: 'Report it with the whole message and what `npx refine doctor --report` prints.',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type ErrorCode = keyof typeof errorCatalogue;

/** The entry of a code written in any of the ways people write one (`ERR_REFINE_SHARD`, `shard`), or undefined. */
export function findError(written: string): { readonly code: ErrorCode; readonly entry: ErrorEntry } | undefined {
  const short = written.toUpperCase().replaceAll('-', '_');
  const code = short.startsWith('ERR_REFINE_') ? short : `ERR_REFINE_${short}`;
  return Object.hasOwn(errorCatalogue, code) ? { code: code as ErrorCode, entry: errorCatalogue[code as ErrorCode] } : undefined;
}
