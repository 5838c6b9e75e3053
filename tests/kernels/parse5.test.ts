// The parser against npm parse5, another implementation of the same standard, on html5lib's cases and on made input.
// parse5 8 follows the standard before it let <select> hold any content (2025). Where the two differ we give the tree that
// html5lib-tests expects, which is today's standard's: browsers have moved on, and parse5 will.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../support/properties.js';
import { native } from '../../native/index.js';
import { treeCases } from '../support/html5lib.js';
import { firstDifference, parse5Fragment, parse5Tree } from '../support/parse5-tree.js';
import { needsShared, sharedPath } from '../support/shared.js';

const suite = sharedPath('data', 'html5lib-tests', 'tree-construction');

const OLDER_SELECT: readonly string[] = [
  'menuitem-element.dat:14',
  'tests1.dat:30',
  'tests1.dat:100',
  'tests10.dat:4',
  'tests10.dat:5',
  'tests10.dat:17',
  'tests10.dat:18',
  'tests18.dat:14',
  'tests18.dat:15',
  'tests7.dat:34',
  'tests9.dat:5',
  'tests9.dat:6',
  'tests9.dat:18',
  'tests9.dat:19',
  'tests_innerHTML_1.dat:77',
  'tests_innerHTML_1.dat:78',
  'webkit02.dat:19',
  'webkit02.dat:36',
  'webkit02.dat:38',
  'webkit02.dat:39',
  'webkit02.dat:40',
  'webkit02.dat:41',
  'webkit02.dat:42',
  'webkit02.dat:43',
  'webkit02.dat:45',
  'webkit02.dat:46',
  'webkit02.dat:47',
  'webkit02.dat:48',
];

test(
  'html5lib cases give the tree that parse5 gives, but for those of <select> that follow newer text, listed by name',
  suite === null ? { skip: needsShared } : {},
  () => {
    const differing: string[] = [];
    let compared = 0;
    for (const c of treeCases(suite!)) {
      if (c.scripting === true) continue;
      compared++;
      const [space, name] = c.fragment?.includes(' ') ? (c.fragment.split(' ') as [string, string]) : [undefined, c.fragment];
      const options = { scripting: false, ...(name === null ? {} : { fragment: name }), ...(space === undefined ? {} : { fragmentNamespace: space }) };
      const ours = native.htmlTree(Buffer.from(c.data), options);
      const theirs = c.fragment === null ? parse5Tree(c.data) : parse5Fragment(c.data, c.fragment);
      if (ours === theirs) continue;
      assert.equal(ours, `${c.document}\n`, `${c.name}: neither parse5's tree nor the suite's`);
      assert.match(c.data, /<(select|option|optgroup)/i, c.name);
      differing.push(c.name);
    }
    assert.deepEqual(differing, OLDER_SELECT);
    assert.equal(compared, 1770);
  },
);

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
      const ours = native.htmlTree(Buffer.from(html), { scripting: false });
      assert.equal(firstDifference(ours, parse5Tree(html)), null, html);
    }),
    { seed: 11, numRuns: 6000 },
  );
});
