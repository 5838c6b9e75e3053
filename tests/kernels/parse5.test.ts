// The parser against npm parse5 on real pages and on made ones: another implementation of the same standard. parse5 8
// still has the insertion modes for <select> that the standard dropped in 2025, so pages with that tag are left out.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type DefaultTreeAdapterTypes as Types, parse } from 'parse5';
import { native } from '../../native/index.js';
import { needsShared, sharedPath } from '../support/shared.js';

/** html5lib's form of a parse5 tree, without recursion. */
function dump(root: Types.Document): string {
  const lines: string[] = [];
  const stack: { node: Types.Node; depth: number }[] = [...root.childNodes].reverse().map((node) => ({ node, depth: 0 }));
  while (stack.length > 0) {
    const { node, depth } = stack.pop()!;
    const indent = `| ${'  '.repeat(depth)}`;
    if (node.nodeName === '#documentType') {
      const type = node as Types.DocumentType;
      const ids = type.publicId !== '' || type.systemId !== '' ? ` "${type.publicId}" "${type.systemId}"` : '';
      lines.push(`${indent}<!DOCTYPE ${type.name}${ids}>`);
    } else if (node.nodeName === '#text') {
      lines.push(`${indent}"${(node as Types.TextNode).value}"`);
    } else if (node.nodeName === '#comment') {
      lines.push(`${indent}<!-- ${(node as Types.CommentNode).data} -->`);
    } else {
      const element = node as Types.Element;
      const space = element.namespaceURI.endsWith('svg') ? 'svg ' : element.namespaceURI.endsWith('MathML') ? 'math ' : '';
      lines.push(`${indent}<${space}${element.tagName}>`);
      const attributes = element.attrs.map((a) => [a.prefix ? `${a.prefix} ${a.name}` : a.name, a.value] as const);
      attributes.sort((a, b) => Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0])));
      for (const [name, value] of attributes) lines.push(`| ${'  '.repeat(depth + 1)}${name}="${value}"`);
      if ('content' in element) {
        lines.push(`| ${'  '.repeat(depth + 1)}content`);
        for (const child of [...(element as Types.Template).content.childNodes].reverse()) stack.push({ node: child, depth: depth + 2 });
      } else {
        for (const child of [...element.childNodes].reverse()) stack.push({ node: child, depth: depth + 1 });
      }
    }
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

const ours = (html: string) => native.htmlTree(Buffer.from(html), { scripting: false });
const theirs = (html: string) => dump(parse(html, { scriptingEnabled: false }));

const pages = sharedPath('data', 'pages');
test('real pages give the tree that parse5 gives', pages === null ? { skip: needsShared } : {}, () => {
  const differing: string[] = [];
  let compared = 0;
  for (const corpus of ['readability', 'newspaper4k']) {
    for (const file of readdirSync(`${pages}/${corpus}`).sort()) {
      if (!file.endsWith('.html.gz')) continue;
      const html = gunzipSync(readFileSync(`${pages}/${corpus}/${file}`)).toString('utf8');
      if (/<select/i.test(html) || html.charCodeAt(0) === 0xfeff) continue;
      compared++;
      if (ours(html) !== theirs(html)) differing.push(`${corpus}/${file}`);
    }
  }
  assert.deepEqual({ compared, differing }, { compared: 134, differing: [] });
});

test('any soup of tags, text and damage gives the tree that parse5 gives', () => {
  const tags =
    'a b i em p div span table tbody tr td th caption col colgroup ul li dl dt dd h1 h2 form button svg math mi foreignObject title template script style br hr img pre textarea nobr font html head body frameset ruby rt rp noscript object address'.split(
      ' ',
    );
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...tags).map((tag) => `<${tag}>`) },
    { weight: 4, arbitrary: fc.constantFrom(...tags).map((tag) => `</${tag}>`) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        'x',
        ' ',
        '\n',
        'two words',
        '&amp;',
        '&notit;',
        '&#0;',
        '&#x80;',
        '<!-- c -->',
        '<!doctype html>',
        '<![CDATA[x]]>',
        '<p/>',
        '<a href=1 href=2>',
        '</>',
        '<?x>',
        '<',
        '\u0000',
        '<svg/>',
        "<div class='a",
      ),
    },
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (parts) => {
      const html = parts.join('');
      assert.equal(ours(html), theirs(html), html);
    }),
    { seed: 11, numRuns: 6000 },
  );
});
