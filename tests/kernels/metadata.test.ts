// Metadata against people's gold: titles, authors, dates and licences of ../shared/data/pages, names of sites and kinds of
// pages by labels given by eye. The bounds stand some points under what was reached (npm run bench -- metadata), so that a
// rule that helps one page and hurts ten is seen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scoreFields, scorePageTypes } from '../../infra/bench/metadata.js';
import { needsShared, sharedPath } from '../support/shared.js';

const skip = sharedPath('data', 'pages') === null ? needsShared : false;

test('titles, authors, dates and licences agree with gold, on sites that rules were tuned on and on others alike', { skip }, async () => {
  const least = { title: 0.8, author: 0.62, date: 0.8, license: 0.78 };
  const scores = (await scoreFields()).filter(({ corpus }) => corpus === 'trafilatura-eval');
  for (const [field, bound] of Object.entries(least))
    for (const half of ['tuned', 'unseen'] as const) {
      const { right, pages } = scores.find((one) => one.field === field && one.half === half)!;
      assert.ok(right / pages >= bound, `${field}, ${half}: ${right} of ${pages} right, expected at least ${bound}`);
    }
  for (const { half, none, falsely } of scores.filter(({ field }) => field === 'author'))
    assert.ok(falsely / none <= 0.4, `${half}: ${falsely} of ${none} pages without an author were given one`);
});

test('the page type agrees with labels given by eye', { skip }, async () => {
  const { pages, right, confused } = await scorePageTypes();
  assert.equal(pages, 100);
  assert.ok(right >= 90, `${right} of 100 agree: ${JSON.stringify(confused)}`);
});
