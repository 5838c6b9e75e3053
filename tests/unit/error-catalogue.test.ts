// The catalogue of errors is whole both ways: the sources themselves are read, TypeScript by its compiler, C++ and Python as text.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import ts from 'typescript';
import { errorsMarkdown } from '../../infra/build/errors-doc.js';
import { errorCatalogue, findError } from '../../native/error-catalogue.js';
import { packagePath } from '../../native/package-root.js';

const CODE = /ERR_REFINE_[A-Z_]*[A-Z]/g;

function files(folder: string, ending: RegExp): string[] {
  return readdirSync(packagePath(folder), { recursive: true })
    .map((name) => `${folder}/${String(name)}`)
    .filter((name) => ending.test(name) && !/\/(tests|testing)\//.test(name));
}

/** Codes in strings of a TypeScript source, comparisons left out: `code === 'ERR_…'` throws nothing. */
function* written(node: ts.Node): Generator<string> {
  if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node)) yield* node.text.match(CODE) ?? [];
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  const compares =
    ts.isCaseClause(node) ||
    (ts.isBinaryExpression(node) && [ts.SyntaxKind.EqualsEqualsEqualsToken, ts.SyntaxKind.ExclamationEqualsEqualsToken].includes(node.operatorToken.kind));
  for (const child of children) if (!(compares && ts.isStringLiteralLike(child))) yield* written(child);
}

function thrown(): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of ['native', 'pipeline', 'stages'].flatMap((folder) => files(folder, /\.ts$/))) {
    if (name === 'native/error-catalogue.ts') continue;
    for (const code of written(ts.createSourceFile(name, readFileSync(packagePath(name), 'utf8'), ts.ScriptTarget.Latest))) found.set(code, name);
  }
  const others = [
    ...['native/src', 'kernels'].flatMap((folder) => files(folder, /\.(cpp|cc|h|cu|cuh)$/)),
    ...files('pipeline', /\.mjs$/),
    ...files('infra/python', /\.py$/),
  ];
  for (const name of others)
    for (const line of readFileSync(packagePath(name), 'utf8').split('\n'))
      for (const code of line.replace(/^\s*(\/\/|#).*|\s\/\/ .*/, '').match(CODE) ?? []) found.set(code, name);
  return found;
}

test('every code that a source throws, C++ and Python too, stands in the catalogue, and none stands there that nothing throws', () => {
  const found = thrown();
  assert.ok(found.has('ERR_REFINE_BLOOM_SIZE') && found.has('ERR_REFINE_MANIFEST'), 'the search reads both languages');
  assert.deepEqual(
    [...found].filter(([code]) => !Object.hasOwn(errorCatalogue, code)),
    [],
    'thrown, but not explained: add an entry to native/error-catalogue.ts',
  );
  assert.deepEqual(
    Object.keys(errorCatalogue).filter((code) => !found.has(code)),
    [],
    'explained, but never thrown',
  );
});

test('every entry says its meaning, cause and next move in whole sentences', () => {
  for (const [code, entry] of Object.entries(errorCatalogue))
    for (const text of Object.values(entry)) assert.match(text, /^[`A-Z][^\n]+[.]$/, `${code}: ${text}`);
});

test('a code is found however people write it, and a word that is none is not', () => {
  for (const name of ['ERR_REFINE_RUN_LOCKED', 'run-locked', 'run_locked', 'err_refine_run_locked'])
    assert.equal(findError(name)?.code, 'ERR_REFINE_RUN_LOCKED');
  for (const name of ['', 'toString', 'ERR_REFINE_', 'constructor', 'ERR_OTHER']) assert.equal(findError(name), undefined);
});

test('the committed page of errors is the one the catalogue makes (else: node dist/infra/build/errors-doc.js)', () => {
  assert.equal(readFileSync(packagePath('infra', 'docs', 'errors.md'), 'utf8'), errorsMarkdown());
});
