// The issue's table out of a results.json of infra/gpu/run.sh, as markdown: node infra/gpu/table.mjs results.json [--predicted]
// --predicted prints the table of predictions instead, which infra/docs/gpu.md carries; no card is needed for that.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const plan = JSON.parse(readFileSync(join(here, 'rows.json'), 'utf8'));
const ms = (seconds) => (seconds === undefined || seconds === null ? '' : (seconds * 1e3).toPrecision(3));
const percent = (share) => `${Math.round(share * 100)} %`;
const grouped = (value) => Math.round(value).toLocaleString('en');

export function targetText(target) {
  if (target === null) return '';
  if (target.over !== undefined) return `>= ${target.share} x ${target.over}${target.goal ? `, goal ${target.goal}` : ''}`;
  if (target.of !== undefined) return `>= ${percent(target.share)} of ${target.of}`;
  if (target.perSecond !== undefined) return `${grouped(target.value)} ${target.perSecond}/s${target.theirs ? ` (${target.theirs})` : ''}`;
  return `GPU time >= ${percent(target.gpuShare)} of wall time`;
}

/** The rows as predicted: bound, expectation and its assumption. */
export function predictedTable() {
  const rate = (row) =>
    Object.entries(row.items ?? {})
      .map(([name, count]) => `${grouped(count / row.expectedSeconds)} ${name}/s`)
      .join(', ');
  return [
    '| row | bound ms | expected ms | share of the bound | expected rate | target |',
    '| --- | --: | --: | --: | --- | --- |',
    ...plan.rows.map(
      (row) =>
        `| ${row.id} | ${ms(row.lowerSeconds)} | ${ms(row.expectedSeconds)} | ${percent(row.lowerSeconds / row.expectedSeconds)} | ${rate(row)} | ${targetText(row.target)} |`,
    ),
  ].join('\n');
}

/** A run's rows beside targets, torch and predictions. */
export function measuredTable(results) {
  const found = new Map(results.rows.map((row) => [row.id, row]));
  const line = (row) => {
    const held = found.get(row.id);
    if (held?.seconds === undefined)
      return `| ${row.id} | not measured | | | | ${ms(row.expectedSeconds)} | ${ms(row.lowerSeconds)} | ${targetText(row.target)} | |`;
    const shares = [
      ...Object.entries(held.shares).map(([unit, share]) => `${percent(share)} of ${unit}`),
      ...Object.entries(held.per_second).map(([name, value]) => `${grouped(value)} ${name}/s`),
    ];
    if (held.gpu_share !== undefined) shares.push(`GPU time ${percent(held.gpu_share)}`);
    const met = held.met === null ? '' : held.met ? 'met' : 'missed';
    return `| ${row.id} | ${ms(held.seconds)} | ${percent(held.spread)} | ${shares.join(', ')} | ${held.over_torch ? held.over_torch.toFixed(2) : ''} | ${ms(row.expectedSeconds)} | ${ms(row.lowerSeconds)} | ${targetText(row.target)} | ${met} |`;
  };
  return [
    `Device: ${results.device.name ?? 'unknown'}${results.device.driver ? `, driver ${results.device.driver}` : ''}${results.emulated ? ' (emulated: no figure means anything)' : ''}; seed ${results.seed}; torch ${results.device.torch ?? 'absent'}.`,
    '',
    '| operator | path | passed | failed | worst error, share of its limit |',
    '| --- | --- | --: | --: | --: |',
    ...results.checks.map((check) => `| ${check.operator} | ${check.path} | ${check.passed} | ${check.failed} | ${percent(check.worst_share_of_limit)} |`),
    '',
    '| row | ms | spread | rate | over torch | predicted ms | bound ms | target | |',
    '| --- | --: | --: | --- | --: | --: | --: | --- | --- |',
    ...plan.rows.map(line),
    '',
    ...results.failures.map((failure) => `* FAILED ${failure.what}`),
    ...results.notes.map((note) => `* ${note}`),
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file] = process.argv.slice(2);
  if (file === undefined) {
    console.error('usage: node infra/gpu/table.mjs results.json | --predicted');
    process.exit(2);
  }
  console.log(file === '--predicted' ? predictedTable() : measuredTable(JSON.parse(readFileSync(file, 'utf8'))));
}
