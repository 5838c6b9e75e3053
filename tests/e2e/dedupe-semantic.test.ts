// dedupe-semantic in a run, on embeddings that a stage of one's own writes: the same bytes from any workers, cosines in features/.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { documentAt } from '../../native/index.js';
import { readArrow } from '../../pipeline/store.js';
import { promisedBytes, refine } from '../support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-semantic-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** Counts of letters stand in for a model: texts of the same letters have a cosine of 1. */
const STAGE = `import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
export const letters = {
  kind: 'stage', name: 'letters', version: 1, reads: ['text'], writes: ['embedding'], reasons: [], schema: z.strictObject({}),
  open: async () => ({
    process: async ({ rows, columns: { text } }) => {
      const values = new Float32Array(26 * rows), offsets = Int32Array.from({ length: rows + 1 }, (_, row) => 26 * row);
      for (let row = 0; row < rows; row++)
        for (let at = text.offsets[row]; at < text.offsets[row + 1]; at++) {
          const letter = text.data[at] - 97;
          if (letter >= 0 && letter < 26) values[26 * row + letter]++;
        }
      return { columns: { embedding: { kind: 'list', values, offsets } } };
    },
    close: async () => {},
  }),
};\n`;
const TEXTS = [
  ['silent listen', 'the quick brown fox', 'enlist tinsel', 'aaaa'],
  ['the brown quick fox', 'inlets silent', 'zzzz', 'quite another text about ships'],
];

test('anagrams go, the first of them stays, and features/ tell the cosine', async () => {
  writeFileSync(join(folder, 'letters.js'), STAGE);
  for (const [file, texts] of TEXTS.entries())
    writeFileSync(join(folder, `${file}.jsonl`), texts.map((text, i) => `${JSON.stringify({ id: `${file}-${i}`, text })}\n`).join(''));
  writeFileSync(
    join(folder, 'm.yaml'),
    'name: m\nsource: { jsonl: [1.jsonl, 0.jsonl] }\nsteps:\n  - ./letters.js\n  - dedupe-semantic: { keep: first, clusters: 2 }\nsink: { text: { keep: true } }\n',
  );
  for (const workers of ['1', '2']) {
    const ran = await refine(['run', 'm.yaml', '--out', `out${workers}`, '--workers', workers], { cwd: folder });
    assert.equal(ran.code, 0, ran.stderr);
  }
  assert.deepEqual(promisedBytes(join(folder, 'out2')), promisedBytes(join(folder, 'out1')));
  const found: Record<string, unknown>[] = [];
  for (const file of ['000000', '000001'])
    for await (const batch of readArrow(join(folder, 'out1', 'features', `${file}.arrow`)))
      for (let row = 0; row < batch.rows; row++) found.push(documentAt(batch, row));
  assert.deepEqual(
    found.map(({ id, reason, kept_id: kept, similarity }) => [id, reason, kept, typeof similarity === 'number' ? similarity.toFixed(2) : null]),
    [
      ['0-0', null, null, null],
      ['0-1', null, null, null],
      ['0-2', 'semantic-duplicate', '0-0', '1.00'],
      ['0-3', null, null, null],
      ['1-0', 'semantic-duplicate', '0-1', '1.00'],
      ['1-1', 'semantic-duplicate', '0-0', '1.00'],
      ['1-2', null, null, null],
      ['1-3', null, null, null],
    ],
  );
});
