// llama2.c's tok*.bin. The expectation is llama2.c's own way to encode, written out here: characters, then the neighbours whose
// joint has the best score, leftmost first (run.c, encode()). stories260K's file is the shared data's.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { bytesColumn, native } from '../../native/index.js';
import { loadTokenizer } from '../../stages/tokenize/load-tokenizer.js';
import { temporaryFolder } from '../support/model-folder.js';
import { storiesGolden } from '../support/model-goldens.js';
import { needsShared, sharedPath } from '../support/shared.js';

const folder = temporaryFolder('llama2c');
after(() => rmSync(folder, { recursive: true }));
const stories = sharedPath('data', 'models', 'stories260K');

function file(name: string, pieces: readonly (readonly [string, number])[]): string {
  const parts = pieces.map(([text, score]) => {
    const bytes = Buffer.from(text);
    const head = Buffer.alloc(8);
    head.writeFloatLE(score, 0);
    head.writeUInt32LE(bytes.length, 4);
    return Buffer.concat([head, bytes]);
  });
  const longest = Buffer.alloc(4);
  longest.writeUInt32LE(7, 0);
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat([longest, ...parts]));
  return path;
}
const hex = (byte: number) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
const begin: readonly (readonly [string, number])[] = [
  ['<unk>', 0],
  ['\n<s>\n', 0],
  ['\n</s>\n', 0],
  ...Array.from({ length: 256 }, (_, byte) => [hex(byte), 0] as const),
];

const encode = async (tokenizer: string, text: string): Promise<number[]> => {
  const { handle, contract } = loadTokenizer(tokenizer, '/');
  const { tokens } = await native.bpeEncode(handle, bytesColumn('utf8', [new TextEncoder().encode(text)]), {
    parseSpecial: false,
    eos: null,
    bos: contract.bos_id,
  });
  return Array.from(tokens.values, Number);
};

/** run.c's encode() over pieces as the file spells them. */
function reference(pieces: readonly (readonly [string, number])[], text: string): number[] {
  const ids = new Map(pieces.map(([piece], id) => [piece, id] as const));
  const tokens = text === '' ? [] : [ids.get(' ')!];
  for (const character of text) {
    const id = ids.get(character);
    if (id !== undefined) tokens.push(id);
    else for (const byte of new TextEncoder().encode(character)) tokens.push(byte + 3);
  }
  for (;;) {
    let best = -1;
    for (let at = 0; at + 1 < tokens.length; at++) {
      const id = ids.get(pieces[tokens[at]!]![0] + pieces[tokens[at + 1]!]![0]);
      if (id !== undefined && (best < 0 || pieces[id]![1] > pieces[ids.get(pieces[tokens[best]!]![0] + pieces[tokens[best + 1]!]![0])!]![1])) best = at;
    }
    if (best < 0) return [1, ...tokens];
    tokens.splice(best, 2, ids.get(pieces[tokens[best]!]![0] + pieces[tokens[best + 1]!]![0])!);
  }
}

test('a small file encodes as run.c does, bytes for what has no piece', async () => {
  const letters: readonly (readonly [string, number])[] = [' a', 'ab', ' ab', 'bb', 'abb', ' ', 'a', 'b'].map((text, at) => [text, -at]);
  const pieces = [...begin, ...letters];
  const path = file('tok.bin', pieces);
  assert.equal(loadTokenizer(folder, '/').path, path); // a folder with nothing else
  for (const text of ['', 'a', 'abb', 'bbab abba', 'a\u00e9b', '  ab  ', '<0x41>', '\n<s>\n'])
    assert.deepEqual(await encode(path, text), reference(pieces, text), text);
});

test('a truncated file and pieces that are no UTF-8 are refused', () => {
  const path = file('bad.bin', [...begin, ['abc', 0]]);
  const bytes = Buffer.concat([Buffer.alloc(4), Buffer.from([0, 0, 0, 0, 5, 0, 0, 0]), Buffer.from('<unk>'), Buffer.from([0, 0, 0, 0, 255, 255, 255, 255])]);
  writeFileSync(path, bytes);
  assert.throws(() => loadTokenizer(path, '/'), /piece 1 ends after the file/);
  bytes.writeUInt32LE(1, bytes.length - 4);
  writeFileSync(path, Buffer.concat([bytes, Buffer.from([0xff])]));
  assert.throws(() => loadTokenizer(path, '/'), /piece 1 is not UTF-8/);
});

test("stories260K's own story comes back to the ids that its model wrote", { skip: stories === null ? needsShared : false }, async () => {
  const [story] = storiesGolden();
  const { handle } = loadTokenizer(stories!, '/');
  const text = native.bpeDecode(handle, Uint32Array.from(story!.ids));
  assert.match(text, /^Once upon a time, there was a little girl named Lily\./); // llama2.c's README prints this story
  assert.deepEqual(await encode(stories!, text), story!.ids);
});
