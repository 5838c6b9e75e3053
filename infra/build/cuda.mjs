// npm run build:cuda: kernels/cuda/*.cu into build/cuda/librefine_cuda.so (sm_80, sm_90a, PTX of compute_80; the CUDA runtime inside; the
// C ABI of kernels/cuda/library.h and nothing else exported). Without nvcc it says so and succeeds: nothing else needs the library.
//   --jobs N (2)   --targets sm_80,sm_90a,ptx   --strict: a warning fails   --report: registers and spills into infra/gpu/resources.md
import { statSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { compile, findNvcc, link, plan, root, warningsOf } from '../gpu/library.mjs';
import { readReports, writeReport } from '../gpu/resources.mjs';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '2' },
    targets: { type: 'string', default: Object.keys(plan.targets).join(',') },
    strict: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
});
const targets = values.targets.split(',');
const unknown = targets.filter((target) => !(target in plan.targets));
if (unknown.length > 0 || !(Number(values.jobs) >= 1)) {
  console.error(`refine: build:cuda knows --jobs N and --targets ${Object.keys(plan.targets).join(',')}; found ${unknown.join(',') || values.jobs}`);
  process.exit(2);
}
const nvcc = findNvcc();
if (!nvcc) {
  console.log('refine: no nvcc found ($NVCC, PATH, $CUDA_HOME/bin, /usr/local/cuda/bin), so no CUDA kernels are built; everything else works without them.');
  process.exit(0);
}
try {
  const units = await compile(nvcc, { jobs: Number(values.jobs), targets });
  const warned = readReports(units)
    .map(({ unit, log }) => ({ unit, text: warningsOf(log) }))
    .filter(({ text }) => text !== '');
  for (const { unit, text } of warned) console.error(`${basename(unit.source)}:\n${text}`);
  if (values.report) console.log(`refine: ${relative(root, writeReport(units, nvcc))} written`);
  const { library, symbols } = await link(nvcc, units);
  const compiled = units.filter((unit) => !unit.cached).length;
  console.log(
    `refine: ${relative(root, library)}, ${Math.ceil(statSync(library).size / 1024)} KiB, ${symbols.length} symbols, nvcc ${nvcc.version}, ${targets.join(' ')}; ${compiled} of ${units.length} files compiled, ${units.length - compiled} kept.`,
  );
  if (values.strict && warned.length > 0) process.exit(1);
} catch (error) {
  console.error(`refine: ${error.message}`);
  process.exit(1);
}
