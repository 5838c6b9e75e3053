// Tokens become text as soon as their characters are whole: against the decoding of all of them at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { native, utf8Column } from '../../native/index.js';
import { TextOfTokens } from '../../pipeline/generate.js';
import { loadTokenizer } from '../../pipeline/tokenizers.js';

const { handle } = loadTokenizer('gpt2', '.');
const idsOf = async (text: string): Promise<number[]> =>
  Array.from((await native.bpeEncode(handle, utf8Column([text]), { parseSpecial: false, eos: null, bos: null })).tokens.values as Uint16Array);

test('pieces joined are the text, and no piece shows half a character', async () => {
  const text = 'Ein Fluß, 漢字 and 👩‍👩‍👧 between words; ₤ ︎ 𝔘𝔫𝔦. \u{10FFFF} end';
  const ids = await idsOf(text);
  for (let cut = 0; cut <= ids.length; cut++) {
    const before = native.bpeDecode(handle, Uint32Array.from(ids.slice(0, cut)));
    if (before.endsWith('\uFFFD')) continue; // a prompt ends with a character
    const writer = new TextOfTokens(handle, ids.slice(0, cut));
    const pieces = ids.slice(cut).map((id) => writer.push(id));
    assert.ok(!pieces.join('').includes('\uFFFD'));
    assert.equal(before + pieces.join('') + writer.rest(), text);
  }
});

test('bytes that never become a character are shown as U+FFFD, and what follows them is not lost', async () => {
  const half = (await idsOf('漢')).slice(0, 1); // the first bytes alone
  const writer = new TextOfTokens(handle, await idsOf('so'));
  const ids = [...half, ...half, ...half, ...half, ...half, ...(await idsOf(' much 漢'))];
  const written = ids.map((id) => writer.push(id)).join('') + writer.rest();
  assert.match(written, /^\uFFFD+ much 漢$/);
  const last = new TextOfTokens(handle, []);
  assert.equal(last.push(half[0]!), '');
  assert.equal(last.rest(), '\uFFFD');
});
