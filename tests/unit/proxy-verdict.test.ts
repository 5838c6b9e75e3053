// The verdict of a proxy comparison: the rule by hand, and how often it errs on drawn differences with known laws.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareTexts, type Measured, student } from '../../pipeline/check/proxy-verdict.js';
import { randomFrom } from '../support/random.js';

const bits = (value: number): number => value * Math.LN2;
/** Documents of 1,000 bytes that differ by so many bits a byte in each of three seeds. */
const documents = (differences: readonly (readonly number[])[]): Measured[] =>
  differences.map((seeds) => ({ bytes: 1000, nats: seeds.map((d) => bits(1000 * d)) }));
const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-9, `${a} ${b}`);

test('means and both intervals are those of the books', () => {
  const found = compareTexts(
    new Map([
      [
        'a',
        documents([
          [0.1, 0.2, 0.3],
          [0.3, 0.4, 0.5],
        ]),
      ],
    ]),
  );
  for (const [seed, d] of found.differences.entries()) near(d, 0.2 + 0.1 * seed);
  near(found.mean, 0.3);
  near(found.margin, (4.303 * 0.1) / Math.sqrt(3));
  // two documents .2 and .4: the mean's error is .1, one degree of freedom
  near(found.documents.margin!, 12.706 * 0.1);
  assert.equal(found.verdict, 'undecided');
  const unequal = compareTexts(
    new Map([
      [
        'a',
        [
          { bytes: 3000, nats: [bits(300)] },
          { bytes: 1000, nats: [bits(500)] },
          { bytes: 1000, nats: [bits(100)] },
        ],
      ],
    ]),
  );
  near(unequal.mean, 900 / 5000);
  // residuals x - r b: -240, 320, -80
  near(unequal.documents.margin!, (4.303 * Math.sqrt(1.5 * (240 ** 2 + 320 ** 2 + 80 ** 2))) / 5000);
  assert.equal(unequal.margin, Number.POSITIVE_INFINITY, 'one seed says nothing of another');
});

test('the verdict asks for one sign, for size, and for both intervals', () => {
  const verdict = (...differences: readonly (readonly number[])[]) => compareTexts(new Map([['a', documents(differences)]])).verdict;
  const many = <T>(value: T): T[] => Array.from({ length: 8 }, () => value);
  assert.equal(verdict(...many([0.1, 0.11, 0.12])), 'worse');
  assert.equal(verdict(...many([-0.1, -0.11, -0.12])), 'better');
  assert.equal(verdict(...many([0.0041, 0.0042, 0.0043])), 'undecided', 'sure, and of no use');
  assert.equal(verdict(...many([0.01, 0.1, 0.2])), 'undecided', 'seeds disagree');
  assert.equal(verdict(...many([0.1, -0.001, 0.1])), 'undecided');
  assert.equal(verdict([2, 2, 2], ...many([0, 0, 0])), 'undecided', 'one document of nine is all');
  assert.equal(verdict([0.1, 0.11, 0.12]), 'undecided', 'of one document nothing is known of others');
  assert.equal(verdict(...many([0, 0, 0])), 'undecided');
});

test('texts count alike, whatever their length, and each has its own verdict', () => {
  const found = compareTexts(
    new Map([
      ['long', documents(Array.from({ length: 90 }, (_, i) => [0.2, 0.21, 0.22].map((d) => d + 0.001 * (i % 3))))],
      ['short', documents(Array.from({ length: 10 }, (_, i) => [-0.2, -0.21, -0.22].map((d) => d - 0.001 * (i % 3))))],
    ]),
  );
  assert.ok(Math.abs(found.mean) < 0.001);
  assert.deepEqual([found.verdict, found.texts.long!.verdict, found.texts.short!.verdict], ['undecided', 'worse', 'better']);
  assert.equal(found.documents.count, 100);
});

test('two runs that are alike are told apart in about 5 % of drawn comparisons at most, ones that differ mostly', () => {
  const random = randomFrom(3);
  const uniform = (): number => (random(2 ** 30) + 0.5) / 2 ** 30;
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  /** A seed moves all documents by `seeds`, a document moves in all seeds by `own`. */
  const draw = (mean: number, seeds: number, own: number): Measured[] => {
    const bySeed = [0, 1, 2].map(() => seeds * normal());
    return Array.from({ length: 40 }, () => {
      const bytes = 200 + random(5000);
      const shift = own * normal();
      return { bytes, nats: bySeed.map((d) => bits(bytes * (mean + d + shift + 0.02 * normal()))) };
    });
  };
  const share = (mean: number, seeds: number, own: number): number => {
    let told = 0;
    for (let run = 0; run < 600; run++) if (compareTexts(new Map([['a', draw(mean, seeds, own)]])).verdict !== 'undecided') told++;
    return told / 600;
  };
  for (const [seeds, own] of [
    [0.03, 0.001],
    [0.001, 0.2],
    [0.03, 0.2],
  ] as const) {
    const wrong = share(0, seeds, own);
    assert.ok(
      wrong < 0.075, // 5 % and three errors of 600 draws
      `${wrong} of alike runs, seeds ${seeds}, documents ${own}`,
    );
    assert.ok(share(0.2, seeds, own) > 0.85);
  }
});

test("Student's quantiles are the table's, and fall to the normal law's", () => {
  assert.deepEqual([1, 2, 9, 9.7].map(student), [12.706, 4.303, 2.262, 2.262]);
  for (const [freedom, t] of [
    [10, 2.2281],
    [15, 2.1314],
    [30, 2.0423],
    [120, 1.9799],
    [Number.POSITIVE_INFINITY, 1.96],
  ] as const)
    assert.ok(Math.abs(student(freedom) - t) < 3e-4, `${freedom} ${student(freedom)}`);
  assert.equal(student(0), Number.POSITIVE_INFINITY);
});
