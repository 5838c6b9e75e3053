// The fastText models that the package ships, by name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesColumn, column, type Batch } from '../../native/index.js';
import { shippedModels } from '../../stages/contract/weights/shipped.js';
import { fasttext } from '../../stages/fasttext/fasttext.js';

const env = { baseDir: '.', seed: 0 } as unknown as Parameters<typeof fasttext.open>[1];

async function scores(options: Record<string, unknown>, texts: readonly string[]): Promise<number[]> {
  const parsed = fasttext.schema.parse(options);
  const run = await fasttext.open(parsed, env);
  const text = bytesColumn(
    'utf8',
    texts.map((one) => Buffer.from(one)),
  );
  const { columns } = await run.process({ rows: texts.length, columns: { text } } as Batch, new AbortController().signal);
  await run.close();
  return [...(column({ rows: texts.length, columns } as Batch, `score_${parsed.score}`, 'fixed').values as Float32Array)];
}

test('every shipped fastText model passes the check of the step by its name, and a name that is none is a file that is absent', () => {
  const names = shippedModels().flatMap(({ kind, name }) => (kind === 'fasttext' ? [name] : []));
  assert.ok(names.includes('quality'));
  for (const model of names) assert.deepEqual(fasttext.check?.(fasttext.schema.parse({ model }), env), []);
  assert.match(fasttext.check!(fasttext.schema.parse({ model: 'qualities' }), env)[0]!.message, /no such file/);
});

test('quality ranks an article above a menu and above a doorway page', async () => {
  const article =
    'The council voted on Tuesday to keep the old library open for another year, after hundreds of residents had written to say what it meant to them. ' +
    'Its director said that she was surprised by how many of the letters came from people who had moved away long ago and still remembered the reading room.';
  const menu =
    'Home\nAbout us\nContact\nLogin\nRegister\nPrivacy policy\nTerms of use\nSitemap\nFollow us on Facebook\nTwitter\nSubscribe\nRSS\nCopyright 2014 All rights reserved';
  const doorway =
    'Buy cheap replica watches online now! Free shipping on all watches, best prices, best service. Click here to order cheap watches today and save up to 70% on every order! Limited offer!';
  const [good, low, spam] = (await scores({ model: 'quality', label: 'main', score: 'quality' }, [article, menu, doorway])) as [number, number, number];
  assert.ok(good > 0.5 && good > low && good > spam, `${good} ${low} ${spam}`);
});
