// The HTML parser against html5lib-tests, and against npm parse5. The lists name every case that does not pass: a case
// that breaks fails the test, and so does one on a list that passes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { native } from '../../native/index.js';
import { tokenCases, treeCases } from '../support/html5lib.js';
import { needsShared, sharedPath } from '../support/shared.js';

const folder = sharedPath('data', 'html5lib-tests');
const skip = folder === null ? { skip: needsShared } : {};

/** Unpaired surrogates cannot stand in UTF-8 input. */
const isWellFormed = (text: string) => !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text);
const failingTokens: readonly string[] = [];
const failingTrees: readonly string[] = [];

test('tokenizer: all of html5lib-tests but the cases with unpaired surrogates', skip, () => {
  const cases = tokenCases(`${folder}/tokenizer`);
  const failing: string[] = [];
  let passing = 0;
  let surrogates = 0;
  for (const c of cases) {
    if (!isWellFormed(c.input)) {
      surrogates++;
      continue;
    }
    const tokens: unknown = JSON.parse(native.htmlTokens(Buffer.from(c.input), c.state, c.lastStartTag));
    const expected = (c.output as unknown[][]).reduce<unknown[][]>((joined, token) => {
      const last = joined.at(-1);
      if (token[0] === 'Character' && last?.[0] === 'Character') joined[joined.length - 1] = ['Character', String(last[1]) + String(token[1])];
      else joined.push(token);
      return joined;
    }, []);
    try {
      assert.deepEqual(tokens, expected);
      passing++;
    } catch {
      failing.push(c.name);
    }
  }
  assert.deepEqual(failing, failingTokens);
  assert.deepEqual({ cases: cases.length, passing, surrogates }, { cases: 7032, passing: 7028, surrogates: 4 });
});

test('tree construction: all of html5lib-tests without scripts', skip, () => {
  const failing: string[] = [];
  let passing = 0;
  const cases = treeCases(`${folder}/tree-construction`);
  for (const c of cases) {
    const [space, name] = c.fragment?.includes(' ') ? (c.fragment.split(' ') as [string, string]) : [undefined, c.fragment];
    for (const scripting of c.scripting === null ? [false, true] : [c.scripting]) {
      const options = { scripting, ...(name === null ? {} : { fragment: name }), ...(space === undefined ? {} : { fragmentNamespace: space }) };
      const tree = native.htmlTree(Buffer.from(c.data), options).replace(/\n$/, '');
      if (tree === c.document) passing++;
      else failing.push(`${c.name}${scripting ? '+script' : ''}`);
    }
  }
  assert.deepEqual(failing, failingTrees);
  assert.deepEqual({ cases: cases.length, passing }, { cases: 1778, passing: 3521 });
});
