// A run as Croissant: every shard with its digest, every column a field with a type; the same bytes for the same run.
// PyPI mlcroissant validates the same file in tests/peers/croissant.peers.ts.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { typeOf } from '../../pipeline/report/croissant.js';
import { refine } from '../support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-croissant-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Croissant {
  readonly '@context': Record<string, unknown>;
  readonly conformsTo: string;
  readonly distribution: { '@type': string; '@id': string; sha256?: string; contentSize?: string; containedIn?: { '@id': string }[] }[];
  readonly recordSet: {
    '@id': string;
    field: { '@id': string; dataType: string; repeated?: boolean; source: { fileSet: { '@id': string }; extract: { column: string } } }[];
  }[];
}

test('report --croissant names every shard by its sha256 and every column by its type, and gives the same bytes again', async () => {
  const text = (n: number) =>
    `The harbour was quiet that morning ${n}, and the boats, which had come in before dawn, lay still along the wall of the old town.`;
  writeFileSync(
    join(folder, 'a.jsonl'),
    Array.from({ length: 40 }, (_, n) => JSON.stringify({ id: `d${n}`, url: `https://h${n}.example/`, text: text(n) })).join('\n'),
  );
  writeFileSync(
    join(folder, 'm.yaml'),
    'name: croissant\nsource: { jsonl: [a.jsonl] }\nsteps: [langid, tokenize]\nsink: { holdout: { fraction: 0.2, by: id } }\n',
  );
  const out = join(folder, 'run');
  const ran = await refine(['run', join(folder, 'm.yaml'), '--out', out, '--workers', '1']);
  assert.equal(ran.code, 0, ran.stderr);
  const file = join(folder, 'croissant.json');
  const made = await refine(['report', out, '--croissant', file]);
  assert.equal(made.code, 0, made.stderr);
  const card = JSON.parse(readFileSync(file, 'utf8')) as Croissant;
  assert.equal(card.conformsTo, 'http://mlcommons.org/croissant/1.0');

  const objects = card.distribution.filter((one) => one['@type'] === 'cr:FileObject');
  assert.ok(objects.some((one) => one['@id'] === 'text/000000.arrow') && objects.some((one) => one['@id'].startsWith('tokens/holdout-')));
  for (const { '@id': path, sha256, contentSize } of objects) {
    const bytes = readFileSync(join(out, path));
    assert.equal(sha256, createHash('sha256').update(bytes).digest('hex'), path);
    assert.equal(contentSize, `${bytes.length} B`);
  }
  const sets = new Set(card.distribution.filter((one) => one['@type'] === 'cr:FileSet').map((one) => one['@id']));
  const ids = card.recordSet.flatMap((set) => set.field.map((field) => field['@id']));
  assert.equal(new Set(ids).size, ids.length, 'ids are unique');
  for (const { field } of card.recordSet) for (const one of field) assert.ok(sets.has(one.source.fileSet['@id']));
  const types = new Map(card.recordSet.flatMap((set) => set.field.map((field) => [field['@id'], field] as const)));
  assert.equal(types.get('documents/text')?.dataType, 'sc:Text');
  assert.equal(types.get('documents/lang')?.dataType, 'sc:Text', 'a dictionary is text');
  assert.deepEqual([types.get('tokens/tokens')?.dataType, types.get('tokens/tokens')?.repeated], ['sc:Integer', true]);
  assert.ok(!JSON.stringify(card).includes(folder), 'no path of the machine');
  await refine(['report', out, '--croissant', join(folder, 'again.json')]);
  assert.equal(readFileSync(join(folder, 'again.json'), 'utf8'), readFileSync(file, 'utf8'));
});

test('Arrow’s types have their Croissant types', () => {
  for (const [arrow, croissant] of [
    ['Utf8', 'sc:Text'],
    ['Dictionary<Uint16, Utf8>', 'sc:Text'],
    ['Int64', 'sc:Integer'],
    ['Uint16', 'sc:Integer'],
    ['Float32', 'sc:Float'],
    ['Bool', 'sc:Boolean'],
    ['Timestamp<SECOND, UTC>', 'sc:DateTime'],
  ] as const)
    assert.deepEqual(typeOf(arrow), { dataType: croissant }, arrow);
  assert.deepEqual(typeOf('List<Uint16>'), { dataType: 'sc:Integer', repeated: true });
});
