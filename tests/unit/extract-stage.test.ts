import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Batch, bytesColumn, type Column, documentAt, utf8Column } from '../../native/index.js';
import { extract } from '../../stages/extract/extract.js';

const env = { seed: 1n, baseDir: '.', device: 'cpu' } as const;
const signal = new AbortController().signal;

interface Page {
  readonly html?: string | Uint8Array;
  readonly text?: string | Uint8Array;
  readonly type?: string;
  readonly robots?: string;
}

async function run(pages: readonly Page[], options: Record<string, unknown> = {}): Promise<{ rows: Record<string, unknown>[]; reasons: (string | null)[] }> {
  const bytes = (value: string | Uint8Array | undefined) => (value === undefined ? null : typeof value === 'string' ? Buffer.from(value) : value);
  const batch: Batch = {
    rows: pages.length,
    columns: {
      url: utf8Column(pages.map((_, row) => `https://example.org/${row}`)),
      html: bytesColumn(
        'binary',
        pages.map((page) => bytes(page.html)),
      ),
      text: bytesColumn(
        'utf8',
        pages.map((page) => bytes(page.text)),
      ),
      content_type: utf8Column(pages.map((page) => page.type)),
      x_robots_tag: utf8Column(pages.map((page) => page.robots)),
    },
  };
  const stage = await extract.open(extract.schema.parse(options), env);
  const result = await stage.process(batch, signal);
  await stage.close();
  const out: Batch = { rows: pages.length, columns: result.columns as Record<string, Column> };
  const drops = result.drops ?? new Uint16Array(pages.length);
  return {
    rows: pages.map((_, row) => documentAt(out, row) as Record<string, unknown>),
    reasons: Array.from(drops, (code) => (code === 0 ? null : extract.reasons[code - 1]!)),
  };
}

const prose =
  'The harbour was quiet that morning, and the boats, which had come in before dawn, lay still along the wall. Nobody spoke, though many were awake, and the gulls kept to the roofs.';
const page = (body: string, head = '') =>
  `<!doctype html><html lang="en"><head><title>Harbour - Example</title>${head}</head><body><nav><a href="/">Home</a> <a href="/news">News</a></nav><article><h1>Harbour</h1>${body}</article><footer>All rights reserved <a href="/terms">Terms</a></footer></body></html>`;

test('keeps the paragraphs of an article one a line and leaves navigation and footer out', async () => {
  const { rows, reasons } = await run([{ html: page(`<p>${prose}</p><p>${prose} Second.</p>`) }]);
  assert.deepEqual(reasons, [null]);
  assert.equal(rows[0]!.text, `${prose}\n${prose} Second.`);
  assert.equal(rows[0]!.title, 'Harbour'); // less the site's name
  assert.equal(rows[0]!.declared_lang, 'en');
  assert.equal(rows[0]!.charset, 'utf-8');
});

test('reads author, date, canonical URL and site name where the page declares them, and null elsewhere', async () => {
  const head =
    '<meta property="og:site_name" content="Example"><meta name="author" content=" Ada  Byron "><meta property="article:published_time" content="2023-05-01T10:00:00Z"><link rel="canonical" href="https://example.org/harbour">';
  const { rows } = await run([{ html: page(`<p>${prose}</p>`, head) }, { html: page(`<p>${prose}</p>`) }]);
  assert.deepEqual(
    [rows[0]!.title, rows[0]!.author, rows[0]!.published, rows[0]!.canonical_url, rows[0]!.site_name],
    ['Harbour', 'Ada Byron', '2023-05-01', 'https://example.org/harbour', 'Example'],
  );
  assert.deepEqual([rows[1]!.author, rows[1]!.published, rows[1]!.canonical_url, rows[1]!.site_name], [null, null, null, 'Example']); // by title and host
});

test("robots' directives come from meta elements and the X-Robots-Tag header, each once, one robot's own with its name", async () => {
  const head = '<meta name="ROBOTS" content="NOINDEX, noai, max-snippet: -1"><meta name="googlebot" content="nosnippet">';
  const { rows } = await run([
    { html: page(`<p>${prose}</p>`, head), robots: 'noindex, noimageai\nbingbot: nofollow, noarchive' },
    { html: page(`<p>${prose}</p>`) },
    { text: prose, robots: 'unavailable_after: 25 Jun 2030 15:00:00 PST, noml' },
  ]);
  assert.deepEqual(rows[0]!.robots, ['noindex', 'noai', 'max-snippet:-1', 'googlebot:nosnippet', 'noimageai', 'bingbot:nofollow', 'bingbot:noarchive']);
  assert.deepEqual(rows[1]!.robots, []);
  assert.deepEqual(rows[2]!.robots, ['unavailable_after:25 jun 2030 15:00:00 pst', 'noml']);
});

test('licences are links, Creative Commons ones written one way, and a canonical link is resolved against the page', async () => {
  const head =
    '<link rel="canonical" href="../a b"><link rel="license" href="/terms"><script type="application/ld+json">{"@type":"NewsArticle","license":"http://creativecommons.org/licenses/by-sa/3.0/de/deed.de"}</script>';
  const { rows } = await run([{ html: page(`<p>${prose}</p>`, head) }]);
  assert.deepEqual(rows[0]!.licenses, ['https://creativecommons.org/licenses/by-sa/3.0/de/', 'https://example.org/terms']);
  assert.equal(rows[0]!.canonical_url, 'https://example.org/a%20b');
  assert.equal(rows[0]!.page_type, 'article');
});

test('keeps empty lines and indentation inside pre, and nowhere else', async () => {
  const { rows } = await run([{ html: page(`<p>${prose}</p><pre>if a:\n\n    b()\n\n\n</pre><p>\n\n</p><p>${prose}</p>`) }]);
  assert.equal(rows[0]!.text, `${prose}\nif a:\n\n    b()\n${prose}`);
});

test('text rows pass through as they are, with U+FFFD for what is no UTF-8, and rows that hold nothing to read are empty', async () => {
  const { rows, reasons } = await run([
    { text: Uint8Array.from([0x20, 0x61, 0xff, 0x62, 0x0a]) },
    { text: '\r\n\ufeff\tverse one,\r\n    verse two\u2028\n\n ' },
    {},
    { html: '<p></p>' },
    { text: ' \r\n\t' },
  ]);
  assert.deepEqual(reasons, [null, null, 'empty', 'empty', 'empty']);
  assert.equal(rows[0]!.text, ' a\uFFFDb\n');
  assert.equal(rows[1]!.text, '\r\n\ufeff\tverse one,\r\n    verse two\u2028\n\n ');
  assert.equal(rows[0]!.charset, null);
});

test('decodes windows-1252, Shift_JIS and GBK with and without a declaration', async () => {
  const japanese = Buffer.from('93fa967b8cea82cc95b68e9a8343815b83688140', 'hex');
  const sjis = Buffer.concat([Buffer.from('<html><body><p>'), ...Array.from({ length: 20 }, () => japanese), Buffer.from('</p></body></html>')]);
  const latin = Buffer.from(page(`<p>${prose} Caf\u00e9 \u00e0 la cr\u00e8me d\u00e9j\u00e0 vu.</p>`), 'latin1');
  const { rows } = await run([
    { html: sjis },
    { html: sjis, type: 'text/html; charset=Shift_JIS' },
    { html: latin },
    { html: latin, type: 'text/html; charset=ISO-8859-1' },
  ]);
  assert.deepEqual(
    rows.map((row) => row.charset),
    ['shift_jis', 'shift_jis', 'windows-1252', 'windows-1252'],
  );
  assert.match(String(rows[0]!.text), /^\u65e5\u672c\u8a9e\u306e\u6587\u5b57/u);
  assert.match(String(rows[2]!.text), /Caf\u00e9 \u00e0 la cr\u00e8me/u);
});

test('a page nested 10,000 deep and a 5 MB page of one line are extracted', async () => {
  const deep = `${'<div>'.repeat(10_000)}<p>${prose}</p>${'</div>'.repeat(10_000)}`;
  const long = page(`<p>${`${prose} `.repeat(Math.ceil(5e6 / (prose.length + 1)))}</p>`);
  const { rows, reasons } = await run([{ html: deep }, { html: long }]);
  assert.deepEqual(reasons, [null, null]);
  assert.equal(rows[0]!.text, prose);
  assert.ok(String(rows[1]!.text).length > 4_900_000);
});

test('limits drop a page by their own reason', async () => {
  const { reasons } = await run([{ html: 'x'.repeat(2000) }, { html: `${'<b>'.repeat(40)}x` }, { html: '<p>x'.repeat(30) }], {
    'max-bytes': 1000,
    'max-depth': 20,
    'max-nodes': 40,
  });
  assert.deepEqual(reasons, ['too-large', 'too-deep', 'too-many-nodes']);
});

test('bytes that are no text are bad-encoding', async () => {
  const noise = Uint8Array.from({ length: 4000 }, (_, i) => (i * 7 + (i >> 3)) % 29);
  const { reasons } = await run([{ html: noise, type: 'text/html; charset=utf-8' }]);
  assert.deepEqual(reasons, ['bad-encoding']);
});

test('the text of a page does not depend on the pages beside it', async () => {
  const pages = [{ html: page(`<p>${prose}</p>`) }, { html: '<p>' }, { html: page(`<p>${prose}</p><p>${prose}</p>`) }];
  const together = await run(pages);
  for (const [row, one] of pages.entries()) assert.deepEqual((await run([one])).rows[0], together.rows[row]);
});

test('what precision keeps, balanced keeps, and what balanced keeps, recall keeps; on a page with doubtful blocks each keeps more', async () => {
  const doubtful =
    '<p>Boats and gulls</p><figure><img src="a.jpg"><figcaption>The harbour at six.</figcaption></figure><div class="author-box"><p>Mara Quill writes of boats.</p></div>';
  const body = `<p>${prose}</p>${doubtful}<p>${prose}</p><div class="teaser"><p>More from the harbour: the gulls of the north wall, and who feeds them.</p></div>`;
  const lines: string[][] = [];
  for (const mode of ['precision', 'balanced', 'recall']) lines.push(String((await run([{ html: page(body) }], { mode })).rows[0]!.text).split('\n'));
  const [precision, balanced, recall] = lines as [string[], string[], string[]];
  assert.ok(precision.length > 0 && precision.every((line) => balanced.includes(line)) && balanced.every((line) => recall.includes(line)));
  assert.ok(precision.length < recall.length, `${precision.length} < ${recall.length} lines`);
});

test('an element left open in noscript does not swallow the page, and an article kept in noscript is found', async () => {
  const swallowed = `<body><noscript><div id="nojs"></noscript><div class="content"><p>${prose}</p></div></body>`;
  const kept = `<body><div id="app"></div><noscript><article>${`<p>${prose}</p>`.repeat(8)}</article></noscript></body>`;
  const { rows } = await run([{ html: swallowed }, { html: kept }]);
  assert.equal(rows[0]!.text, prose);
  assert.equal(rows[1]!.text, Array.from({ length: 8 }, () => prose).join('\n'));
  // Blogger's template: the article in <noscript>, behind a line break, among more labels than a short text has.
  const labels = Array.from({ length: 60 }, (_, at) => `<li><a href="/label/${at}">label number ${at}</a></li>`).join('');
  const blog = `<body><h2 class="title">Heading</h2><div class="post-body">\n<noscript>\n<span>${`<p>${prose}</p>`.repeat(8)}</span></noscript></div><div class="widget Label"><ul>${labels}</ul></div></body>`;
  const [row] = (await run([{ html: blog }])).rows;
  assert.equal(row!.text, rows[1]!.text);
});
