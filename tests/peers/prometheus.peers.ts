// The metrics text as the reference parser reads it: prometheus_client's text_fd_to_metric_families.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { RunMetrics } from '../../pipeline/metrics.js';
import { HOSTILE, someEvents } from '../support/run-events.js';

const PARSE = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families
print(json.dumps([[f.name, f.type, f.documentation, [[s.name, s.labels, s.value] for s in f.samples]] for f in text_string_to_metric_families(sys.stdin.read())]))
`;

test('prometheus_client reads every family with its type, labels and values', () => {
  const metrics = new RunMetrics(() => 0);
  for (const event of someEvents()) metrics.take(event);
  const text = metrics.text();
  const { status, stdout, stderr } = spawnSync(process.env.REFINE_PYTHON!, ['-c', PARSE], { input: text, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const families = JSON.parse(stdout) as [string, string, string, [string, Record<string, string>, number][]][];
  const named = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [type === 'counter' ? name!.replace(/_total$/, '') : name!, type]);
  assert.deepEqual(
    families.map(([name, type]) => [name, type]),
    named,
  );
  assert.ok(families.every(([, , help]) => help.length > 10));
  const samples = families.flatMap(([, , , of]) => of);
  assert.equal(samples.length, text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length);
  assert.equal(samples.find(([name]) => name === 'refine_run_info')![1].name, HOSTILE);
  assert.equal(samples.find(([name, labels]) => name === 'refine_documents_dropped_total' && labels.reason === 'x\\y"z')![2], 1);
});
