// Golden pages: tests/golden/extract/<trait>/page.html with the text a reader would call its main text, written by hand;
// where the trait is one of structure, as Markdown and as blocks too.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytesColumn, native, packagePath, stringAt } from '../../native/index.js';

const folder = packagePath('tests', 'golden', 'extract');
const formats = [
  { format: 'text', file: 'expected.txt' },
  { format: 'markdown', file: 'expected.md' },
  { format: 'jsonl-blocks', file: 'expected.jsonl' },
] as const;
for (const trait of readdirSync(folder).sort()) {
  for (const { format, file } of formats) {
    const expected = join(folder, trait, file);
    if (!existsSync(expected)) continue;
    test(`golden page: ${trait.replaceAll('-', ' ')}, as ${format}`, async () => {
      const none = bytesColumn('utf8', [null]);
      const html = bytesColumn('binary', [readFileSync(join(folder, trait, 'page.html'))]);
      const options = { mode: 'balanced', format, maxBytes: 1 << 20, maxDepth: 1000, maxNodes: 100_000 } as const;
      const found = await native.extractPages({ url: none, html, text: none, contentType: none }, options);
      assert.equal(stringAt(found.text, 0), readFileSync(expected, 'utf8').replace(/\n$/, ''));
    });
  }
}

test('golden page: what the news page declares about itself', async () => {
  const none = bytesColumn('utf8', [null]);
  const html = bytesColumn('binary', [readFileSync(join(folder, 'news-lead-in-header', 'page.html'))]);
  const options = { mode: 'balanced', maxBytes: 1 << 20, maxDepth: 1000, maxNodes: 100_000 } as const;
  const found = await native.extractPages({ url: none, html, text: none, contentType: none }, options);
  const declared = [found.title, found.author, found.published, found.canonicalUrl, found.siteName, found.declaredLang].map((column) => stringAt(column, 0));
  assert.deepEqual(declared, ['Ferry returns to the island', 'Mara Quill', '2023-03-14', 'https://tidal.example/ferry-returns', 'The Tidal Post', 'en-GB']);
});
