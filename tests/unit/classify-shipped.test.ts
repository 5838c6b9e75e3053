// The classifiers that the package ships for `classify`, by name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Batch, column, utf8Column } from '../../native/index.js';
import { classifyWith } from '../../stages/classify/classify.js';
import type { StageEnv } from '../../stages/contract/stage.js';
import { loadTokenizer } from '../../stages/tokenize/load-tokenizer.js';

const step = classifyWith(loadTokenizer);
const env: StageEnv = { seed: 1n, baseDir: '/', device: 'cpu' };
const ARTICLE =
  'The council voted on Tuesday to keep the old library open for another year, after hundreds of residents had written to say what it meant to them. ' +
  'Its director said that she was surprised by how many of the letters came from people who had moved away long ago and still remembered the reading room.';
const MENU =
  'Home\nAbout us\nContact\nLogin\nRegister\nPrivacy policy\nTerms of use\nSitemap\nFollow us on Facebook\nTwitter\nSubscribe\nRSS\nCopyright 2014 All rights reserved';
const DOORWAY =
  'Buy cheap replica watches online now! Free shipping on all watches, best prices, best service. Click here to order cheap watches today and save up to 70% on every order! Limited offer!';
const SHUFFLED = ARTICLE.split(' ')
  .map((word, at) => [(at * 37) % 61, word] as const)
  .sort(([a], [b]) => a - b)
  .map(([, word]) => word)
  .join(' ');

test('quality ranks an article above a menu, a doorway page and its own words in another order, on every dtype', async () => {
  for (const dtype of ['f32', 'bf16', 'int8']) {
    const options = step.schema.parse({ model: 'quality', dtype, languages: 'all' });
    assert.deepEqual(step.check!(options, env), []);
    const run = await step.open(options, env);
    const { columns } = await run.process({ rows: 4, columns: { text: utf8Column([ARTICLE, MENU, DOORWAY, SHUFFLED]) } }, new AbortController().signal);
    await run.close();
    const [article, ...others] = [...(column({ rows: 4, columns: columns! } as Batch, 'score_classify', 'fixed').values as Float32Array)];
    for (const other of others) assert.ok(article! > 0.5 && article! > other + 0.1, `${dtype}: ${article} ${others.join(' ')}`);
  }
});
