// Any bytes as a tokenizer file: it is read, or refused with ERR_REFINE_ASSET at its place; what is read can encode. Small good
// files of every kind are changed a byte, a field or a part at a time, with sizes and ids that promise more than is there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../support/properties.js';
import { native, RefineError } from '../../native/index.js';
import { readSentencePieceModel } from '../../stages/tokenize/sentencepiece-model.js';
import { readTiktoken } from '../../stages/tokenize/tiktoken-file.js';
import type { Json, TokenizerFile } from '../../stages/tokenize/token-file.js';
import { readTokenizerJson } from '../../stages/tokenize/tokenizer-json.js';
import { sentencePieceModel } from '../support/sentencepiece.js';
import { BYTE_CHARACTERS, encodeTexts, tokenizerJson } from '../support/tokenizers.js';

const numRuns = process.env.REFINE_FULL === '1' ? 20_000 : 700;
const TEXTS = ['', ' a b\n', 'ab ba <end> 東\u{1f600}', '<unk>▁a'];

async function readOrRefused(read: () => TokenizerFile): Promise<void> {
  let file: TokenizerFile;
  try {
    file = read();
  } catch (error) {
    assert.ok(error instanceof RefineError && error.code === 'ERR_REFINE_ASSET' && error.place === 'x', String((error as Error).stack));
    assert.ok(error.message.length < 1200, `a message of ${error.message.length} characters`);
    return;
  }
  const handle = native.bpeOpen(file.definition);
  for (const ids of await encodeTexts(handle, TEXTS, 'parse')) {
    for (const id of ids) assert.ok(id < file.vocabSize);
    native.bpeDecode(handle, Uint32Array.from(ids));
  }
}

const model = sentencePieceModel({
  pieces: [
    { text: '<unk>', type: 2 },
    { text: '</s>', type: 3 },
    { text: '[b a]', type: 4 },
    { text: 'ab', score: -1 },
    { text: '▁a', score: -2 },
    { text: 'a', score: -3 },
    { text: 'b', score: -4 },
    { text: '▁', score: -5 },
  ],
  map: Uint8Array.from([16, 0, 0, 0, ...new Array(16).fill(0), 65, 0]),
});
const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
const overBytes = tokenizerJson(
  { type: 'BPE', vocab: { ...Object.fromEntries(BYTE_CHARACTERS.map((character, byte) => [character, byte])), ab: 256 }, merges: ['a b'] },
  { normalizer: { type: 'NFC' }, pre_tokenizer: bytes, decoder: bytes, added_tokens: [{ id: 257, content: '<end>', special: true, lstrip: true }] },
);
const overCharacters = tokenizerJson(
  { type: 'BPE', vocab: { '<unk>': 0, a: 1, b: 2, '▁': 3, ab: 4, '▁a': 5 }, merges: [['a', 'b'], '▁ a'], unk_token: '<unk>', fuse_unk: true },
  {
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
  },
);
const ranks = `${Array.from({ length: 256 }, (_, byte) => `${Buffer.from([byte]).toString('base64')} ${byte}\n`).join('')}YWI= 256\n`;

/** Some bytes replaced, some cut out, some put in. */
const changes = fc.array(fc.record({ at: fc.nat(), cut: fc.nat(3), put: fc.uint8Array({ maxLength: 6 }) }), { minLength: 1, maxLength: 4 });
function changed(source: Uint8Array, edits: readonly { at: number; cut: number; put: Uint8Array }[]): Uint8Array {
  let out = [...source];
  for (const { at, cut, put } of edits) {
    const place = at % (out.length + 1);
    out = [...out.slice(0, place), ...put, ...out.slice(place + cut)];
  }
  return Uint8Array.from(out);
}

test('a changed or random SentencePiece model is read or refused', async () => {
  await fc.assert(
    fc.asyncProperty(changes, (edits) => readOrRefused(() => readSentencePieceModel(changed(model, edits), 'x'))),
    { numRuns, seed: 1 },
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), (random) => readOrRefused(() => readSentencePieceModel(random, 'x'))),
    { numRuns, seed: 2 },
  );
});

test('a changed rank file is read or refused', async () => {
  const source = Buffer.from(ranks);
  await fc.assert(
    fc.asyncProperty(changes, (edits) => readOrRefused(() => readTiktoken(changed(source, edits), 'x', 'o200k', new Map([['<end>', 300]])))),
    { numRuns: numRuns / 4, seed: 3 },
  );
});

test('a tokenizer.json with any value in any place is read or refused', async () => {
  const values = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
    fc.constantFrom<Json>(
      -1,
      1e308,
      4_194_303,
      4_194_304,
      '▁',
      ' ',
      '<0x41>',
      'Unigram',
      'ByteLevel',
      'Metaspace',
      'Split',
      '__proto__',
      { type: 'NFC' },
      { type: 'ByteLevel' },
      { __proto__x: 1 },
    ),
  );
  const places: (string | number)[][] = [];
  const walk = (value: Json, path: (string | number)[]) => {
    places.push(path);
    if (typeof value !== 'object' || value === null) return;
    for (const key of Object.keys(value).slice(0, 8)) walk((value as Record<string, Json>)[key]!, [...path, key]);
  };
  const replaced = (source: string, path: readonly (string | number)[], value: Json, gone: boolean): string => {
    const root = JSON.parse(source);
    if (path.length === 0) return JSON.stringify(value);
    let at = root;
    for (const key of path.slice(0, -1)) at = at[key];
    if (gone) delete at[path.at(-1)!];
    else at[path.at(-1)!] = value;
    return JSON.stringify(root);
  };
  for (const [i, source] of [overBytes, overCharacters].entries()) {
    places.length = 0;
    walk(JSON.parse(source) as Json, []);
    const paths = [...places];
    await fc.assert(
      fc.asyncProperty(fc.nat(paths.length - 1), values, fc.integer({ min: 0, max: 5 }), (at, value, gone) =>
        readOrRefused(() => readTokenizerJson(replaced(source, paths[at]!, value, gone === 0), 'x')),
      ),
      { numRuns, seed: 4 + i },
    );
    await fc.assert(
      fc.asyncProperty(changes, (edits) => readOrRefused(() => readTokenizerJson(Buffer.from(changed(Buffer.from(source), edits)).toString('utf8'), 'x'))),
      { numRuns, seed: 6 + i },
    );
  }
});

test('nesting a million deep, and a key named __proto__, are no way out', async () => {
  await readOrRefused(() => readTokenizerJson(`${'['.repeat(1e6)}${']'.repeat(1e6)}`, 'x'));
  await readOrRefused(() => readTokenizerJson(overBytes.replace('"pre_tokenizer":{', `"pre_tokenizer":{"x":${'['.repeat(1e5)}${']'.repeat(1e5)},`), 'x'));
  const proto = readTokenizerJson(overCharacters.replace('"ab":4', '"ab":4,"__proto__":6'), 'x');
  assert.equal(proto.idOf('__proto__'), 6);
});
