// The resource report: what ptxas says of every kernel and target (registers, shared memory, stack, spills), from the logs that lie
// beside the objects, as a table in a fixed order. Invariant: the same sources and compiler give the same bytes.
// Spills and stack are forbidden unless resources-allowed.json names the kernel with a reason.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from './library.mjs';

export const reportPath = join(root, 'infra', 'gpu', 'resources.md');
export const allowedPath = join(root, 'infra', 'gpu', 'resources-allowed.json');

/** The kernels of one log of `nvcc -Xptxas -v`: mangled name, target, registers, static shared bytes, stack and spill bytes. */
export function parseReport(log) {
  const kernels = [];
  for (const line of log.split('\n')) {
    const entry = /Compiling entry function '([^']+)' for '([^']+)'/.exec(line);
    if (entry) {
      kernels.push({ symbol: entry[1], target: entry[2], registers: 0, shared: 0, stack: 0, spillStores: 0, spillLoads: 0 });
      continue;
    }
    const kernel = kernels.at(-1);
    if (!kernel) continue;
    // A function that was not inlined is reported under its kernel: its stack and spills count there.
    const frame = /(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads/.exec(line);
    if (frame) {
      kernel.stack += Number(frame[1]);
      kernel.spillStores += Number(frame[2]);
      kernel.spillLoads += Number(frame[3]);
    }
    const used = /Used (\d+) registers/.exec(line);
    if (used) kernel.registers = Number(used[1]);
    const shared = /(\d+) bytes smem/.exec(line);
    if (shared) kernel.shared = Number(shared[1]);
  }
  return kernels;
}

/** Readable names: demangled, without the compiler's file hash, namespaces and parameters. */
export function readable(symbols) {
  const filter = spawnSync('c++filt', [], { input: `${symbols.join('\n')}\n`, encoding: 'utf8' });
  const names = filter.status === 0 ? filter.stdout.split('\n') : symbols;
  return symbols.map((symbol, i) =>
    (names[i] ?? symbol)
      .replace(/^void /, '')
      .replace(/\(anonymous namespace\)::|_GLOBAL__N__[0-9A-Za-z_]+::|refine::cuda::|refine::/g, '')
      .replace(/\((?:[^()]|\([^()]*\))*\)$/, (parameters) => (parameters.includes(')') ? '' : parameters))
      .replace(/\(([A-Za-z_][\w ]*)\)(-?\d+)/g, '$2')
      .replace(/__nv_bfloat16/g, 'bf16')
      .trim(),
  );
}

export const readReports = (units) => units.map((unit) => ({ unit, log: readFileSync(unit.log, 'utf8') }));

/** All kernels of a build, sorted by file, name and target. */
export function kernelsOf(units) {
  const rows = readReports(units).flatMap(({ unit, log }) => parseReport(log).map((kernel) => ({ file: basename(unit.source), ...kernel })));
  const names = readable(rows.map((row) => row.symbol));
  for (const [i, row] of rows.entries()) row.name = names[i];
  const key = (row) => `${row.file}\0${row.name}\0${row.target}`;
  return rows.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

/** Kernels that spill or keep a stack without being allowed to: `{file, name, target, ...}`. */
export function forbidden(rows, allowed = JSON.parse(readFileSync(allowedPath, 'utf8'))) {
  return rows.filter(
    (row) =>
      (row.spillStores > 0 || row.spillLoads > 0 || row.stack > 0) &&
      !allowed.some((entry) => entry.file === row.file && row.name.startsWith(entry.kernel) && row.stack <= entry.stack && row.spillStores <= entry.spills),
  );
}

/** The report as markdown; `missing` are kernel files that were not compiled when it was written. */
export function table(rows, nvcc, missing = []) {
  const spilling = rows.filter((row) => row.spillStores > 0 || row.spillLoads > 0);
  const stacked = rows.filter((row) => row.stack > 0);
  return `${[
    '# Registers, shared memory and spills of the CUDA kernels',
    '',
    `\`npm run build:cuda -- --report\` with nvcc ${nvcc.version} wrote this: ${rows.length} kernels of ${new Set(rows.map((row) => row.file)).size} files and ${new Set(rows.map((row) => row.target)).size} targets;`,
    `${spilling.length} spill, ${stacked.length} keep a stack. Bytes; shared is the static part (dynamic shared memory is asked for at the launch).`,
    'What may spill, and why, stands in `resources-allowed.json`; a test compares.',
    ...(missing.length > 0 ? [`Not in this table yet, for want of time to compile them: ${missing.join(', ')}.`] : []),
    '',
    '| file | kernel | target | registers | shared | stack | spill stores | spill loads |',
    '| --- | --- | --- | --: | --: | --: | --: | --: |',
    ...rows.map(
      (row) =>
        `| ${row.file} | \`${row.name.replaceAll('|', '\\|')}\` | ${row.target} | ${row.registers} | ${row.shared} | ${row.stack} | ${row.spillStores} | ${row.spillLoads} |`,
    ),
  ].join('\n')}\n`;
}

/** The rows of a committed table. */
export function parseTable(text) {
  return [...text.matchAll(/^\| (\S+\.cu) \| `(.*)` \| (\S+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$/gm)].map((found) => ({
    file: found[1],
    name: found[2].replaceAll('\\|', '|'),
    target: found[3],
    registers: Number(found[4]),
    shared: Number(found[5]),
    stack: Number(found[6]),
    spillStores: Number(found[7]),
    spillLoads: Number(found[8]),
  }));
}

export function writeReport(units, nvcc) {
  writeFileSync(reportPath, table(kernelsOf(units), nvcc));
  return reportPath;
}
