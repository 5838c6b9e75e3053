// Every relative link of every Markdown file in the repository leads to a file that is there, and every #anchor to a heading of it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import MarkdownIt from 'markdown-it';
import { packagePath, packageRoot } from '../../native/package-root.js';

const markdown = new MarkdownIt({ html: true });

interface Link {
  readonly from: string;
  readonly to: string;
}

function files(): string[] {
  return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], { cwd: packageRoot, encoding: 'utf8' })
    .split('\n')
    .filter((path) => path !== '' && !path.startsWith('tests/') && existsSync(packagePath(path)));
}

function linksOf(path: string, text: string): Link[] {
  const links: Link[] = [];
  const walk = (tokens: ReturnType<typeof markdown.parse>): void => {
    for (const token of tokens) {
      const to = token.attrGet('href') ?? token.attrGet('src');
      if (to !== null) links.push({ from: path, to: decodeURI(to) });
      if (token.children !== null) walk(token.children);
    }
  };
  walk(markdown.parse(text, {}));
  return links.filter(({ to }) => !/^[a-z][a-z0-9+.-]*:/i.test(to));
}

/** Anchors of headings as GitHub makes them: lower case, punctuation gone, spaces as "-", a number behind the second of a name. */
function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>();
  const tokens = markdown.parse(text, {});
  const anchors = tokens.flatMap((token, at) => {
    if (token.type !== 'heading_open') return [];
    const plain = (tokens[at + 1]?.children ?? []).map((child) => (child.type === 'text' || child.type === 'code_inline' ? child.content : '')).join('');
    const base = plain
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(base) ?? 0;
    seen.set(base, times + 1);
    return [times === 0 ? base : `${base}-${times}`];
  });
  return new Set(anchors);
}

function broken({ from, to }: Link): string | null {
  const [path, anchor] = to.split('#') as [string, string | undefined];
  const target = path === '' ? packagePath(from) : join(dirname(packagePath(from)), path);
  if (!existsSync(target)) return `${from}: ${to} leads nowhere`;
  if (relative(packageRoot, target).startsWith('..')) return `${from}: ${to} leads out of the repository`;
  if (anchor === undefined || statSync(target).isDirectory() || !target.endsWith('.md')) return null;
  return anchorsOf(readFileSync(target, 'utf8')).has(anchor) ? null : `${from}: ${to} names no heading of ${relative(packageRoot, target)}`;
}

test('every relative link and anchor of the repository’s Markdown leads somewhere', () => {
  const links = files().flatMap((path) => linksOf(path, readFileSync(packagePath(path), 'utf8')));
  assert.ok(links.length > 50, `${links.length} links`);
  assert.deepEqual(
    links.map(broken).filter((problem) => problem !== null),
    [],
  );
  assert.match(broken({ from: 'README.md', to: 'infra/docs/nowhere.md' })!, /leads nowhere/);
  assert.match(broken({ from: 'README.md', to: 'ARCHITECTURE.md#no-such-heading' })!, /names no heading/);
});

// Pages land together with what they tell of, so this one is asked before a release, not at every change.
test('the index of infra/docs names every page there', { skip: process.env.REFINE_FULL !== '1' && 'asked with REFINE_FULL=1' }, () => {
  const index = 'infra/docs/README.md';
  const named = new Set(linksOf(index, readFileSync(packagePath(index), 'utf8')).map(({ to }) => to));
  const pages = readdirSync(packagePath('infra', 'docs')).filter((name) => name.endsWith('.md') && name !== 'README.md');
  assert.deepEqual(
    pages.filter((name) => !named.has(name)),
    [],
    'add a line to infra/docs/README.md',
  );
});
