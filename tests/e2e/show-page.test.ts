// The page of `try extract --show`: it says of every block whether it was kept, agrees with what extract wrote, and nothing
// of a document reaches it as markup.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'parse5';
import { packagePath } from '../../native/index.js';
import { refine } from '../support/cli.js';

async function show(html: string | Uint8Array, steps = 'extract') {
  const folder = mkdtempSync(join(tmpdir(), 'refine-show-'));
  try {
    writeFileSync(join(folder, 'page.html'), html);
    const run = await refine(['try', steps, '--show', join(folder, 'out.html'), join(folder, 'page.html')]);
    return { run, page: run.code === 0 ? readFileSync(join(folder, 'out.html'), 'utf8') : '' };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const texts = (page: string, verdict: string) =>
  [...page.matchAll(/<div class="block (kept|dropped)">.*?<div class="text" dir="auto">(.*?)<\/div>/gs)].filter((m) => m[1] === verdict).map((m) => m[2]);

test('every block of the news page stands on it, the kept ones being the text that extract writes', async () => {
  const { run, page } = await show(readFileSync(packagePath('tests', 'golden', 'extract', 'news-lead-in-header', 'page.html')));
  const written = (JSON.parse(run.stdout) as { text: string }).text;
  const plain = (html: string) => html.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
  assert.deepEqual(
    texts(page, 'kept').map((text) => plain(text!)),
    written.split('\n'),
  );
  const dropped = texts(page, 'dropped').join('\n');
  for (const furniture of ['We use cookies', 'Sport', 'Related articles', 'All rights reserved']) assert.ok(dropped.includes(furniture), furniture);
});

test('a document cannot put markup into the page', async () => {
  const { page } = await show(
    '<title>a<b>"</title><body><p class="x&quot;><script>alert(1)</script>">&lt;script&gt;alert(2)&lt;/script&gt; and some words of text, enough for a block.</p>',
  );
  assert.ok(!/<script/i.test(page) && page.includes('&#60;script&#62;alert(2)'));
  assert.equal(parse(page).childNodes.length, 2); // doctype and html: nothing broke out
});

test('a long run of furniture is folded behind its first and last texts, the text and the close calls stay in view', async () => {
  const links = Array.from({ length: 12 }, (_, at) => `<li><a href="/${at}">Section ${at}</a></li>`).join('');
  const text = '<p>A paragraph of ordinary words, long enough, with commas, to be taken for what the page is about by anyone who reads it.</p>';
  const { page } = await show(`<body><nav class="menu"><ul>${links}</ul></nav><article><h1>Heading</h1>${text.repeat(3)}</article>`);
  assert.match(page, /<summary>\d+ blocks dropped: <bdi>Section 0<\/bdi> · <bdi>Section 1<\/bdi> · … · /);
  const unfolded = page.replace(/<details>.*?<\/details>/gs, '');
  assert.equal(texts(unfolded, 'kept').length, texts(page, 'kept').length);
  assert.ok(!texts(unfolded, 'dropped').includes('Section 5') && texts(page, 'dropped').includes('Section 5'));
});

test('without an extract step --show is refused with the next move', async () => {
  const { run } = await show('<p>text</p>', 'dedupe-url');
  assert.equal(run.code, 2);
  assert.match(run.stderr, /no step here is extract\. Add it: try extract --show FILE/);
});
