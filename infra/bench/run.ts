// The whole path over real pages, in one process, with the CPU time of every step on its own: source, each stage, each
// barrier's map. The page set is ../shared/data/real.warc.gz, or the embedded crawl where that is absent.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packagePath } from '../../native/index.js';
import { loadSteps } from '../../pipeline/registry.js';
import type { Batch } from '../../native/index.js';
import { takeRows } from '../../native/index.js';
import type { AnyStep, BarrierMap, BarrierRun, StageRun } from '../../stages/contract/stage.js';
import { localGate } from '../../stages/fetch/gate.js';
import { listInputs } from '../../stages/fetch/list-inputs.js';
import { openInput } from '../../stages/fetch/open-input.js';
import { sharedPath } from '../../tests/support/shared.js';
import type { Figure } from './main.js';
import { cpuSecondsSince } from './measure.js';

const steps = await loadSteps();
const PATH = ['url', 'extract', 'langid', 'repetition', 'quality', 'lines', 'dedupe-url', 'dedupe-exact', 'dedupe-minhash', 'tokenize'];

interface OpenStep {
  readonly name: string;
  readonly step: AnyStep;
  readonly run: StageRun | null;
  readonly barrier: { readonly run: BarrierRun; readonly map: BarrierMap } | null;
  cpuSeconds: number;
  rowsIn: number;
  rowsOut: number;
}

export async function figures(): Promise<readonly Figure[]> {
  const real = sharedPath('data', 'real.warc.gz');
  const paths =
    real === null
      ? readdirSync(packagePath('manifests', 'sample'))
          .filter((name) => name.endsWith('.gz'))
          .map((name) => packagePath('manifests', 'sample', name))
      : [real];
  const controller = new AbortController();
  const gate = localGate();
  const inputs = await listInputs({ kind: 'warc', paths }, { baseDir: packagePath('manifests'), seed: 0n, gate, signal: controller.signal });
  const env = { seed: 0n, baseDir: packagePath('manifests'), device: 'cpu' as const };
  const open: OpenStep[] = [];
  for (const name of PATH) {
    const step = steps.get(name)!;
    const options = step.schema.parse({});
    open.push({
      name,
      step,
      run: step.kind === 'stage' ? await step.open(options, env) : null,
      barrier: step.kind === 'barrier' ? await openBarrier(await step.open(options, env), name) : null,
      cpuSeconds: 0,
      rowsIn: 0,
      rowsOut: 0,
    });
  }
  let documents = 0;
  let textBytes = 0;
  let sourceSeconds = 0;
  const begin = process.cpuUsage();
  for (const input of inputs) {
    const batches = openInput(input, { gate }).batches(controller.signal)[Symbol.asyncIterator]();
    for (;;) {
      const start = process.cpuUsage();
      const next = await batches.next();
      sourceSeconds += cpuSecondsSince(start);
      if (next.done) break;
      documents += next.value.rows;
      let batch: Batch = next.value;
      for (const entry of open) {
        entry.rowsIn += batch.rows;
        const from = process.cpuUsage();
        batch = await through(entry, batch, controller.signal);
        entry.cpuSeconds += cpuSecondsSince(from);
        entry.rowsOut += batch.rows;
      }
      const text = batch.columns.text;
      if (text?.kind === 'utf8') textBytes += text.offsets[batch.rows]!;
    }
  }
  const total = cpuSecondsSince(begin);
  for (const entry of open) {
    await entry.barrier?.map.finish();
    await (entry.run ?? entry.barrier!.run).close();
  }
  rmSync(scratch, { recursive: true });
  const on = `${documents} pages of ${real === null ? 'the embedded crawl' : 'real.warc.gz'}`;
  const out: Figure[] = [
    {
      bench: 'run',
      what: 'whole path in one process, to token ids',
      unit: 'pages/s',
      value: documents / total,
      note: `${on}; ${(textBytes / 1e6).toFixed(1)} MB of text kept`,
    },
    { bench: 'run', what: 'read WARC (inflate, digests, HTTP)', unit: 'pages/s', value: documents / sourceSeconds, note: share(sourceSeconds, total) },
  ];
  for (const entry of open)
    out.push({
      bench: 'run',
      what: entry.name,
      unit: 'documents/s',
      value: entry.rowsIn / entry.cpuSeconds,
      note: `${share(entry.cpuSeconds, total)}; ${entry.rowsIn} in, ${entry.rowsOut} out`,
    });
  return out;
}

const share = (seconds: number, total: number) => `${((100 * seconds) / total).toFixed(1)} % of the path`;

const scratch = join(tmpdir(), `refine-bench-run-${process.pid}`);

async function openBarrier(run: BarrierRun, name: string): Promise<{ run: BarrierRun; map: BarrierMap }> {
  mkdirSync(scratch, { recursive: true });
  const files = { path: (role: string) => join(scratch, `${name}.${role}`), folder: async () => scratch, memoryBytes: 128 * 1024 * 1024 };
  return { run, map: run.map(files) };
}

async function through(entry: OpenStep, batch: Batch, signal: AbortSignal): Promise<Batch> {
  if (entry.barrier !== null) {
    const from = BigInt(entry.rowsIn - batch.rows);
    await entry.barrier.map.add(
      batch,
      BigUint64Array.from({ length: batch.rows }, (_, row) => from + BigInt(row)),
      signal,
    );
    return batch;
  }
  const result = await entry.run!.process(batch, signal);
  const columns = { ...batch.columns, ...result.columns };
  if (entry.step.kind === 'stage') for (const name of entry.step.consumes ?? []) delete columns[name];
  const whole = { rows: batch.rows, columns };
  if (result.drops === undefined) return whole;
  const keep: number[] = [];
  for (let row = 0; row < batch.rows; row++) if (result.drops[row] === 0) keep.push(row);
  return keep.length === batch.rows ? whole : takeRows(whole, keep);
}
