// `refine stats` for people: the funnel and what was kept, aligned, without colour.
import type { Stats } from './stats.js';
import type { Quantiles } from './stats-kept.js';

export function statsText(stats: Stats): string {
  const lines: string[] = [];
  const section = (title: string, body: readonly string[]): void => {
    if (body.length > 0) lines.push(...(lines.length > 0 ? [''] : []), title, ...body.map((line) => `  ${line}`));
  };
  if (stats.finished === false) lines.push('This run is not finished: the numbers are of the tasks done so far. Run the same command again to go on.');
  if (stats.source !== undefined) section(`source   ${number(stats.source.files)} files, ${bytes(stats.source.bytes)} read`, sourceLines(stats.source));
  if (stats.failed !== undefined && stats.failed.length > 0)
    section(
      `${number(stats.failed.length)} inputs failed`,
      stats.failed.map((one) => `${one.input}  ${one.code}  ${one.message.split('\n')[0]}`),
    );
  if (stats.steps !== undefined) section('funnel', funnelLines(stats));
  section('warnings', stats.warnings ?? []);
  section('notices', stats.notices ?? []);
  section('thresholds by rank over the run', rankLines(stats));
  const made = [`documents  ${number(stats.documents.out)}`];
  if (stats.tokens !== null) made.push(`tokens     ${number(stats.tokens)}`);
  if (stats.holdout !== undefined) made.push(`held out   ${number(stats.holdout.documents)} documents, ${number(stats.holdout.tokens)} tokens`);
  made.push(
    `shards     ${number(stats.shards)}${stats.bytes.tokens > 0 ? `  (tokens ${bytes(stats.bytes.tokens)}, text ${bytes(stats.bytes.text)})` : stats.bytes.text > 0 ? `  (text ${bytes(stats.bytes.text)})` : ''}`,
  );
  section('kept', made);
  if (stats.duplicates !== undefined) {
    const { dropped, clusters, largest } = stats.duplicates;
    section('duplicates', [
      ...table(Object.entries(dropped).map(([step, count]) => [step, number(count)])),
      `${number(clusters)} kept documents stand for others; the largest near-duplicate cluster has ${number(largest)}`,
    ]);
  }
  section('languages', languageLines(stats));
  section(
    `hosts   ${number(stats.hosts.distinct)} distinct`,
    table(stats.hosts.top.slice(0, 10).map(({ host, documents }) => [host, number(documents), share(documents, stats.documents.out)])),
  );
  section('lengths', lengthLines(stats.lengths));
  return `${lines.join('\n')}\n`;
}

/** Documents by language and, where there are tokens, how many bytes of text one of them holds. */
function languageLines(stats: Stats): string[] {
  const { fertility } = stats;
  const rows = top(Object.entries(stats.langs), 15).map(([lang, count]) => {
    const needs = fertility?.[lang];
    const tokens =
      fertility === undefined ? [] : [needs === undefined ? '' : number(needs.tokens), needs === undefined ? '' : needs.bytes_per_token.toFixed(2)];
    return [lang, number(count), share(count, stats.documents.out), ...tokens];
  });
  return table(fertility === undefined || rows.length === 0 ? rows : [['', 'documents', '', 'tokens', 'bytes/token'], ...rows]);
}

/** Media types named one by one. */
const MAX_TYPES = 12;

function sourceLines(source: NonNullable<Stats['source']>): string[] {
  const rows: string[][] = [['records', number(source.records)]];
  for (const [code, count] of Object.entries(source.skips)) rows.push([`  skipped: ${code}`, number(count)]);
  const payloads = Object.entries(source.payloads ?? {});
  for (const [type, { records, bytes: size, truncated }] of payloads.slice(0, MAX_TYPES)) {
    rows.push([`    payload: ${type}`, number(records), bytes(size), ...(truncated === 0 ? [] : [`${number(truncated)} truncated`])]);
  }
  if (payloads.length > MAX_TYPES)
    rows.push([
      `    payload: ${number(payloads.length - MAX_TYPES)} more types`,
      number(payloads.slice(MAX_TYPES).reduce((sum, [, one]) => sum + one.records, 0)),
    ]);
  rows.push(['documents', number(source.documents)]);
  for (const [code, count] of Object.entries(source.notes)) rows.push([`  noted: ${code}`, number(count)]);
  for (const [code, count] of Object.entries(source.damage)) rows.push([`damaged ranges: ${code}`, number(count)]);
  return table(rows);
}

function funnelLines(stats: Stats): string[] {
  const rows: string[][] = [['step', 'in', 'out', 'kept']];
  for (const step of stats.steps ?? []) {
    rows.push([step.step, number(step.in), number(step.out), share(step.out, step.in)]);
    for (const [reason, count] of Object.entries(step.drops)) rows.push([`  ${reason}`, `-${number(count)}`, '', '']);
  }
  return table(rows);
}

const MOST_RANK_GROUPS = 15;

/** Each order's documents, and the value at each quantile that a threshold names; of many groups the largest. */
function rankLines(stats: Stats): string[] {
  const rows: string[][] = [];
  for (const { step, column, by, groups } of stats.ranks ?? []) {
    const largest = [...groups].sort((a, b) => b.documents - a.documents).slice(0, MOST_RANK_GROUPS);
    for (const { group, documents, cuts } of largest) {
      const values = cuts.map(([quantile, value]) => `${quantile} at ${value === null ? 'none' : Number(value.toPrecision(6))}`);
      rows.push([`${step}: ${column}${by === undefined ? '' : ` of ${by} ${group ?? '(none)'}`}`, `${number(documents)} documents`, ...values]);
    }
    if (groups.length > largest.length) rows.push([`${step}: ${column} of ${groups.length - largest.length} other groups`]);
  }
  return table(rows);
}

function lengthLines(lengths: Stats['lengths']): string[] {
  const names = ['min', 'p10', 'p50', 'p90', 'p99', 'max', 'mean'] as const;
  const row = (unit: string, found: Quantiles | undefined): string[][] =>
    found === undefined ? [] : [[unit, ...names.map((name) => number(Math.round(found[name])))]];
  const rows = [...row('bytes', lengths.bytes), ...row('tokens', lengths.tokens)];
  return rows.length === 0 ? [] : table([['', ...names], ...rows]);
}

/** The first column to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[index]!)))
      .join('  ')
      .trimEnd(),
  );
}

function top(entries: readonly [string, number][], most: number): [string, number][] {
  if (entries.length <= most) return [...entries];
  const rest = entries.slice(most).reduce((total, [, count]) => total + count, 0);
  return [...entries.slice(0, most), [`${entries.length - most} others`, rest]];
}

export function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function share(part: number, whole: number): string {
  return whole === 0 ? '' : `${((100 * part) / whole).toFixed(1)}%`;
}

export function bytes(value: number): string {
  for (const [unit, size] of [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const) {
    if (value >= size) return `${(value / size).toFixed(1)} ${unit}`;
  }
  return `${value} bytes`;
}
