// Where `refine load` sends its stream: stdout, a socket, or files. The reader that goes away ends it quietly (exit 0), a signal
// with 130 or 143 at once; sockets and links go by hooks on the process's exit, so nothing is left behind in either case.
import { writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { type Command, Option } from 'commander';
import { RefineError } from '../../native/errors.js';
import { serveFiles } from '../loader/batch-files.js';
import { type Listener, listen, parseListen, readHello } from '../loader/listen.js';
import type { Loader } from '../loader/loader.js';
import { serve, WritableSink } from '../loader/serve.js';
import { count, EXIT, interruptedExit, onStopSignal, words } from './command.js';

export interface OutputOptions {
  readonly listen?: string;
  readonly ranks?: boolean;
  readonly files?: string;
  readonly ahead: number;
}

export function addOutput(command: Command): Command {
  return command
    .option('--listen <address>', 'serve one reader on unix:/PATH.sock or tcp:[HOST:]PORT (this machine only unless a host is named) instead of stdout')
    .option('--ranks', 'with --listen: serve every rank; a reader sends one line, {"rank": 3}, or {"rank": 3, "resume": STATE}')
    .addOption(new Option('--files <dir>', 'write batches as Arrow files that the reader removes, instead of stdout').conflicts('listen'))
    .option('--ahead <n>', 'with --files: how many wait for the reader at most', count('--ahead', 1), 8);
}

export function addRemote(command: Command): Command {
  return command
    .option('--cache <dir>', 'where shards of remote runs are kept (default: refine/shards below $XDG_CACHE_HOME or ~/.cache)')
    .option('--cache-bytes <size>', 'what the cache may hold, such as 64GiB (the default); the shards used least recently go')
    .option('--prefetch <shards>', 'shards of a remote run fetched ahead (default: those of this shuffle window and the next)', count('--prefetch', 0));
}

const UNITS: Readonly<Record<string, number>> = { '': 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30, TIB: 2 ** 40 };

/** `64GiB`, `500MB`, `1000`. */
export function parseBytes(place: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT]?I?B)?$/i.exec(text.trim());
  const bytes =
    match === null ? Number.NaN : Math.floor(Number(match[1]) * (UNITS[(match[2] ?? '').toUpperCase()] ?? (/^b$/i.test(match[2] ?? '') ? 1 : Number.NaN)));
  if (!Number.isSafeInteger(bytes) || bytes < 1)
    throw new RefineError('ERR_REFINE_USAGE', `is ${JSON.stringify(text)}. Expected a size such as 64GiB or 500MB`, { place });
  return bytes;
}

/** Ends the process at the first SIGINT or SIGTERM, whatever it waits for: a pipe that nobody reads, a server, a reader. */
export function endAtSignal(): void {
  onStopSignal(() => {
    const error = new RefineError('ERR_REFINE_INTERRUPTED', 'interrupted. Go on from the last batch with --resume and its "refine.state".');
    writeSync(2, `${error.format()}\n`);
    process.exit(interruptedExit());
  });
}

/** Time for a refused reader to take the line that says why. */
const REFUSED_MS = 5_000;

export interface AskedStream {
  readonly rank: number;
  readonly resume?: string;
}

/** `open` opens the stream of a rank; absent: as the command line says. Resolves with the exit code. */
export async function deliver(open: (asked?: AskedStream) => Promise<Loader>, worldSize: number, options: OutputOptions): Promise<number> {
  if (options.ranks === true && options.listen === undefined)
    throw new RefineError('ERR_REFINE_USAGE', 'needs --listen: stdout and files have one reader', { place: '--ranks' });
  if (options.listen !== undefined) {
    const listener = await listen(parseListen(options.listen));
    words(`refine load: listening on ${listener.address}`);
    try {
      await (options.ranks === true ? serveRanks(open, worldSize, listener) : serveOne(open, listener));
    } finally {
      await listener.close();
    }
    return EXIT.done;
  }
  if (options.files === undefined && process.stdout.isTTY) {
    throw new RefineError('ERR_REFINE_USAGE', 'writes binary Arrow batches: pipe it into a reader (see infra/docs/training-loop.md) or into a file', {
      place: 'refine load',
    });
  }
  const loader = await open();
  try {
    if (options.files !== undefined) words(`refine load: ${await serveFiles(loader, options.files, options.ahead)} batches written`);
    else await serve(loader, new WritableSink(process.stdout));
  } finally {
    await loader.close();
  }
  return EXIT.done;
}

/** The first reader to connect gets the stream; nobody else can connect then. */
async function serveOne(open: () => Promise<Loader>, listener: Listener): Promise<void> {
  const loader = await open();
  try {
    const socket = await new Promise<Socket>((resolve) => {
      listener.onConnection = resolve;
    });
    listener.onConnection = (late) => late.destroy();
    socket.resume(); // nothing is read from it, but its end is noticed
    try {
      await serve(loader, new WritableSink(socket));
    } finally {
      socket.destroy();
    }
  } finally {
    await loader.close();
  }
}

/** Until every rank's stream was taken to its end, or for ever where streams are endless. */
async function serveRanks(open: (asked: AskedStream) => Promise<Loader>, worldSize: number, listener: Listener): Promise<void> {
  const through = new Set<number>();
  await new Promise<void>((resolve) => {
    listener.onConnection = (socket) => {
      socket.on('error', () => undefined);
      void (async () => {
        let loader: Loader | undefined;
        try {
          const asked = checkHello(await readHello(socket), worldSize);
          loader = await open(asked);
          socket.resume();
          if (await serve(loader, new WritableSink(socket))) through.add(asked.rank);
        } catch (error) {
          const message = error instanceof RefineError ? error.format() : (error as Error).message;
          words(`refine load: a reader was refused: ${message}`);
          socket.end(`${JSON.stringify({ error: message })}\n`);
          setTimeout(() => socket.destroy(), REFUSED_MS).unref();
          return;
        } finally {
          await loader?.close();
          if (through.size === worldSize) resolve();
        }
        socket.destroy();
      })();
    };
  });
}

function checkHello(hello: Readonly<Record<string, unknown>>, worldSize: number): AskedStream {
  const { rank, resume, ...rest } = hello;
  const unknown = Object.keys(rest);
  if (unknown.length > 0) throw new Error(`the line has ${JSON.stringify(unknown[0])}; expected "rank" and "resume"`);
  if (!Number.isInteger(rank) || (rank as number) < 0 || (rank as number) >= worldSize)
    throw new Error(`"rank" is ${JSON.stringify(rank)}, expected 0..${worldSize - 1} (--world-size is ${worldSize})`);
  if (resume !== undefined && typeof resume !== 'string' && (typeof resume !== 'object' || resume === null))
    throw new Error('"resume" is neither a state nor its JSON text');
  return { rank: rank as number, ...(resume === undefined ? {} : { resume: typeof resume === 'string' ? resume : JSON.stringify(resume) }) };
}
