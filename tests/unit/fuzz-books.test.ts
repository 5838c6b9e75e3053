// The fuzzing page's totals are those of the books, every target has its row, and seeds in the repository stay small.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { packagePath } from '../../native/package-root.js';

interface Books {
  readonly sessions: readonly { readonly target: string; readonly minutes: number; readonly findings: string }[];
}
interface Runner {
  targets(): string[];
  readBooks(): Books;
  pageWith(books: Books, page: string): string;
  totals(books: Books): { target: string; minutes: number }[];
}
const runner = (await import(pathToFileURL(packagePath('infra', 'fuzz', 'run.mjs')).href)) as Runner;

test('fuzzing.md says what fuzzing.json holds, for every target that there is', () => {
  const books = runner.readBooks();
  const page = readFileSync(packagePath('infra', 'docs', 'fuzzing.md'), 'utf8');
  assert.ok(page === runner.pageWith(books, page), 'infra/docs/fuzzing.md is stale: its table is made by infra/fuzz/run.mjs');
  for (const { target, minutes } of books.sessions) {
    assert.ok(runner.targets().includes(target), target);
    assert.ok(minutes >= 0 && minutes < 1e5);
  }
  assert.deepEqual(
    runner
      .totals(books)
      .map(({ target }) => target)
      .sort(),
    runner.targets(),
  );
});

test('seed corpora belong to targets, and none of their files is large', () => {
  const folder = packagePath('tests', 'fixtures', 'fuzz');
  for (const name of readdirSync(folder)) {
    assert.ok(runner.targets().includes(name.replace(/\.dict$/, '')), name);
    if (name.endsWith('.dict') || !existsSync(`${folder}/${name}`)) continue;
    for (const file of readdirSync(`${folder}/${name}`)) assert.ok(statSync(`${folder}/${name}/${file}`).size <= 256 * 1024, `${name}/${file}`);
  }
});
