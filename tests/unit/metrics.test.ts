// A run as Prometheus metrics. The oracle of the format is a strict grammar of the text exposition format 0.0.4, written here from
// its page; tests/peers/prometheus.peers.ts reads the same text with prometheus_client.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Exposition, RunMetrics } from '../../pipeline/metrics.js';
import { parseListen, serveMetrics } from '../../pipeline/metrics-server.js';
import { HOSTILE, mapEntry, someEvents } from '../support/run-events.js';

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Refuses what the format does not allow: a sample without its family before it, a family in two places, bad escapes, equal series. */
function parse(text: string): { families: Map<string, string>; samples: Sample[] } {
  assert.ok(text.endsWith('\n'), 'ends with a newline');
  const families = new Map<string, string>();
  const samples: Sample[] = [];
  const seen = new Set<string>();
  let helped: string | null = null;
  let family: string | null = null;
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\]|\\\\|\\n)*)$/.exec(line);
    const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line);
    if (help !== null) {
      assert.ok(!families.has(help[1]!), `${help[1]} stands twice`);
      helped = help[1]!;
      continue;
    }
    if (type !== null) {
      assert.equal(type[1], helped, 'HELP stands before TYPE');
      families.set(type[1]!, type[2]!);
      family = type[1]!;
      if (type[2] === 'counter') assert.match(family, /_total$/);
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(line);
    assert.ok(sample !== null, `no line of the format: ${line}`);
    assert.equal(sample[1], family, 'a sample stands under its family');
    const labels: Record<string, string> = {};
    let rest = sample[2] ?? '';
    while (rest !== '') {
      const pair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)/.exec(rest);
      assert.ok(pair !== null, `no label: ${rest}`);
      labels[pair[1]!] = pair[2]!.replace(/\\(.)/g, (_, of: string) => (of === 'n' ? '\n' : of));
      rest = rest.slice(pair[0].length);
    }
    const key = JSON.stringify([sample[1], Object.entries(labels).sort()]);
    assert.ok(!seen.has(key), `the series stands twice: ${line}`);
    seen.add(key);
    samples.push({ name: sample[1]!, labels, value: Number(sample[3]!.replace('Inf', 'Infinity')) });
  }
  return { families, samples };
}

function after(events = someEvents()): Sample[] {
  const metrics = new RunMetrics(() => 1_700_000_000_000);
  for (const event of events) metrics.take(event);
  return parse(metrics.text()).samples;
}

const value = (samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number | undefined =>
  samples.find((sample) => sample.name === name && Object.entries(labels).every(([key, of]) => sample.labels[key] === of))?.value;

test('counts of a run under way: tasks by level and state, drops by reason, retries, failures, damage, memory, queue', () => {
  const samples = after();
  const level = (state: string): number | undefined => value(samples, 'refine_level_tasks', { level: 'map 1/2', state });
  assert.deepEqual(['done', 'failed', 'running', 'waiting'].map(level), [2, 1, 0, 1]);
  assert.equal(value(samples, 'refine_queue_tasks'), 1);
  assert.deepEqual([value(samples, 'refine_level'), value(samples, 'refine_levels')], [1, 5]);
  assert.equal(value(samples, 'refine_documents_read_total'), 10);
  assert.equal(value(samples, 'refine_documents_kept_total'), 6);
  assert.equal(value(samples, 'refine_documents_dropped_total', { step: 'langid', reason: 'wrong-language' }), 3);
  assert.equal(value(samples, 'refine_documents_dropped_total', { step: 'langid', reason: 'x\\y"z' }), 1);
  assert.equal(value(samples, 'refine_damage_total', { code: 'bad-"length"' }), 1);
  assert.equal(value(samples, 'refine_records_skipped_total', { reason: 'revisit' }), 2);
  assert.equal(value(samples, 'refine_task_retries_total'), 1);
  assert.equal(value(samples, 'refine_tasks_failed_total', { code: 'ERR_REFINE_FETCH' }), 1);
  assert.equal(value(samples, 'refine_task_cpu_seconds_total', { kind: 'map' }), 1.5);
  assert.deepEqual(
    [value(samples, 'refine_worker_resident_bytes', { worker: '0' }), value(samples, 'refine_worker_resident_bytes', { worker: '1' })],
    [0, 2000],
  );
  assert.equal(value(samples, 'refine_tokens_total'), 7);
  assert.equal(value(samples, 'refine_warnings_total'), 1);
  assert.equal(value(samples, 'refine_run_start_time_seconds'), 1_700_000_000);
});

test('a name with quotes, backslashes and newlines comes back as it was; no secret of an event is in the text', () => {
  assert.equal(after().find(({ name }) => name === 'refine_run_info')!.labels.name, HOSTILE);
  const metrics = new RunMetrics();
  for (const event of someEvents()) metrics.take(event);
  assert.doesNotMatch(metrics.text(), /secret/);
});

test('series are bounded: thousands of reasons and levels end in "other" and in the last levels', () => {
  const events = someEvents();
  for (let i = 0; i < 3000; i++)
    events.push({
      type: 'task',
      task: `t${i}`,
      label: 'x',
      kind: 'map',
      state: 'done',
      entry: mapEntry(`t${i}`, { in: 1, out: 0, drops: { [`langid/r${i}`]: 1 } }),
    });
  for (let i = 0; i < 300; i++) events.push({ type: 'phase', name: `level ${i}`, unit: 'tasks', tasks: 1, done: 0, bytes: null });
  const samples = after(events);
  const drops = samples.filter(({ name }) => name === 'refine_documents_dropped_total');
  assert.ok(drops.length <= 1001);
  assert.equal(
    drops.reduce((sum, one) => sum + one.value, 0),
    3004,
    'none is lost',
  );
  assert.equal(samples.filter(({ name }) => name === 'refine_level_tasks').length, 4 * 64);
  assert.equal(value(samples, 'refine_level_tasks', { level: 'level 299' }), 0);
});

test('numbers beyond the ordinary are spelled as the format has them', () => {
  const out = new Exposition();
  out.gauge('x', 'a \\ and\na line', [
    [{ of: 'nan' }, Number.NaN],
    [{ of: 'inf' }, Number.POSITIVE_INFINITY],
    [{ of: 'big' }, 1e300],
    [{ of: 'neg' }, -0.5],
  ]);
  assert.match(out.text(), /^# HELP x a \\\\ and\\na line\n/);
  assert.deepEqual(
    parse(out.text()).samples.map((sample) => sample.value),
    [Number.NaN, Number.POSITIVE_INFINITY, 1e300, -0.5],
  );
});

test('the endpoint answers /metrics with the version of the format, and nothing else', async () => {
  const server = await serveMetrics({ host: '127.0.0.1', port: 0 }, () => 'x 1\n');
  try {
    const answer = await fetch(server.address);
    assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(await answer.text(), 'x 1\n');
    assert.equal((await fetch(server.address.replace('/metrics', '/'))).status, 404);
    assert.equal((await fetch(server.address, { method: 'POST', body: 'x' })).status, 405);
    const port = Number(new URL(server.address).port);
    await assert.rejects(
      serveMetrics({ host: '127.0.0.1', port }, () => ''),
      { code: 'ERR_REFINE_USAGE', place: `127.0.0.1:${port}` },
    );
  } finally {
    await server.close();
  }
  await assert.rejects(fetch(server.address));
});

test('addresses: host and port, a port alone on this machine, IPv6 in brackets; anything else is none', () => {
  assert.deepEqual(parseListen('127.0.0.1:9464'), { host: '127.0.0.1', port: 9464 });
  assert.deepEqual(parseListen('9464'), { host: '127.0.0.1', port: 9464 });
  assert.deepEqual(parseListen(':0'), { host: '127.0.0.1', port: 0 });
  assert.deepEqual(parseListen('[::1]:80'), { host: '::1', port: 80 });
  for (const bad of ['', 'x', '1.2.3.4', 'host:99999', 'http://x:1', 'a b:1', ':-1']) assert.equal(parseListen(bad), null, bad);
});
