// Made pages (infra/extract/made-pages): pages in the markup of known software, with labels of their text. Expectations are the
// generator's contract; that blocks are pure is checked against the native segmentation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse, type DefaultTreeAdapterMap } from 'parse5';
import { templates } from '../../infra/extract/made-pages/catalogue.js';
import { labelOf, runsOf, stripMarks } from '../../infra/extract/made-pages/gold.js';
import { makePage, makePages } from '../../infra/extract/made-pages/make.js';
import { packs } from '../../infra/extract/made-pages/texts/packs.js';
import { native } from '../../native/index.js';

const pages = makePages(templates);

test('labels count code points of visible text, and the nearest mark decides', () => {
  const marked = `<body><p>ab c</p><div data-gold="M">d&nbsp;e<span data-gold="?">f\u{1F600}</span><b data-gold="-">g</b></div><script>no</script><select><option>no</option></select><noscript><i>no</i></noscript>`;
  assert.deepEqual(runsOf(marked), [
    { begin: 0, end: 3, label: '-' },
    { begin: 3, end: 5, label: 'M' },
    { begin: 5, end: 7, label: '?' },
    { begin: 7, end: 8, label: '-' },
  ]);
  assert.equal(stripMarks('<p class="x" data-gold="M">a</p>'), '<p class="x">a</p>');
  assert.equal(labelOf(runsOf(marked), 3, 5), 'M');
  assert.equal(labelOf(runsOf(marked), 3, 6), null);
});

test('a page is the same each time it is made, and no two pages are the same', () => {
  for (const template of templates) assert.equal(makePage(template, 1).marked, makePage(template, 1).marked, template.name);
  assert.equal(new Set(pages.map((page) => page.html)).size, pages.length);
});

test('every template has a name and a site of its own, and texts in a language there is', () => {
  assert.ok(templates.length >= 100 && pages.length >= 500, `${templates.length} templates, ${pages.length} pages`);
  assert.equal(new Set(templates.map((one) => one.name)).size, templates.length);
  assert.equal(new Set(pages.map((page) => page.site)).size, templates.length);
  for (const one of templates) for (const lang of one.langs) assert.ok(packs[lang] !== undefined, `${one.name}: ${lang}`);
  for (const page of pages) assert.equal(new URL(page.url).host, page.site);
});

test('every page has main text and furniture, its runs follow one another, and no mark is left in it', () => {
  for (const page of pages) {
    assert.ok(!page.html.includes('data-gold'), page.id);
    assert.ok(!/undefined|\[object |NaN|=>/.test(page.html.replace(/<pre[\s\S]*?<\/pre>|<script[\s\S]*?<\/script>|class="[^"]*"/g, '')), page.id);
    const labels = new Set(page.runs.map((run) => run.label));
    assert.ok(labels.has('M') && labels.has('-'), `${page.id}: ${[...labels]}`);
    let at = 0;
    for (const run of page.runs) {
      assert.equal(run.begin, at, page.id);
      at = run.end;
    }
    assert.equal(at, runsOf(page.html).at(-1)!.end, page.id);
  }
});

test('a page points to made hosts and to the makers of its software only', () => {
  const makers =
    /^(?:[\w-]+\.)*(?:example|phpbb\.com|vbulletin\.com|simplemachines\.org|mybb\.com|fluxbb\.org|xenforo\.com|invisioncommunity\.com|invisionpower\.com|discourse\.org|github\.com|woltlab\.com|vanillaforums\.com|sphinx-doc\.org|readthedocs\.org|mkdocs\.org|gitbook\.com|doxygen\.org|mediawiki\.org|shopify\.com|discuz\.net|drupal\.org|schema\.org|w3\.org)$/;
  for (const page of pages) for (const [, host] of page.html.matchAll(/https?:\/\/([\w.-]+)/g)) assert.match(host!, makers, page.id);
});

test('parse5 finds a body with elements in every page', () => {
  for (const page of pages) {
    const html = parse(page.html).childNodes.find((node) => node.nodeName === 'html') as DefaultTreeAdapterMap['element'];
    const body = html.childNodes.find((node) => node.nodeName === 'body') as DefaultTreeAdapterMap['element'];
    assert.ok(body.childNodes.length > 1, page.id);
  }
});

interface Blocks {
  readonly charBegin: Uint32Array;
  readonly chars: Uint32Array;
}
const inspect = (native as unknown as { inspectBlocks?: (bytes: Uint8Array, contentType: string, url: string, options: object) => Blocks }).inspectBlocks;

test('every block of the native segmentation has one label', { skip: inspect === undefined && 'the native core has no blocks yet' }, () => {
  for (const page of pages) {
    const blocks = inspect!(Buffer.from(page.html), '', page.url, { mode: 'balanced', maxBytes: 1 << 24, maxDepth: 1000, maxNodes: 1_000_000 });
    const main = [...blocks.charBegin.keys()].filter((i) => {
      const label = labelOf(page.runs, blocks.charBegin[i]!, blocks.charBegin[i]! + blocks.chars[i]!);
      assert.ok(label !== null, `${page.id}: block ${i} is mixed`);
      return label === 'M';
    });
    assert.ok(main.length > 0, page.id);
  }
});
