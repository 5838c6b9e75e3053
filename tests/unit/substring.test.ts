// dedupe-substring's edges: vocabularies past 16 bits, tokens that do not spell the text, rows that earlier steps dropped, options.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { native, packagePath, utf8Column } from '../../native/index.js';
import { loadTokenizer } from '../../stages/tokenize/load-tokenizer.js';
import { dedupeSubstring, findSpans } from '../support/substring-driver.js';
import { pairsTokenizer } from '../support/tokenizers.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-substring-unit-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const shared = 'Общая часть: τὸ αὐτὸ κείμενο, 同じ文章がここにも立っている。 The same words stand here as well, and again there. ';
const texts = [`Eins. ${shared}Ende des ersten.`, `Zwei, ganz anders! ${shared}Und aus.`, 'Nothing of it here, but words of its own that nobody shares.'];

test('ids that differ above their low 16 bits are different tokens', async () => {
  // Falcon's vocabulary with every id doubled: tokens `a` and `a + 32,768` of it then agree in their low 16 bits.
  const given = JSON.parse(gunzipSync(readFileSync(packagePath('stages', 'tokenize', 'tokenizers', 'falcon', 'tokenizer.json.gz'))).toString('utf8'));
  const names = new Map<number, string>(Object.entries(given.model.vocab as Record<string, number>).map(([name, id]) => [id, name]));
  given.model.vocab = Object.fromEntries(Object.entries(given.model.vocab as Record<string, number>).map(([name, id]) => [name, 2 * id]));
  for (const token of given.added_tokens) token.id *= 2;
  const path = join(folder, 'doubled.json');
  writeFileSync(path, JSON.stringify(given));
  const { handle } = loadTokenizer(path, '.');
  const word = /^Ġ[a-z]{4,}$/;
  const pairs = [...names].filter(([id, name]) => word.test(name) && word.test(names.get(id + 32_768) ?? '')).slice(0, 30);
  const low = pairs.map(([, name]) => name.replace('Ġ', ' ')).join('');
  const high = pairs.map(([id]) => names.get(id + 32_768)!.replace('Ġ', ' ')).join('');
  const { tokens } = await native.bpeEncode(handle, utf8Column([low, high]), { parseSpecial: false, eos: null, bos: null });
  const [first, second] = [0, 1].map((row) => [...(tokens.values.subarray(tokens.offsets[row]!, tokens.offsets[row + 1]!) as Uint32Array)]);
  assert.equal(pairs.length, 30);
  assert.deepEqual(
    first!.map((id) => id % 65_536),
    second!.map((id) => id % 65_536),
  );
  assert.deepEqual((await findSpans([[low, high]], { tokenizer: path, 'min-tokens': 20 })).spans, []);
  const { spans } = await findSpans([[low, high, high]], { tokenizer: path, 'min-tokens': 20 });
  assert.deepEqual(spans, [{ input: 0, row: 2, start: 0, end: high.length }]);
});

test('SentencePiece’s marks stand for spaces: a shared passage is found at its place', async () => {
  const tokenizer = packagePath('node_modules', '@lenml', 'tokenizer-llama2', 'models', 'tokenizer.json');
  const { spans, notes } = await findSpans([texts], { tokenizer, 'min-tokens': 20 });
  assert.equal(notes.unspelled, 0);
  assert.equal(spans.length, 1);
  const bytes = Buffer.from(texts[1]!);
  const found = bytes.subarray(spans[0]!.start, spans[0]!.end).toString();
  assert.ok(shared.includes(found.trim()) && Buffer.byteLength(found) > Buffer.byteLength(shared) - 4, found);
});

test('a document whose tokens do not spell its text takes no part, and people are told', async () => {
  const path = join(folder, 'tokenizer.json');
  writeFileSync(path, pairsTokenizer({ type: 'ByteLevel', add_prefix_space: false, use_regex: false }, { type: 'NFC' }));
  const composed = `café au lait ${shared}`.normalize('NFC');
  const { spans, notes } = await findSpans([[composed, composed.normalize('NFD'), composed]], { tokenizer: path, 'min-tokens': 20 });
  assert.deepEqual(spans, [{ input: 0, row: 2, start: 0, end: Buffer.byteLength(composed) }]);
  assert.equal(notes.unspelled, 1);
  const options = dedupeSubstring.schema.parse({ tokenizer: path });
  const [repeats, left] = dedupeSubstring.notices!(options, notes);
  assert.match(repeats!, /^\d+ of \d+ bytes were repeats \([\d.]+ %\), in \d+ spans of \d+ documents$/);
  assert.match(left!, /^1 documents took no part/);
});

test('rows that earlier steps dropped neither cover others nor are cut', async () => {
  const options = { unit: 'bytes', 'min-bytes': 50 };
  const inputs = [[texts[0]!], [texts[1]!, texts[0]!]];
  const all = await findSpans(inputs, options);
  assert.deepEqual(
    all.spans.map(({ input, row }) => [input, row]),
    [
      [1, 0],
      [1, 1],
    ],
  );
  const fewer = await findSpans(inputs, options, { dropped: [[0], []] });
  assert.deepEqual(
    fewer.spans.map(({ input, row }) => [input, row]),
    [[1, 1]],
  );
  assert.deepEqual((await findSpans(inputs, options, { dropped: [[0], [0]] })).spans, []);
});

test('no input, empty texts and texts shorter than a span have no spans', async () => {
  assert.deepEqual((await findSpans([], {})).spans, []);
  assert.deepEqual((await findSpans([[], ['', 'a', 'a', 'short', 'short']], {})).spans, []);
  assert.deepEqual((await findSpans([['', 'abcd', 'abcd']], { unit: 'bytes', 'min-bytes': 4 })).spans, [{ input: 0, row: 2, start: 0, end: 4 }]);
});

test('a symbols file that was cut short is named', async () => {
  const path = join(folder, 'symbols');
  writeFileSync(path, readFileSync(packagePath('package.json')).subarray(0, 100));
  const params = { span: 50, bytes: true, keepFirst: true };
  const work = { memoryBytes: 2 ** 20, scratch: folder };
  await assert.rejects(native.substringContents(params, 0, path, [], join(folder, 'out'), work), { code: 'ERR_REFINE_SPILL_DAMAGED' });
});
