// Cross-validation end to end, small: the project's own golden pages as corpus, so no figure here says how good anything is.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { blocksOf } from '../../infra/extract/blocks.js';
import { buildDataset } from '../../infra/extract/dataset.js';
import { defaultRules } from '../../infra/extract/gbdt.js';
import { decodeModel, encodeModel, modelBytes } from '../../infra/extract/model-file.js';
import { extractTexts } from '../../infra/extract/model-texts.js';
import { measureTexts, report } from '../../infra/extract/report.js';
import { type Page, pageOptions, readPage } from '../../infra/extract/pages.js';
import { labelRules } from '../../infra/extract/settings.js';
import { trainFolds, trainWhole } from '../../infra/extract/training.js';
import { bytesColumn, native, packagePath } from '../../native/index.js';

const folder = packagePath('tests', 'golden', 'extract');
const pages: Page[] = readdirSync(folder)
  .sort()
  .map((id) => {
    const gold = { id, url: null, sha1: id, text: readFileSync(join(folder, id, 'expected.txt'), 'utf8') };
    return { corpus: 'readability', id, sha1: id, url: null, gold, file: join(folder, id, 'page.html') };
  });
const places = new Map(pages.map((page, i) => [page.sha1, { group: page.id, fold: i % 2 }]));
const rules = { ...defaultRules, trees: 8, leaves: 4, minRows: 2, minHessian: 0 };

test('every page is scored by the model that did not see its fold, and twice the same', async () => {
  const dataset = buildDataset(pages, labelRules, places);
  assert.equal(dataset.matrix.features, native.blockFeatureNames().length);
  assert.ok(Math.abs(dataset.weights.reduce((a, b) => a + b, 0) - dataset.weights.filter((weight) => weight > 0).length) < 1e-6);
  const first = await trainFolds(dataset, 2, 2, rules);
  const second = await trainFolds(dataset, 2, 1, rules);
  assert.deepEqual(first, second);

  // The model of a fold is the one trained on the other fold's pages alone.
  const others = pages.filter((_, i) => i % 2 === 1);
  const alone = await trainWhole(buildDataset(others, labelRules, places), rules);
  const strip = (words: Uint32Array) => decodeModel(words)[0]!.forest.trees.map((tree) => [...tree.feature]);
  assert.deepEqual(strip(first.models[0]!), strip(alone));

  const texts = await extractTexts(
    pages,
    pages.map((_, i) => first.models[i % 2]!),
  );
  const found = report(pages, measureTexts(pages, texts)).find((row) => row.row === 'readability')!;
  const everything = pages.map((page) => blocksOf(readPage(page), null).texts.join('\n'));
  const baseline = report(pages, measureTexts(pages, everything)).find((row) => row.row === 'readability')!;
  assert.ok(found.figure > baseline.figure, `${found.figure} with a model, ${baseline.figure} with everything`);
});

test('the core scores blocks as the trainer does, to the bit', async () => {
  const dataset = buildDataset(pages, labelRules, places);
  const { models, scores } = await trainFolds(dataset, 2, 1, rules);
  for (const row of dataset.pages) {
    const { odds } = native.inspectBlocks(readPage(row.page), '', '', { ...pageOptions, model: modelBytes(models[row.fold]!) });
    assert.deepEqual([...odds], [...scores.subarray(row.begin, row.end)]);
  }
});

test('a model for other features is refused', async () => {
  const dataset = buildDataset(pages.slice(0, 2), labelRules, places);
  const { forest } = decodeModel(await trainWhole(dataset, rules))[0]!;
  const names = native.blockFeatureNames().map((name, i) => (i === 3 ? `${name}s` : name));
  const model = modelBytes(encodeModel([{ forest, featureNames: names }]));
  const none = bytesColumn('utf8', [null]);
  const columns = { url: none, html: bytesColumn('binary', [readPage(pages[0]!)]), text: none, contentType: none, xRobotsTag: none };
  await assert.rejects(async () => native.extractPages(columns, { ...pageOptions, model }), /model/);
  await assert.rejects(async () => native.extractPages(columns, { ...pageOptions, model: model.subarray(0, 40) }), /model/);
});
