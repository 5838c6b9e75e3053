// The software bill of materials (CycloneDX 1.5) and the list of licences, both from package-lock.json alone: no network, no clock, no
// serial number, so that the same lock file gives the same bytes. `npm run sbom` writes them; tests/unit/sbom.test.ts compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const SBOM = 'infra/docs/sbom.cdx.json';
export const LICENCES = 'infra/docs/licences.md';

/** Licences that an Apache-2.0 program may be shipped with beside others without further terms on the whole. */
const FREE = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Unlicense',
  'Python-2.0',
  'Zlib',
  'WTFPL',
  'Artistic-2.0',
]);

const byName = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const nameOf = (path, entry) => entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
const purlOf = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`;

/** Packages of the lock file, once a name and version: `use` is run, optional or dev, the strongest of its places. */
export function packages(lock) {
  const found = new Map();
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === '' || entry.link === true) continue;
    const name = nameOf(path, entry);
    const use = entry.dev === true || entry.devOptional === true ? 'dev' : entry.optional === true ? 'optional' : 'run';
    const key = `${name}@${entry.version}`;
    const held = found.get(key);
    if (held !== undefined) {
      if (['run', 'optional', 'dev'].indexOf(use) < ['run', 'optional', 'dev'].indexOf(held.use)) held.use = use;
      continue;
    }
    found.set(key, { name, version: entry.version, licence: licenceOf(entry), integrity: entry.integrity ?? null, use });
  }
  return [...found.values()].sort((a, b) => byName(a.name, b.name) || byName(a.version, b.version));
}

function licenceOf({ license }) {
  if (typeof license === 'string') return license;
  return typeof license === 'object' && license !== null && typeof license.type === 'string' ? license.type : 'not stated';
}

/** Whether one way through an SPDX expression is free of further terms: OR chooses, AND needs both. */
export function isFree(expression) {
  const plain = expression.replace(/[()]/g, '').trim();
  if (/ OR /i.test(plain)) return plain.split(/ OR /i).some(isFree);
  if (/ AND /i.test(plain)) return plain.split(/ AND /i).every(isFree);
  return FREE.has(plain);
}

export function sbom(lock, manifest) {
  const component = ({ name, version, licence, integrity, use }) => {
    const hash = /^(sha\d+)-(.+)$/.exec(integrity ?? '');
    return {
      type: 'library',
      'bom-ref': purlOf(name, version),
      name,
      version,
      scope: use === 'run' ? 'required' : use === 'optional' ? 'optional' : 'excluded',
      purl: purlOf(name, version),
      ...(licence === 'not stated' ? {} : { licenses: [/[ (]/.test(licence) ? { expression: licence } : { license: { id: licence } }] }),
      ...(hash === null ? {} : { hashes: [{ alg: hash[1].toUpperCase().replace('SHA', 'SHA-'), content: Buffer.from(hash[2], 'base64').toString('hex') }] }),
    };
  };
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': 'refine',
        name: manifest.name,
        version: manifest.version,
        licenses: [{ license: { id: manifest.license } }],
      },
    },
    components: packages(lock).map(component),
    dependencies: graph(lock),
  };
}

/** Who needs whom, by Node's resolution over the lock file's paths. */
function graph(lock) {
  const edges = new Map();
  const refOf = (path) => (path === '' ? 'refine' : purlOf(nameOf(path, lock.packages[path]), lock.packages[path].version));
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (entry.link === true) continue;
    const needs = edges.get(refOf(path)) ?? new Set();
    edges.set(refOf(path), needs);
    const wanted = { ...entry.dependencies, ...entry.optionalDependencies, ...(path === '' ? entry.devDependencies : {}) };
    for (const name of Object.keys(wanted)) {
      for (let at = path; ; at = at.includes('/node_modules/') ? at.slice(0, at.lastIndexOf('/node_modules/')) : '') {
        const place = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
        if (lock.packages[place] !== undefined) {
          needs.add(refOf(place));
          break;
        }
        if (at === '') break; // of another platform
      }
    }
  }
  return [...edges].map(([ref, needs]) => ({ ref, dependsOn: [...needs].sort(byName) })).sort((a, b) => byName(a.ref, b.ref));
}

export function licences(lock) {
  const all = packages(lock);
  const lines = [
    '# Licences of what refine stands on',
    '',
    'Made by `npm run sbom` from package-lock.json, which also writes the bill of materials `infra/docs/sbom.cdx.json` (CycloneDX 1.5). Models, lists and tables',
    'that lie in the repository are not packages: NOTICE has theirs. refine itself is Apache-2.0.',
    '',
    '| licence | packages that run | optional | for building and testing |',
    '| --- | --- | --- | --- |',
  ];
  const names = [...new Set(all.map(({ licence }) => licence))].sort(byName);
  const count = (licence, use) => all.filter((one) => one.licence === licence && one.use === use).length;
  for (const licence of names) lines.push(`| ${licence} | ${count(licence, 'run')} | ${count(licence, 'optional')} | ${count(licence, 'dev')} |`);
  const notable = all.filter(({ licence }) => !isFree(licence));
  lines.push('', '## To be looked at', '');
  lines.push(
    notable.length === 0
      ? 'None: every licence above lets an Apache-2.0 program stand beside it without terms on the whole.'
      : 'Licences with terms of their own, or not stated in the lock file:',
  );
  if (notable.length > 0)
    lines.push(
      '',
      ...notable.map(
        ({ name, version, licence, use }) =>
          `* ${name} ${version}: ${licence} (${use === 'run' ? 'runs' : use === 'optional' ? 'optional' : 'building and testing'})`,
      ),
    );
  lines.push('', '## Packages that run', '', '| package | version | licence | |', '| --- | --- | --- | --- |');
  for (const { name, version, licence, use } of all)
    if (use !== 'dev') lines.push(`| ${name} | ${version} | ${licence} | ${use === 'optional' ? 'optional' : ''} |`);
  lines.push('');
  return lines.join('\n');
}

/** Both files as they should be: path to text. */
export function billOfMaterials() {
  const read = (name) => JSON.parse(readFileSync(join(root, name), 'utf8'));
  const lock = read('package-lock.json');
  return { [SBOM]: `${JSON.stringify(sbom(lock, read('package.json')), null, 1)}\n`, [LICENCES]: licences(lock) };
}

if (process.argv[1] !== undefined && import.meta.url === new URL(`file://${process.argv[1]}`).href) {
  for (const [path, text] of Object.entries(billOfMaterials())) writeFileSync(join(root, path), text);
}
