// `refine load` over sockets and files, and from a remote run: the same bytes as on stdout, bounded by a slow reader, and
// nothing left behind whoever goes first.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type RecordBatch, RecordBatchReader, tableFromIPC } from 'apache-arrow';
import { generateTokenRun } from '../../infra/bench/token-run.js';
import { packagePath } from '../../native/package-root.js';
import { faults } from '../../pipeline/atomic-file.js';
import { serveFiles } from '../../pipeline/loader/batch-files.js';
import { Loader } from '../../pipeline/loader/loader.js';
import { mixFromArguments } from '../../pipeline/loader/mix-arguments.js';
import { type CrawlServer, startCrawlServer } from '../support/crawl-server.js';

const scratch = mkdtempSync(join(tmpdir(), 'refine-transports-'));
const run = join(scratch, 'run');
const usual = ['--seq-len', '128', '--batch-size', '8'];
const geometry = { seqLen: 128, batchSize: 8 };
let whole: Buffer;
before(async () => {
  generateTokenRun(run, { shards: 6, tokensPerShard: 20_000 });
  const { child, stdout } = load([run, ...usual]);
  whole = await stdout;
  assert.equal(child.exitCode, 0);
  assert.ok(whole.length > 1_000_000);
});
after(() => rmSync(scratch, { recursive: true, force: true }));

interface Running {
  readonly child: ChildProcess;
  readonly stdout: Promise<Buffer>;
  /** Ends with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  stderr(): string;
  /** Resolves once stderr holds it. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
}
function load(args: readonly string[], env: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [packagePath('pipeline', 'cli', 'refine.mjs'), 'load', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, XDG_CACHE_HOME: join(scratch, 'xdg'), ...env },
  });
  let stderr = '';
  const hearers = new Set<() => void>();
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    for (const hear of hearers) hear();
  });
  const ended = once(child, 'close').then(([code, signal]) => (code as number | null) ?? (signal as string));
  const stdout = (async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
    await ended;
    return Buffer.concat(chunks);
  })();
  return {
    child,
    stdout,
    ended,
    stderr: () => stderr,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const hear = (): void => {
          const match = pattern.exec(stderr);
          if (match === null) return;
          hearers.delete(hear);
          resolve(match);
        };
        hearers.add(hear);
        hear();
        void ended.then((code) => reject(new Error(`ended with ${code}: ${stderr}`)));
      }),
  };
}

async function open(address: string): Promise<Socket> {
  const socket = address.startsWith('unix:') ? connect({ path: address.slice(5) }) : connect(Number(/:(\d+)$/.exec(address)![1]), '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}
async function all(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
async function listening(running: Running): Promise<string> {
  return (await running.says(/listening on (\S+)\n/))[1]!;
}
let sockets = 0;
const newSocket = () => join(scratch, `s${sockets++}.sock`);
const statesOf = (stream: Buffer): string[] => [...RecordBatchReader.from(stream)].map((batch: RecordBatch) => batch.metadata.get('refine.state')!);

test('a Unix socket and a TCP port give the bytes that stdout gives, to one reader, and end', async () => {
  for (const address of [`unix:${newSocket()}`, 'tcp:0']) {
    const running = load([run, ...usual, '--listen', address]);
    const where = await listening(running);
    if (address.startsWith('unix:')) assert.equal(lstatSync(where.slice(5)).mode & 0o777, 0o600);
    assert.ok((await all(await open(where))).equals(whole), address);
    assert.equal(await running.ended, 0, running.stderr());
    if (address.startsWith('unix:')) assert.ok(!existsSync(where.slice(5)));
  }
});

test('a reader that goes away ends the stream quietly', async () => {
  const path = newSocket();
  const running = load([run, ...usual, '--epochs', '0', '--listen', `unix:${path}`]);
  const socket = await open(await listening(running));
  await once(socket, 'data');
  socket.destroy();
  assert.equal(await running.ended, 0, running.stderr());
  assert.doesNotMatch(running.stderr(), /ERR_|Error/);
  assert.ok(!existsSync(path));
});

test('SIGTERM ends with 143 and leaves no socket: before a reader came, and while one does not read', async () => {
  for (const withReader of [false, true]) {
    const path = newSocket();
    const running = load([run, ...usual, '--epochs', '0', '--listen', `unix:${path}`]);
    const where = await listening(running);
    const socket = withReader ? (await open(where)).pause() : null;
    if (socket !== null) await once(socket, 'readable');
    running.child.kill('SIGTERM');
    assert.equal(await running.ended, 143);
    assert.match(running.stderr(), /ERR_REFINE_INTERRUPTED/);
    assert.ok(!existsSync(path));
    socket?.destroy();
  }
});

test('SIGTERM ends a stream into a pipe that nobody reads', async () => {
  const child = spawn(process.execPath, [packagePath('pipeline', 'cli', 'refine.mjs'), 'load', run, ...usual, '--epochs', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.pause();
  await once(child.stdout, 'readable');
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [143, null]);
  child.stdout.destroy();
});

test('the socket of a dead process is replaced; a live one, a file and a bad address are refused by name', async () => {
  const path = newSocket();
  const killed = load([run, ...usual, '--listen', `unix:${path}`]);
  await listening(killed);
  killed.child.kill('SIGKILL');
  await killed.ended;
  assert.ok(lstatSync(path).isSocket());
  const next = load([run, ...usual, '--listen', `unix:${path}`]);
  const where = await listening(next);
  const second = load([run, ...usual, '--listen', `unix:${path}`]);
  assert.equal(await second.ended, 2);
  assert.match(second.stderr(), /ERR_REFINE_USAGE --listen unix:.*a live process listens there/);
  await next.says(/listening/);
  assert.ok((await all(await open(where))).equals(whole), 'the question whether it lives took no place from the reader');
  assert.equal(await next.ended, 0);

  writeFileSync(path, 'mine');
  const cases: [string, RegExp][] = [
    [`unix:${path}`, /is no socket/],
    ['unix:', /names no path/],
    [`unix:${join(scratch, 'x'.repeat(100))}`, /longer than the 100 bytes/],
    [`unix:${join(scratch, 'none', 's')}`, /folder .*none does not exist\. Make it first/],
    ['tcp:70000', /the port is 70000/],
    ['7070', /is no address.*unix:\/PATH\.sock or tcp:\[HOST:\]PORT/],
  ];
  for (const [address, message] of cases) {
    const running = load([run, ...usual, '--listen', address]);
    assert.equal(await running.ended, 2, address);
    assert.match(running.stderr(), message);
  }
  assert.equal(readFileSync(path, 'utf8'), 'mine');
});

test('--ranks serves each reader the rank it names, from the state it names, and ends when all were served', async () => {
  const path = newSocket();
  const running = load([run, ...usual, '--world-size', '4', '--ranks', '--listen', `unix:${path}`]);
  const where = await listening(running);
  const ask = async (hello: string): Promise<Buffer> => {
    const socket = await open(where);
    socket.write(hello);
    return all(socket);
  };
  for (const [hello, message] of [
    ['{"rank":4}\n', /"rank" is 4, expected 0\.\.3/],
    ['{"rank":0,"world":2}\n', /has "world"; expected "rank"/],
    ['GET / HTTP/1.1\n', /sent "GET \/ HTTP/],
    ['{"rank":0,"resume":{"seed":1}}\n', /ERR_REFINE_USAGE --resume/],
  ] as const) {
    const answer = JSON.parse((await ask(hello)).toString()) as { error: string };
    assert.match(answer.error, message);
  }
  const resume = JSON.parse(statesOf(whole)[3]!);
  const [rank1, rank0, again, rank3, rank2] = await Promise.all([
    ask('{"rank":1}\n'),
    ask('{"rank":0}\n'),
    ask(`${JSON.stringify({ rank: 1, resume })}\n`),
    ask('{"rank":3}\n'),
    ask('{"rank":2}\n'),
  ]);
  assert.equal(await running.ended, 0, running.stderr());
  for (const [rank, stream] of [rank0, rank1, rank2, rank3].entries()) {
    const alone = load([run, ...usual, '--world-size', '4', '--rank', String(rank)]);
    assert.ok((await alone.stdout).equals(stream!), `rank ${rank}`);
  }
  assert.deepEqual(statesOf(again!), statesOf(rank1!).slice(4));
  assert.ok(!existsSync(path));
});

test('a reader that stops reading stops the stream: memory stays bounded', async () => {
  const running = load([run, ...usual, '--epochs', '0', '--listen', `unix:${newSocket()}`]);
  const socket = await open(await listening(running));
  let taken = 0;
  while (taken < 4_000_000) {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) await once(socket, 'readable');
    else taken += chunk.length;
  }
  const resident = (): number => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${running.child.pid}/status`, 'latin1'))![1]);
  const cpu = (): number => {
    const fields = readFileSync(`/proc/${running.child.pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
    return Number(fields[11]) + Number(fields[12]);
  };
  if (process.platform === 'linux') {
    // At rest: two looks, far enough apart for a running stream to have burnt processor time, see none burnt.
    let before = cpu();
    for (let quiet = 0; quiet < 3; ) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const now = cpu();
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
    assert.ok(resident() < 300_000, `${resident()} kB`);
  }
  socket.destroy();
  assert.equal(await running.ended, 0);
});

test('--files writes each batch as an Arrow file, at most --ahead of them, and an end', async () => {
  const folder = join(scratch, 'files');
  const running = load([run, ...usual, '--files', folder, '--ahead', '3']);
  const rows: string[] = [];
  let most = 0;
  for (let number = 0; ; number++) {
    const path = join(folder, `batch-${String(number).padStart(6, '0')}.arrow`);
    while (!existsSync(path) && !existsSync(join(folder, 'end.json'))) await new Promise((resolve) => setTimeout(resolve, 2));
    if (!existsSync(path)) break;
    most = Math.max(most, readdirSync(folder).filter((name) => name.endsWith('.arrow')).length);
    const table = tableFromIPC(readFileSync(path));
    rows.push(table.batches.map((batch) => batch.metadata.get('refine.state')).join());
    if (number === 2) {
      // Nothing is removed yet: the writer must rest at three.
      await running.says(/samples of/);
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(readdirSync(folder).filter((name) => name.endsWith('.arrow')).length, 3);
      for (let before = 0; before < 2; before++) unlinkSync(join(folder, `batch-${String(before).padStart(6, '0')}.arrow`));
    }
    if (number >= 2) unlinkSync(path);
  }
  assert.equal(await running.ended, 0, running.stderr());
  assert.equal(most, 3);
  assert.deepEqual(rows, statesOf(whole));
  assert.deepEqual(JSON.parse(readFileSync(join(folder, 'end.json'), 'utf8')), { batches: rows.length, state: JSON.parse(rows.at(-1)!) });
  assert.deepEqual(readdirSync(folder), ['end.json']);
  const again = load([run, ...usual, '--files', folder]);
  assert.equal(await again.ended, 2);
  assert.match(again.stderr(), /--files .*holds 1 files of an earlier stream \(end\.json/);
});

test('a folder of files tells nobody who died: SIGTERM ends the writer that waits, and a killed one’s parts are removed', async () => {
  const folder = join(scratch, 'files-killed');
  const running = load([run, ...usual, '--files', folder, '--ahead', '1']);
  while (!existsSync(join(folder, 'batch-000000.arrow'))) await new Promise((resolve) => setTimeout(resolve, 2));
  running.child.kill('SIGTERM');
  assert.equal(await running.ended, 143);
  assert.deepEqual(readdirSync(folder), ['batch-000000.arrow']);
});

test('a disk that fills up takes the batches nobody took with it, and the same command, or one that resumes, then gives the rest', async () => {
  const folder = join(scratch, 'files-full');
  const batch = (number: number): string => join(folder, `batch-${String(number).padStart(6, '0')}.arrow`);
  const stateOf = (number: number): string => tableFromIPC(readFileSync(batch(number))).batches[0]!.metadata.get('refine.state')!;
  const files = async (takes: number): Promise<number> => {
    const loader = await Loader.open(await mixFromArguments([run]), geometry);
    try {
      faults.inject = (path) => {
        if (path !== batch(5)) return;
        last = stateOf(Math.max(0, takes - 1));
        for (let taken = 0; taken < takes; taken++) unlinkSync(batch(taken));
        throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      };
      return await serveFiles(loader, folder, 100);
    } finally {
      faults.inject = undefined;
      await loader.close();
    }
  };
  let last = '';
  await assert.rejects(files(0), { code: 'ERR_REFINE_DISK', message: /Free space .* run the same command again: finished tasks of a run are kept\.$/ });
  assert.deepEqual(readdirSync(folder), []);
  await assert.rejects(files(2), { code: 'ERR_REFINE_DISK', message: /A reader took 2 of the 5 batches written.*--resume.*"refine\.state"\.$/ });
  assert.deepEqual(readdirSync(folder), []);
  const rest = load([run, ...usual, '--files', folder, '--ahead', '200', '--resume', last]);
  assert.equal(await rest.ended, 0, rest.stderr());
  assert.equal(stateOf(0), statesOf(whole)[2]);
});

test('options that contradict each other are refused', async () => {
  for (const [args, message] of [
    [['--ranks'], /--ranks .*needs --listen/],
    [['--files', 'x', '--listen', 'tcp:0'], /cannot be used with/],
    [['--cache-bytes', '0'], /--cache-bytes .*"0".*64GiB/],
    [['--cache-bytes', '3 parsecs'], /--cache-bytes .*3 parsecs/],
    [['--ahead', '0'], /--ahead/],
  ] as const) {
    const running = load([run, ...usual, ...args]);
    assert.equal(await running.ended, 2, running.stderr());
    assert.match(running.stderr(), message);
  }
});

function filesOf(folder: string): { path: string; bytes: Uint8Array }[] {
  const names = ['index.arrow', ...readdirSync(join(folder, 'tokens')).map((name) => `tokens/${name}`)];
  return names.map((name) => ({ path: `runs/x/${name}`, bytes: readFileSync(join(folder, name)) }));
}
async function served<T>(work: (server: CrawlServer) => Promise<T>): Promise<T> {
  const server = await startCrawlServer(filesOf(run));
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

test('a remote run streams the bytes of the local one: over HTTP, and from S3, through faults and a cache', () =>
  served(async (server) => {
    const cache = join(scratch, 'cache');
    server.setFaults({ seed: 3, drop: { maxBytes: 60_000, times: 2 }, wrongFirst: 1, only: '/tokens/' });
    const first = load([`${server.base}/runs/x`, ...usual, '--cache', cache]);
    assert.ok((await first.stdout).equals(whole), first.stderr());
    assert.match(first.stderr(), /refine load: http:\S+\.arrow is fetched again: .*\.bad\./);
    server.setFaults({});
    const before = server.log.length;
    const second = load(['s3://runs/x', ...usual, '--cache', cache, '--cache-bytes', '1GiB'], {
      AWS_ENDPOINT_URL: server.base,
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
    });
    assert.ok((await second.stdout).equals(whole), second.stderr());
    assert.equal(server.log.length, before + 1, 'the index alone');
    assert.deepEqual(readdirSync(join(cache, 'open')), []);
  }));

test('the other packings work on remote runs too, their plans kept in a cache folder', () =>
  served(async (server) => {
    for (const packing of ['best-fit', 'none']) {
      const near = await load([run, ...usual, '--packing', packing]).stdout;
      const far = load([`${server.base}/runs/x`, ...usual, '--packing', packing, '--cache', join(scratch, 'cache-plans')]);
      assert.ok((await far.stdout).equals(near), far.stderr());
    }
  }));

const CLIENTS = process.env.REFINE_FULL === '1' ? 64 : 8;
test(`${CLIENTS} ranks of one job that share a cache: one request for the index each, one for each shard among them all`, () =>
  served(async (server) => {
    const cache = join(scratch, 'cache-ranks');
    const ranks = Array.from({ length: CLIENTS }, (_, rank) =>
      load([`${server.base}/runs/x`, '--seq-len', '128', '--batch-size', '64', '--world-size', String(CLIENTS), '--rank', String(rank), '--cache', cache]),
    );
    const streams = await Promise.all(ranks.map(({ stdout }) => stdout));
    const seen: number[] = [];
    for (const [rank, stream] of streams.entries()) {
      assert.equal(ranks[rank]!.child.exitCode, 0, ranks[rank]!.stderr());
      for (const batch of await RecordBatchReader.from(stream)) for (const sample of batch.getChild('sample')!) seen.push(Number(sample));
    }
    assert.deepEqual(
      seen.sort((a, b) => a - b),
      Array.from({ length: Math.ceil((6 * 20_000) / 128) }, (_, i) => i),
    );
    const asked = (part: string) => server.log.filter(({ path }) => path.includes(part)).length;
    assert.equal(asked('index.arrow'), CLIENTS);
    assert.equal(asked('/tokens/'), 6);
    assert.equal(server.log.length, CLIENTS + 6);
  }));

test('a client without a shared cache asks for the index and once for each shard', () =>
  served(async (server) => {
    const running = load([`${server.base}/runs/x`, ...usual, '--cache', join(scratch, 'cache-own')]);
    await running.stdout;
    assert.equal(server.log.length, 1 + 6);
  }));

test('a server without the run is said with a next move; one that is silent is left at a signal', async () => {
  await served(async (server) => {
    const none = load([`${server.base}/runs/none`, ...usual, '--cache', join(scratch, 'cache-none')]);
    assert.equal(await none.ended, 1);
    assert.match(none.stderr(), /ERR_REFINE_LOADER http:\S+\/runs\/none {2}has no index\.arrow.*not copied whole/);
    server.setFaults({ stallFirst: 1 });
    const asked = server.log.length;
    const silent = load([`${server.base}/runs/x`, ...usual, '--cache', join(scratch, 'cache-none')]);
    while (server.log.length === asked) await new Promise((resolve) => setTimeout(resolve, 5));
    silent.child.kill('SIGTERM'); // it would wait for a minute
    assert.equal(await silent.ended, 143);
    assert.deepEqual(readdirSync(join(scratch, 'cache-none', 'open')), []);
  });
});
