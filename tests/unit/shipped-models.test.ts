import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { RefineError } from '../../native/index.js';
import { resolveModel, shippedModels } from '../../stages/contract/weights/shipped.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-models-'));
after(() => rmSync(folder, { recursive: true }));
const says = (pattern: RegExp) => (error: unknown) => error instanceof RefineError && error.code === 'ERR_REFINE_ASSET' && pattern.test(error.message);

test('a folder of the user is found from where the manifest stands', () => {
  mkdirSync(join(folder, 'mine'));
  writeFileSync(join(folder, 'mine', 'config.json'), '{}');
  assert.equal(resolveModel('mine', folder), join(folder, 'mine'));
  assert.equal(resolveModel(join(folder, 'mine'), '.'), join(folder, 'mine'));
});

test('each shipped model is found by its name, and no two of a kind share one', () => {
  const shipped = shippedModels();
  for (const { name, kind, folder: place } of shipped) assert.equal(resolveModel(name, folder, kind), place);
  assert.equal(new Set(shipped.map(({ name, kind }) => `${kind} ${name}`)).size, shipped.length); // `quality` is an encoder and a fastText file
});

test('an unknown name, a file, and a folder without a model are refused with what is wanted', () => {
  assert.throws(() => resolveModel('no-such-model', folder), says(/no such model\. Expected .*a folder with config\.json/));
  writeFileSync(join(folder, 'file'), '');
  assert.throws(() => resolveModel('file', folder), says(/is a file\. Expected the folder/));
  mkdirSync(join(folder, 'empty'));
  assert.throws(() => resolveModel('empty', folder), says(/has no config\.json/));
  assert.throws(() => resolveModel('mine', folder, 'fasttext'), says(/has no model\.ftz or model\.bin; it holds a transformer model/));
});
