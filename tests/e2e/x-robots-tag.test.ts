// The X-Robots-Tag header on its way from a WARC record to the column `robots`, through the command that users call.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { refine } from '../support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-robots-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const html = `<!doctype html><html lang="en"><head><title>Tides</title><meta name="robots" content="noai"></head><body><article><p>${'The tide came in, as it does, and went out again. '.repeat(20)}</p></article></body></html>`;

function response(url: string, headers: readonly string[]): string {
  const http = ['HTTP/1.1 200 OK', 'Content-Type: text/html; charset=utf-8', ...headers, '', html].join('\r\n');
  const warc = [
    'WARC/1.0',
    'WARC-Type: response',
    `WARC-Target-URI: ${url}`,
    'WARC-Date: 2023-05-01T00:00:00Z',
    `WARC-Record-ID: <urn:uuid:0000-${url.length}>`,
    'Content-Type: application/http; msgtype=response',
    `Content-Length: ${Buffer.byteLength(http)}`,
  ].join('\r\n');
  return `${warc}\r\n\r\n${http}\r\n\r\n`;
}

test('every X-Robots-Tag header of a response stands in robots after what the page says, and in no column of its own', async () => {
  const path = join(folder, 'robots.warc');
  const tagged = response('https://example.org/tagged', ['x-robots-tag: noindex, nofollow', 'X-Robots-Tag: GoogleBot: noarchive']);
  writeFileSync(path, tagged + response('https://example.org/a', []));
  const { stdout } = await refine(['try', 'extract', path]);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    rows.map((row) => [row.robots, 'x_robots_tag' in row]),
    [
      [['noai', 'noindex', 'nofollow', 'googlebot:noarchive'], false],
      [['noai'], false],
    ],
  );
});
