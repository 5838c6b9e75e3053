// What a page or a server says cannot write on a terminal, and what is secret in a URL is not repeated. Sequences: ECMA-48, xterm's
// control sequences, CVE-2021-42574 (Trojan Source). Property: both change nothing the second time.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fc } from '../support/properties.js';
import { RefineError } from '../../native/errors.js';
import { packagePath } from '../../native/package-root.js';
import { visible, withoutSecrets } from '../../native/redact.js';

test('no control character reaches a terminal: colours, titles, the clipboard, C1 sequences, marks that reorder words', () => {
  for (const bad of [
    '\u001b[2J',
    '\u001b]0;title\u0007',
    '\u001b]52;c;cm0gLXJm\u0007',
    '\u009b31m',
    '\r',
    '\b',
    '\u007f',
    '\u202e',
    '\u2066',
    '\u200f',
    '\u0000',
  ])
    assert.match(visible(`a${bad}b`), /^[\x20-\x7e]*$/, JSON.stringify(bad));
  assert.equal(visible('a\u001b[31mb\tc\nd é 漢'), 'a\\u001b[31mb\tc\nd é 漢');
  assert.equal(visible('\u001b[2mquiet\u001b[22m \u001b[2J \u001b]0;x\u0007', true), '\u001b[2mquiet\u001b[22m \\u001b[2J \\u001b]0;x\\u0007');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const shown = visible(text);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
      assert.doesNotMatch(shown, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
      assert.equal(visible(shown), shown);
    }),
  );
  // A JSON string stays the same string.
  const value = { text: 'a\u009bb\u202e"\\' };
  assert.deepEqual(JSON.parse(visible(JSON.stringify(value))), value);
});

test('on a terminal a command spells out what a page says, in a pipe it hands it on as it is', () => {
  const program = `
    Object.defineProperty(process.stdout, 'isTTY', { value: process.argv[1] === 'tty' });
    const { data, words } = await import(${JSON.stringify(new URL('../../pipeline/cli/command.js', import.meta.url).href)});
    await data('title \\u001b]0;x\\u0007\\n');
    words('file \\u001b[2J');`;
  const say = (how: string) => spawnSync(process.execPath, ['--input-type=module', '-e', program, how], { cwd: packagePath(), encoding: 'utf8' });
  assert.equal(say('tty').stdout, 'title \\u001b]0;x\\u0007\n');
  assert.equal(say('pipe').stdout, 'title \u001b]0;x\u0007\n');
  assert.equal(say('pipe').stderr, 'file \\u001b[2J\n');
});

test('user names, passwords and queries of URLs are left out of errors, whatever stands around them', () => {
  const cases: readonly [string, string][] = [
    ['https://me:pass@host.example/a?X-Amz-Signature=abc&x=1', 'https://host.example/a?...'],
    ['GET "http://u@h/p?k=v", then (https://h/q?t=1)', 'GET "http://h/p?...", then (https://h/q?...)'],
    ['s3://key:secret@bucket/a', 's3://bucket/a'],
    ['mail me@host.example and https://h/a', 'mail me@host.example and https://h/a'],
    ['https://h/a?... again', 'https://h/a?... again'],
    ['paths: [https://a:b@h/x.warc?s=1, y.warc]', 'paths: [https://h/x.warc?..., y.warc]'],
    ['no url, a question? yes', 'no url, a question? yes'],
    ['https://user:p%40ss:word@h/', 'https://h/'],
  ];
  for (const [text, expected] of cases) {
    assert.equal(withoutSecrets(text), expected);
    assert.equal(withoutSecrets(expected), expected);
  }
  const error = new RefineError('ERR_REFINE_FETCH', 'cannot read https://a:SECRET@h/x?sig=SECRET', { place: 'https://a:SECRET@h/y?sig=SECRET' });
  assert.doesNotMatch(error.format() + error.stack + JSON.stringify(error), /SECRET/);
  const started = process.hrtime.bigint();
  withoutSecrets('a://'.repeat(100_000));
  withoutSecrets(`https://${'a'.repeat(1_000_000)}`);
  assert.ok(process.hrtime.bigint() - started < 20_000_000_000n); // linear; quadratic would be hours
});
