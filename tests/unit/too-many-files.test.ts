// Node's own EMFILE and ENFILE, which no try around a file of ours catches.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefineError } from '../../native/errors.js';
import { tooManyFiles } from '../../pipeline/too-many-files.js';

const refusal = (code: string, path?: string) => Object.assign(new Error(`${code}: too many open files`), { code, ...(path === undefined ? {} : { path }) });

test('too many open files name the file, the limit and what to type; other errors are not taken for them', () => {
  const own = tooManyFiles(refusal('EMFILE', '/package/locales/kh.js'));
  assert.equal(own?.code, 'ERR_REFINE_DISK');
  assert.equal(own?.place, '/package/locales/kh.js');
  assert.match(own?.message ?? '', /EMFILE, too many open files\. `ulimit -n` .*\(ulimit -n 1024\)/);
  assert.match(tooManyFiles(refusal('ENFILE'))?.message ?? '', /ENFILE, .* fs\.file-max/);
  assert.equal(tooManyFiles(refusal('ENOSPC')), null);
  assert.equal(tooManyFiles(new RefineError('ERR_REFINE_DISK', 'EMFILE', { place: 'x' })), null);
  assert.equal(tooManyFiles('EMFILE'), null);
});
