// What the writers do beside words: links and image texts, addresses, normal form C, and bounds on hostile pages.
// Expectations are written by hand from the standards; markdown-it reads the golden pages' Markdown.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytesColumn, native, packagePath } from '../../native/index.js';
import { readMarkdown } from '../support/markdown-structure.js';

const encoder = new TextEncoder();
const write = (html: string, options: Parameters<typeof native.htmlWrite>[1] = {}) => native.htmlWrite(encoder.encode(html), options);

test('links are those of the kept part, resolved against <base> and the address of the page', () => {
  const html = `<head><base href="/books/"></head><body><p>See <a href="one.html#x">the <b>first</b></a>,
    <a href="//cdn.example/two">two</a>, <a href="javascript:void(0)">a trick</a>, <a href="mailto:a@b.example">mail</a> and <a href="three"></a><a name="here">here</a>.
    <div><a href="four"><h3>a title</h3><div>in two blocks</div></a></div>`;
  const { links, text } = write(html, { links: true, url: 'https://example.org/a/b?c' });
  assert.deepEqual(links, [
    ['https://example.org/books/one.html#x', 'the first'],
    ['https://cdn.example/two', 'two'],
    ['mailto:a@b.example', 'mail'],
    ['https://example.org/books/four', 'a title in two blocks'],
  ]);
  assert.equal(text, 'See the first, two, a trick, mail and here.\na title\nin two blocks');
  assert.deepEqual(write(html, { links: true }).links[0], ['one.html#x', 'the first']); // without an address of the page
  assert.deepEqual(write(html).links, []);
});

test('marks of a formula with nothing between are words, and no block without text', () => {
  const blocks = (html: string) =>
    write(html, { format: 'jsonl-blocks' })
      .text.split('\n')
      .map((line) => JSON.parse(line) as unknown);
  for (const empty of ['$$<br>$$', '$$ $$', '$$$<br>$<br>$$', '\\[ <br> \\]']) {
    const [block, ...more] = blocks(`<body><p>${empty}`) as { type: string; text: string }[];
    assert.deepEqual([block!.type, more], ['paragraph', []]);
    assert.match(block!.text, /^(\$\$[\s$]+\$\$|\\\[\s+\\\])$/);
  }
  assert.deepEqual(blocks('<body><p>$$<br>x^2<br>$$'), [{ type: 'formula', text: 'x^2' }]);
});

test('links stand in Markdown only where they are asked for, and never twice in brackets', () => {
  const html = '<body><p>wow! <a href="a b(c)?x=1&amp;copy;=2">text [with] <code>`c`</code></a>';
  assert.equal(write(html, { format: 'markdown' }).text, 'wow! text [with] `` `c` ``');
  const { text } = write(html, { format: 'markdown', links: true });
  assert.deepEqual(readMarkdown(text).links, [['a%20b(c)?x=1&copy;=2', 'text [with] `c`']]);
});

test('images give their alternative texts, in Markdown with their address; empty ones and data addresses none', () => {
  const html = '<body><p>A <img src="/i.png" alt=" a [small]  boat "> and <img src="x.png" alt=""><img src="data:image/png;base64,AAAA" alt="drawn">';
  const { imageAlts, text } = write(html, { format: 'markdown', imageAlts: true, url: 'https://example.org/p' });
  assert.deepEqual(imageAlts, ['a [small] boat', 'drawn']);
  assert.equal(text, 'A ![a \\[small\\] boat](https://example.org/i.png) and ![drawn]()');
  assert.equal(write(html, { format: 'markdown' }).text, 'A and');
});

test('text is composed only with nfc', () => {
  assert.equal(write('<body><p>e\u0301', {}).text, 'e\u0301');
  assert.equal(write('<body><p>e\u0301', { nfc: true }).text, 'é');
});

test('extractPages gives the columns links and image_alts where it is asked, a row a page', async () => {
  const none = bytesColumn('utf8', [null, null]);
  const page = (body: string) =>
    Buffer.from(
      `<title>t</title><body><article>${body}<p>${'Words of a paragraph, which is long enough to be the text of this page. '.repeat(8)}</p></article>`,
    );
  const html = bytesColumn('binary', [
    page('<p>Go to <a href="/x">x</a>, which <img alt="a boat" src=b> shows, as it has done for years, they say.</p>'),
    page(''),
  ]);
  const url = bytesColumn('utf8', [Buffer.from('https://example.org/'), null]);
  const limits = { mode: 'balanced', maxBytes: 1 << 20, maxDepth: 1000, maxNodes: 100_000 } as const;
  const found = await native.extractPages({ url, html, text: none, contentType: none }, { ...limits, links: true, imageAlts: true });
  assert.deepEqual([...found.links!.offsets], [0, 1, 1]);
  assert.equal(Buffer.from(found.links!.fields.url!.data).toString(), 'https://example.org/x');
  assert.equal(Buffer.from(found.links!.fields.text!.data).toString(), 'x');
  assert.deepEqual([...found.imageAlts!.offsets], [0, 1, 1]);
  assert.equal(Buffer.from(found.imageAlts!.values.data).toString(), 'a boat');
  assert.equal((await native.extractPages({ url, html, text: none, contentType: none }, limits)).links, undefined);
});

test('the Markdown of the golden pages reads back to the same listings, headings and cells as their blocks', () => {
  const folder = packagePath('tests', 'golden', 'extract');
  for (const trait of readdirSync(folder)) {
    const page = readFileSync(join(folder, trait, 'page.html'));
    if (!existsSync(join(folder, trait, 'expected.md'))) continue;
    type Line = { type: string; text: string; level?: number; lang?: string };
    const blocks = native
      .htmlWrite(page, { format: 'jsonl-blocks' })
      .text.split('\n')
      .map((line) => JSON.parse(line) as Line);
    const found = readMarkdown(native.htmlWrite(page, { format: 'markdown' }).text);
    assert.deepEqual(
      found.code,
      blocks.filter(({ type }) => type === 'code').map(({ text, lang }) => ({ lang: lang ?? '', text })),
      trait,
    );
    assert.deepEqual(
      found.headings,
      blocks.filter(({ type }) => type === 'heading').map(({ level, text }) => ({ level, words: text })),
      trait,
    );
    assert.equal(found.tables.flat().length, blocks.filter(({ type }) => type === 'row').length, trait);
  }
});

test('hostile nesting, spans and copies are written in a bounded number of bytes', () => {
  const pages = [
    '<ul><li>x'.repeat(15_000) + '<li>y'.repeat(50_000),
    '<blockquote>x'.repeat(30_000),
    `${'<blockquote><ul><li>'.repeat(9000)}<pre>${'a\n'.repeat(100_000)}`,
    '<table><tr><th>x<td>'.repeat(8000),
    `<table>${'<tr><td colspan=1000 rowspan=65000>xxxxxxxx<td>y'.repeat(10_000)}`,
    `<table><tr>${'<td rowspan=60000>x'.repeat(3000)}${'<tr><td>y<td>z'.repeat(30_000)}`,
    `<p><a href="${'u'.repeat(2000)}"><b>${'<div>x<p>y</div>'.repeat(20_000)}`,
    `<p><a href="${'u'.repeat(500_000)}">${'<p>x'.repeat(100_000)}`,
    `<pre>${'<span class=lineno>'.repeat(30_000)}1x`,
    `<p>${'$$ \\( `*_['.repeat(50_000)}`,
    `${'<span class=katex>'.repeat(30_000)}<math></math>x`,
    `<math>${'<mfrac><mi>x</mi><mrow>'.repeat(10_000)}${'<mi>y</mi>'.repeat(50_000)}`,
  ];
  for (const page of pages) {
    for (const format of ['text', 'markdown', 'jsonl-blocks'] as const) {
      const { text } = write(`<body>${page}`, { format, links: true, imageAlts: true, url: 'https://example.org/' });
      assert.ok(Buffer.byteLength(text) <= 24 * page.length, `${format} of ${page.slice(0, 40)}: ${Buffer.byteLength(text)} bytes of ${page.length}`);
    }
  }
});
