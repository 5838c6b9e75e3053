// A manifest is typed by hand: whatever is cut, doubled or put into one, the answer is a manifest or a list of problems, each
// with a line and column inside the file, never another failure.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fc } from '../support/properties.js';
import { packagePath } from '../../native/package-root.js';
import { ManifestErrors, parseManifest } from '../../pipeline/manifest.js';
import { nearest } from '../../stages/contract/suggest.js';
import { fakeSteps } from '../support/fake-steps.js';

const texts = [
  readFileSync(packagePath('tests/golden/manifest/typo-in-every-line.yaml'), 'utf8'),
  'name: x\nsource: { warc: [a, b] }\nsteps:\n  - extract: { max-size: 1MiB }\n  - langid: { keep: &k [en] }\n  - langid: { as: two, keep: *k }\n  - dedupe-exact\n  - tokenize\n',
];
const pieces = [
  '\t',
  '- ',
  ': ',
  '{',
  '}',
  '[',
  ']',
  '&a ',
  '*a',
  '!!set ',
  '"',
  "'",
  '|\n',
  '? ',
  '---\n',
  '%YAML 1.1\n',
  'null',
  '~',
  '<<: ',
  '0x1F',
  '1e999',
  '.nan',
  '\ufeff',
  '\u0000',
  '\ud800',
  '#',
  '\r',
];

const seen = { read: 0, refused: 0 };

async function checked(text: string, sets: readonly string[] = []): Promise<void> {
  try {
    await parseManifest(text, { path: 'm.yaml', registry: fakeSteps, sets });
    seen.read++;
  } catch (error) {
    if (!(error instanceof ManifestErrors)) throw error;
    seen.refused++;
    assert.ok(error.problems.length > 0);
    const lines = text.split(/\r\n|\n|\r/).length;
    for (const { place, message } of error.problems) {
      assert.ok(message.length > 0 && !message.includes('undefined') && !message.includes('[object'), message);
      if (place.name !== 'm.yaml') continue;
      assert.ok(place.line! >= 1 && place.line! <= lines + 1 && place.column! >= 1, `${place.line}:${place.column} of ${lines}`);
    }
  }
}

test('a manifest cut, doubled and stuffed with pieces of YAML is read or refused with places inside it', async () => {
  const edit = fc.record({ at: fc.nat(1000), remove: fc.nat(6), insert: fc.constantFrom('', ...pieces) });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 4 }), async (text, edits) => {
      let broken = text;
      for (const { at, remove, insert } of edits) {
        const from = at % (broken.length + 1);
        broken = broken.slice(0, from) + insert + broken.slice(from + remove);
      }
      await checked(broken);
    }),
    { numRuns: 600, seed: 20240607 },
  );
});

test('any JSON value in any place of a manifest is read or refused with its place', async () => {
  const places = [
    'name: V',
    'name: x\nseed: V',
    'name: x\nsource: V',
    'name: x\nsource: { warc: V }\nsteps: [extract]',
    'name: x\nsource: { warc: a }\nsteps: V',
    'name: x\nsource: { warc: a }\nsteps: [V]',
    'name: x\nsource: { warc: a }\nsteps: [{ langid: V }]',
    'name: x\nsource: { warc: a }\nsteps: [extract, { langid: { keep: V, min-prob: V } }]',
    'name: x\nsource: { warc: a }\nsteps: [extract]\nsink: V',
  ];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 2 }), async (text, value) => checked(text.replaceAll('V', JSON.stringify(value)))),
    { numRuns: 500, seed: 20240607 },
  );
  assert.ok(seen.read >= 10 && seen.refused >= 500, `${seen.read} read, ${seen.refused} refused`);
});

test('one edit of a word of four letters or more still finds it', () => {
  const words = [...fakeSteps.keys()];
  fc.assert(
    fc.property(fc.constantFrom(...words), fc.nat(), fc.constantFrom('swap', 'drop', 'double', 'replace'), (word, at, how) => {
      const i = at % (word.length - 1);
      const [a, b] = [word[i]!, word[i + 1]!];
      const typo = {
        swap: word.slice(0, i) + b + a + word.slice(i + 2),
        drop: word.slice(0, i) + word.slice(i + 1),
        double: word.slice(0, i) + a + word.slice(i),
        replace: `${word.slice(0, i)}x${word.slice(i + 1)}`,
      }[how];
      assert.equal(nearest(typo, words), word);
    }),
    { seed: 20240607 },
  );
});
