// Markdown means what the page says: pages are generated as trees, written by the core, and read by markdown-it. The
// expectation is the generated tree itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../support/properties.js';
import { native } from '../../native/index.js';
import { folded, type ItemTree, type ListTree, readMarkdown } from '../support/markdown-structure.js';

const encoder = new TextEncoder();
const runs = process.env.REFINE_FULL === '1' ? 20_000 : 800;

function markdownOf(html: string, links = false): string {
  return native.htmlWrite(encoder.encode(`<!doctype html><body>${html}`), { format: 'markdown', links }).text;
}
const escapeHtml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

// Words out of everything that Markdown reads as markup. `$`, `\(` and `\[` begin formulas and have tests of their own.
const hostile = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('word', 'a', 'Zug', '7', 'é', '漢', 'x1') },
      { weight: 3, arbitrary: fc.constantFrom(' ', ' ', '  ') },
      { weight: 3, arbitrary: fc.constantFrom(...'*_`[]()#+-.!|<>&\\~=:"\'{}^@/,;?') },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          '1. ',
          '- ',
          '# ',
          '> ',
          '](',
          '![',
          '&amp;',
          '<b>',
          '---',
          '```',
          '~~',
          '**',
          '__',
          '[x]: y',
          'http://a.b/c_d_e',
          '<!--',
          '“',
          '』',
          '…',
          '\\',
        ),
      },
    ),
    { minLength: 1, maxLength: 14 },
  )
  .map((parts) => folded(parts.join('').replaceAll(/\\+([([])/g, '$1')))
  .filter((text) => text !== '');

// Inline: words, some of them in elements. `html` and the words a reader sees.
interface Inline {
  readonly html: string;
  readonly words: string;
}
const inline: fc.Arbitrary<Inline> = fc
  .array(
    fc
      .tuple(fc.constantFrom('', '', '', 'em', 'strong', 'code', 'b', 'del', 'strong+em', 'a', 'code+a'), hostile, fc.constantFrom('', ' '))
      .map(([tag, words, space]) => ({
        html:
          tag
            .split('+')
            .reduce(
              (html, name) => (name === '' ? html : name === 'a' ? `<a href="https://e.org/?a=1&amp;b=(2)">${html}</a>` : `<${name}>${html}</${name}>`),
              escapeHtml(words),
            ) + space,
        words: words + space,
      })),
    { minLength: 1, maxLength: 5 },
  )
  .map((parts) => ({ html: parts.map((part) => part.html).join(''), words: folded(parts.map((part) => part.words).join('')) }))
  .filter(({ words }) => !/\\[([]/.test(words));

test('a paragraph has the same words in Markdown, whatever they look like', () => {
  fc.assert(
    fc.property(inline, ({ html, words }) => {
      const found = readMarkdown(markdownOf(`<p>${html}</p>`));
      assert.deepEqual(found.paragraphs, [words]);
    }),
    { numRuns: runs, seed: 4 },
  );
});

test('lines of <br> have the same words, and no line becomes a block of its own', () => {
  fc.assert(
    fc.property(fc.array(inline, { minLength: 2, maxLength: 4 }), (lines) => {
      const found = readMarkdown(markdownOf(`<p>${lines.map((line) => line.html).join('<br>')}</p>`));
      assert.deepEqual(found.paragraphs, [folded(lines.map((line) => line.words).join(' '))]);
    }),
    { numRuns: runs, seed: 5 },
  );
});

test('headings keep level and words', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), inline, (level, { html, words }) => {
      assert.deepEqual(readMarkdown(markdownOf(`<h${level}>${html}</h${level}><p>after</p>`)).headings, [{ level, words }]);
    }),
    { numRuns: runs, seed: 6 },
  );
});

test('links keep address and words', () => {
  fc.assert(
    fc.property(hostile, fc.webUrl({ withQueryParameters: true }), hostile, (words, url, around) => {
      const found = readMarkdown(
        markdownOf(`<p>${escapeHtml(around)} <a href="${escapeHtml(url).replaceAll('"', '&quot;')}">${escapeHtml(words)}</a> ${escapeHtml(around)}</p>`, true),
      );
      assert.deepEqual(
        found.links.map(([, text]) => text),
        [words],
      );
      assert.equal(decodeURI(found.links[0]![0]), decodeURI(url));
    }),
    { numRuns: runs, seed: 7 },
  );
});

const codeLine = fc
  .array(fc.constantFrom('x', ' ', '    ', '\t', '`', '```', '~~~~', '#', '- ', '> ', '<b>', '&amp;', '\\', '$', '1. '), { maxLength: 6 })
  .map((parts) => parts.join(''));
const codeText = fc
  .array(codeLine, { minLength: 1, maxLength: 6 })
  .map((lines) =>
    lines
      .join('\n')
      .replace(/^([ \t]*\n)+/, '')
      .replace(/\s+$/, ''),
  )
  .filter((text) => text !== '');

// Blocks in containers: what a page's tree says about listings, lists and quotes.
interface Block {
  readonly html: string;
  readonly code: readonly string[];
  readonly lists: readonly ListTree[];
  readonly quotes: number;
  readonly own: string; // the words of an item that holds the block
}
const none = { code: [], lists: [], quotes: 0, own: '' };
const gather = (blocks: readonly Block[]) => ({
  html: blocks.map((block) => block.html).join('\n'),
  code: blocks.flatMap((block) => block.code),
  lists: blocks.flatMap((block) => block.lists),
  quotes: blocks.reduce((sum, block) => sum + block.quotes, 0),
  own: folded(blocks.map((block) => block.own).join(' ')),
});
const { block } = fc.letrec<{ block: Block; item: Block; list: Block }>((tie) => ({
  block: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    inline.map(({ html, words }) => ({ ...none, html: `<p>${html}</p>`, own: words })),
    codeText.map((text) => ({ ...none, html: `<pre>\n${escapeHtml(text)}\n</pre>`, code: [text] })),
    tie('list'),
    fc.array(tie('block'), { minLength: 1, maxLength: 3 }).map((blocks) => {
      const inside = gather(blocks);
      return { ...inside, html: `<blockquote>${inside.html}</blockquote>`, quotes: inside.quotes + 1 };
    }),
  ),
  item: fc.tuple(inline, fc.array(tie('block'), { maxLength: 2 })).map(([text, blocks]) => {
    const inside = gather(blocks);
    return { ...inside, html: `<li>${text.html}\n${inside.html}</li>`, own: folded(`${text.words} ${inside.own}`) };
  }),
  list: fc.tuple(fc.boolean(), fc.array(tie('item'), { minLength: 1, maxLength: 3 }), fc.integer({ min: 0, max: 12 })).map(([ordered, items, start]) => ({
    html: `<${ordered ? `ol start=${start}` : 'ul'}>${items.map((item) => item.html).join('')}</${ordered ? 'ol' : 'ul'}>`,
    code: items.flatMap((item) => item.code),
    quotes: items.reduce((sum, item) => sum + item.quotes, 0),
    lists: [{ ordered, items: items.map((item): ItemTree => ({ words: item.own, lists: item.lists })) }],
    own: '',
  })),
}));

test('lists keep their nesting, kinds and words, listings stand verbatim, quotes stay quotes, in any of each other', () => {
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 4 }), (blocks) => {
      const page = gather(blocks);
      const found = readMarkdown(markdownOf(page.html));
      assert.deepEqual(
        found.code.map(({ text }) => text),
        page.code,
      );
      assert.equal(found.quotes, page.quotes);
      assert.deepEqual(sorted(found.lists), sorted(page.lists));
    }),
    { numRuns: runs, seed: 8 },
  );
});
// A list in a quote is found where markdown-it closes it: order is by words here.
const sorted = (lists: readonly ListTree[]) => [...lists].map((list) => JSON.stringify(list)).sort();

test('a table has the same cells, spans filled, short rows ended', () => {
  const cell = fc.tuple(
    fc.oneof({ weight: 6, arbitrary: inline }, { weight: 1, arbitrary: fc.constant({ html: '', words: '' }) }),
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 1, max: 3 }),
  );
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 4 }), (rows) => {
      const grid: string[][] = rows.map(() => []);
      let overlap = false; // two cells on one place: a mistake of the page's
      rows.forEach((row, y) => {
        let x = 0;
        for (const [{ words }, columns, down] of row) {
          while (grid[y]![x] !== undefined) x++;
          for (let dy = 0; dy < down && y + dy < rows.length; dy++) {
            for (let dx = 0; dx < columns; dx++) {
              overlap ||= grid[y + dy]![x + dx] !== undefined;
              grid[y + dy]![x + dx] = words;
            }
          }
          x += columns;
        }
      });
      fc.pre(!overlap);
      // Rows without words are not written: such tables are another test's.
      fc.pre(rows.every((row) => row.filter(([{ words }]) => words !== '').length >= 2));
      const width = Math.max(...grid.map((row) => row.length));
      const html = rows
        .map((row) => `<tr>${row.map(([{ html: inside }, columns, down]) => `<th colspan=${columns} rowspan=${down}>${inside}</th>`).join('')}</tr>`)
        .join('');
      const found = readMarkdown(markdownOf(`<table>${html}</table>`));
      const expected = grid.map((row) => Array.from({ length: width }, (_, i) => row[i] ?? ''));
      assert.deepEqual(found.tables, [expected]);
    }),
    { numRuns: runs, seed: 9 },
  );
});
