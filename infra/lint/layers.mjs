// The layer check (ARCHITECTURE.md, "Layers"): every import points downward, or this exits 1 and names the breach.
//   pipeline/cli > pipeline > stages/<name> > stages/contract > native/*.ts > native/src > kernels
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const files = (folder, endings) =>
  readdirSync(join(root, folder), { recursive: true })
    .map((name) => `${folder}/${String(name).replaceAll('\\', '/')}`)
    .filter((name) => endings.some((ending) => name.endsWith(ending)));

/** The layer of a path (a larger number stands higher) and, for stages, its room. */
function layerOf(path) {
  const [top, second] = path.split('/');
  if (top === 'kernels') return { rank: 0 };
  if (path.startsWith('native/src/')) return { rank: 1 };
  if (top === 'native') return { rank: 2 };
  if (path.startsWith('stages/contract/')) return { rank: 3 };
  if (top === 'stages') return { rank: 4, room: second };
  if (path.startsWith('pipeline/cli/')) return { rank: 6 };
  if (top === 'pipeline') return { rank: 5 };
  return { rank: 7 }; // infra, tests, manifests: on top of everything
}

/** Where the pipeline reaches stages: the registry of steps, and what other rooms use of a stage apart from its step. */
const DOORS = ['registry', 'tokenizers', 'index-files', 'url-lists'].map((name) => `pipeline/${name}.ts`);

const breaches = [];
const breach = (file, target, why) => breaches.push(`${file} imports ${target}: ${why}`);

for (const file of ['pipeline', 'stages', 'native'].flatMap((folder) => files(folder, ['.ts', '.mjs']))) {
  const from = layerOf(file);
  const text = readFileSync(join(root, file), 'utf8');
  for (const match of text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
    const target = relative(root, join(root, dirname(file), match[1])).replaceAll('\\', '/');
    const to = layerOf(target);
    if (to.rank === 7) breach(file, target, 'the product does not stand on infra, tests or manifests');
    else if (to.rank > from.rank) breach(file, target, 'imports point downward');
    else if (from.rank === 4 && to.rank === 4 && from.room !== to.room) breach(file, target, 'a stage never imports another stage');
    else if (from.rank === 5 && to.rank === 4 && !DOORS.includes(file) && to.room !== 'fetch')
      breach(file, target, `only ${DOORS.join(', ')} import stages (sources in stages/fetch aside)`);
    else if (from.rank === 6 && to.rank === 4) breach(file, target, 'commands reach stages through the registry');
  }
  if (file !== 'native/index.ts' && !file.endsWith('pipeline/cli/refine.mjs') && /refine_native\.node/.test(text))
    breaches.push(`${file} names refine_native.node: only native/index.ts loads the addon`);
}
// Two builds of apache-arrow in one process do not know each other's classes: a writer of one leaves the batches of the other out, silently.
for (const file of ['pipeline', 'stages', 'native', 'infra'].flatMap((folder) => files(folder, ['.ts', '.mjs'])))
  if (/^import (?!type)[^;]*from 'apache-arrow'/m.test(readFileSync(join(root, file), 'utf8')))
    breaches.push(`${file} imports apache-arrow: take it from pipeline/arrow.ts (its types may be imported)`);
for (const file of files('kernels', ['.cpp', '.h', '.cc', '.cu', '.cuh'])) {
  const text = readFileSync(join(root, file), 'utf8');
  if (/#include\s*[<"](?:napi|node_api|node)[./h>"]/.test(text)) breaches.push(`${file} includes Node's headers: kernels knows no Node`);
  if (/#include\s*".*native\//.test(text)) breaches.push(`${file} includes from native/`);
}
if (breaches.length > 0) {
  console.error(breaches.join('\n'));
  process.exit(1);
}
console.log('layers: every import points downward');
