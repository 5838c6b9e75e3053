// HTTP reading against a server that misbehaves on purpose (tests/support/crawl-server.ts). The oracle is the file the
// server was given: under every recoverable fault the same bytes, else an error of this file alone. Waiting is recorded
// by a clock of our own, never timed.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { RefineError } from '../../native/errors.js';
import type { Clock } from '../../stages/fetch/clock.js';
import { localGate } from '../../stages/fetch/gate.js';
import { probeUrl, type RemoteVersion, readUrl } from '../../stages/fetch/http.js';
import type { RetryLimits } from '../../stages/fetch/retry.js';
import { type Faults, generator, startCrawlServer } from '../support/crawl-server.js';

const path = 'crawl-data/CC-TEST/segments/1/warc/a.warc.gz';
const random = generator(7);
const file = Uint8Array.from({ length: 300_000 }, () => Math.floor(random() * 256));
file[0] = 0x1f; // as gzip begins

/** Waits pass at once and are written down; time stands still but for them. */
function fakeClock(): Clock & { readonly waits: number[] } {
  const waits: number[] = [];
  let now = 0;
  return {
    waits,
    now: () => now,
    after(ms, then) {
      waits.push(ms);
      const timer = setImmediate(() => {
        now += ms;
        then();
      });
      return () => clearImmediate(timer);
    },
    random: () => 0.5,
    wallMs: () => Date.UTC(2024, 0, 1),
  };
}

async function fetchWith(faults: Faults, options: { expected?: RemoteVersion; limits?: Partial<RetryLimits> } = {}) {
  const server = await startCrawlServer([{ path, bytes: file }], faults);
  const clock = fakeClock();
  const env = { gate: localGate({ minIntervalMs: 0 }, clock), signal: new AbortController().signal, clock, ...(options.limits && { limits: options.limits }) };
  const parts: Uint8Array[] = [];
  let error: RefineError | null = null;
  try {
    for await (const part of readUrl(`${server.base}/${path}`, options.expected ?? null, env)) parts.push(part);
  } catch (thrown) {
    assert.ok(thrown instanceof RefineError, String((thrown as Error).stack));
    error = thrown;
  } finally {
    await server.close();
  }
  return { bytes: Buffer.concat(parts), error, log: server.log, waits: clock.waits };
}

const etag = `"${createHash('md5').update(file).digest('hex')}"`;

for (const [name, faults] of Object.entries<Faults>({
  'an undisturbed server': {},
  'a server that drops connections at random bytes': { drop: { maxBytes: 60_000 } },
  'a server that drops them and ignores ranges': { drop: { maxBytes: 250_000, times: 5 }, ignoreRange: true },
  'a server that drops them and has weak ETags': { drop: { maxBytes: 60_000 }, weakEtag: true },
  'a server that drops them and has no ETag': { drop: { maxBytes: 60_000 }, noEtag: true },
  'a server that throttles with 503 and XML': { throttle: { every: 2, status: 503, retryAfter: '3' } },
  'a server that throttles with 429 and no advice': { throttle: { every: 2, status: 429 } },
  'a server that forbids the first requests': { forbidFirst: 3 },
  'a server that answers 200 with an XML error': { xmlFirst: 2 },
  'a server that drips': { drip: 7001 },
  'a server that gives no length': { noLength: true },
  'a server that does all of it': { throttle: { every: 3, status: 503 }, drop: { maxBytes: 90_000 }, drip: 10_000, xmlFirst: 1, forbidFirst: 1 },
})) {
  test(`${name} gives the bytes of the file`, async () => {
    for (const seed of [1, 2, 3]) {
      const { bytes, error } = await fetchWith({ ...faults, seed });
      assert.equal(error?.format() ?? null, null);
      assert.ok(bytes.equals(file), `seed ${seed}: ${bytes.length} bytes`);
    }
  });
}

test('a resume asks only for what is missing, guarded by the ETag', async () => {
  const { bytes, log } = await fetchWith({ drop: { maxBytes: 100_000 }, seed: 5 });
  assert.ok(bytes.equals(file));
  assert.ok(log.length > 2, 'the fault struck');
  assert.equal(log[0]!.range, null);
  let had = 0;
  for (const [at, answer] of log.entries()) {
    if (at > 0) {
      assert.equal(answer.ifRange, etag);
      const from = Number(/^bytes=(\d+)-$/.exec(answer.range!)![1]);
      assert.equal(answer.status, 206);
      assert.ok(from <= had, 'no byte is left out'); // sent bytes may be lost with their connection, then they are asked for again
    }
    had += answer.sent;
  }
});

test('Retry-After is waited for, in seconds and as a date', async () => {
  for (const [retryAfter, ms] of [
    ['7', 7000],
    ['Mon, 01 Jan 2024 00:00:09 GMT', 9000],
  ] as const) {
    const { bytes, waits, log } = await fetchWith({ throttle: { every: 2, status: 503, retryAfter } });
    assert.ok(bytes.equals(file));
    assert.deepEqual(
      log.map(({ status }) => status),
      [503, 200],
    );
    assert.ok(
      waits.some((waited) => waited >= ms && waited <= ms + 1),
      `${waits}`,
    );
  }
});

test('a host that asks for an hour of silence fails at once and says so', async () => {
  const { error, log, waits } = await fetchWith({ throttle: { every: 1, status: 503, retryAfter: '3600' } });
  assert.equal(error?.code, 'ERR_REFINE_FETCH');
  assert.match(error!.message, /HTTP 503 SlowDown.*3600 s of silence/);
  assert.equal(log.length, 1);
  assert.deepEqual(waits, []);
});

test('giving up names URL, status, tries and the next move, after delays that double', async () => {
  const { error, log, waits } = await fetchWith({ throttle: { every: 1, status: 403 } }, { limits: { idleTries: 4, baseDelayMs: 100 } });
  assert.equal(error?.code, 'ERR_REFINE_FETCH');
  assert.match(
    error!.format(),
    /^ERR_REFINE_FETCH http:\/\/127\.0\.0\.1:\d+\/crawl-data\/.*a\.warc\.gz {2}gave up after 4 tries: HTTP 403 SlowDown\. Run the same command again/,
  );
  assert.equal(log.length, 4);
  assert.deepEqual(
    [...new Set(waits)].filter((ms) => ms > 0),
    [75, 150, 300],
  );
});

test('what is not there is not asked for twice', async () => {
  const { error, log } = await fetchWith({ missing: 'a.warc.gz' });
  assert.equal(error?.code, 'ERR_REFINE_FETCH');
  assert.match(error!.message, /HTTP 404 NoSuchKey, expected 200/);
  assert.equal(log.length, 1);
});

test('an error page that never ends is an error that says what was found', async () => {
  const { error, bytes } = await fetchWith({ xmlFirst: 1000 }, { limits: { idleTries: 3 } });
  assert.match(error!.message, /gave up after 3 tries: HTTP 200 with an error page \(InternalError\)/);
  assert.equal(bytes.length, 0);
});

test('a file that changes in the middle is an error, whether the server honours If-Range or not', async () => {
  for (const more of [{}, { ignoreRange: true }, { weakEtag: true }]) {
    const { error, bytes } = await fetchWith({ drop: { maxBytes: 200_000, times: 1 }, changeAfter: 1, seed: 3, ...more });
    assert.equal(error?.code, 'ERR_REFINE_INPUT_CHANGED');
    assert.match(error!.message, /found 300000 bytes, .*expected 300000 bytes, .*--update/);
    assert.ok(bytes.equals(file.subarray(0, bytes.length)), 'what was given is a prefix of one version');
  }
});

test('a file that is not the planned version is refused before its first byte', async () => {
  for (const expected of [
    { bytes: file.length, tag: '"other"' },
    { bytes: file.length + 1, tag: null },
  ]) {
    const { error, bytes } = await fetchWith({}, { expected });
    assert.equal(error?.code, 'ERR_REFINE_INPUT_CHANGED');
    assert.equal(bytes.length, 0);
  }
});

test('a server that sends nothing but short bodies ends by the count of tries', async () => {
  const { error, log } = await fetchWith({ drop: { maxBytes: 2 } }, { limits: { totalTries: 20 } });
  assert.equal(error?.code, 'ERR_REFINE_FETCH');
  assert.ok(log.length <= 20);
});

test('size and ETag are found by HEAD, and by a range of one byte where HEAD is refused', async () => {
  for (const faults of [{}, { noHead: true }, { forbidFirst: 1 }, { noHead: true, ignoreRange: true }]) {
    const server = await startCrawlServer([{ path, bytes: file }], faults);
    const clock = fakeClock();
    const found = await probeUrl(`${server.base}/${path}`, { gate: localGate({}, clock), signal: new AbortController().signal, clock });
    await server.close();
    assert.deepEqual(found, { bytes: file.length, tag: etag });
  }
});

test('a body that falls silent is given up after the time for it, and read on from there', async () => {
  const { bytes, log } = await fetchWith({ stallFirst: 1 }, { limits: { bodyTimeoutMs: 300 } });
  assert.ok(bytes.equals(file));
  assert.deepEqual(
    log.map(({ status, range }) => [status, range]),
    [
      [200, null],
      [206, `bytes=${file.length / 2}-`],
    ],
  );
});

test('a reader that stops leaves the rest of a large file with the server, and its place to the next', async () => {
  const large = new Uint8Array(64 << 20);
  const server = await startCrawlServer([
    { path, bytes: large },
    { path: 'crawl-data/CC-TEST/b', bytes: file },
  ]);
  const env = { gate: localGate({ maxConcurrent: 1, minIntervalMs: 0 }), signal: new AbortController().signal };
  const reading = readUrl(`${server.base}/${path}`, null, env);
  await reading.next();
  await new Promise((resolve) => setTimeout(resolve, 100)); // time for a server without back-pressure to send it all
  assert.ok(server.log[0]!.sent < large.length / 2, `${server.log[0]!.sent} bytes were sent to a reader that took one chunk`);
  await reading.return();
  const parts: Uint8Array[] = [];
  for await (const part of readUrl(`${server.base}/crawl-data/CC-TEST/b`, null, env)) parts.push(part);
  assert.ok(Buffer.concat(parts).equals(file));
  await server.close();
});

test('an abort ends a read at once with its reason', async () => {
  const server = await startCrawlServer([{ path, bytes: file }], { drip: 1000 });
  const stop = new AbortController();
  const reason = new RefineError('ERR_REFINE_INTERRUPTED', 'stop');
  await assert.rejects(async () => {
    for await (const _ of readUrl(`${server.base}/${path}`, null, { gate: localGate(), signal: stop.signal })) stop.abort(reason);
  }, reason);
  await server.close();
});

test('a host that refuses connections is given up by name', async () => {
  const server = await startCrawlServer([]);
  await server.close();
  const clock = fakeClock();
  const env = { gate: localGate({}, clock), signal: new AbortController().signal, clock, limits: { idleTries: 3 } };
  await assert.rejects(readUrl(`${server.base}/${path}`, null, env).next(), (error: RefineError) => {
    assert.equal(error.code, 'ERR_REFINE_FETCH');
    assert.match(error.message, /gave up after 3 tries: .*ECONNREFUSED.*Check the network/);
    return true;
  });
});

test('a redirect is followed by asking the gate for the other host', async () => {
  const { createServer } = await import('node:http');
  const target = await startCrawlServer([{ path, bytes: file }]);
  const front = createServer((_, response) => response.writeHead(302, { location: `${target.base}/${path}` }).end());
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const asked: string[] = [];
  const gate = localGate({ minIntervalMs: 0 });
  const spy = {
    ...gate,
    acquire(host: string, signal: AbortSignal) {
      asked.push(host);
      return gate.acquire(host, signal);
    },
  };
  const { port } = front.address() as { port: number };
  const parts: Uint8Array[] = [];
  for await (const part of readUrl(`http://127.0.0.1:${port}/x.warc.gz`, null, { gate: spy, signal: new AbortController().signal })) parts.push(part);
  assert.ok(Buffer.concat(parts).equals(file));
  assert.deepEqual(asked, [`127.0.0.1:${port}`, new URL(target.base).host]);
  front.close();
  await target.close();
});

test('the gate holds what the server sees to its limit, over many readers', async () => {
  const files = Array.from({ length: 12 }, (_, at) => ({ path: `crawl-data/CC-TEST/${at}.warc.gz`, bytes: file.subarray(0, 50_000 + at) }));
  const server = await startCrawlServer(files, { drip: 5000 });
  const gate = localGate({ maxConcurrent: 3, minIntervalMs: 0 });
  const read = async ({ path, bytes }: { path: string; bytes: Uint8Array }) => {
    const parts: Uint8Array[] = [];
    for await (const part of readUrl(`${server.base}/${path}`, null, { gate, signal: new AbortController().signal })) parts.push(part);
    assert.ok(Buffer.concat(parts).equals(bytes));
  };
  await Promise.all(files.map(read));
  await server.close();
  assert.equal(server.peak(), 3);
});
