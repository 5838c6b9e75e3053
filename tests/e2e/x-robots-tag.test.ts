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

function response(url: string, headers: readonly string[], page = html): string {
  const http = ['HTTP/1.1 200 OK', 'Content-Type: text/html; charset=utf-8', ...headers, '', page].join('\r\n');
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

test('pages that ask not to be used are dropped by url: { honour } with a reason each, whichever way they ask', async () => {
  const path = join(folder, 'opt-outs.warc');
  const plain = html.replace('<meta name="robots" content="noai">', '');
  const none = html.replace('noai', 'none');
  const records: readonly [string, readonly string[], string][] = [
    ['meta', [], html],
    ['header', ['X-Robots-Tag: noindex'], plain],
    ['tdm', ['TDM-Reservation: 1'], plain],
    ['tdm-off', ['TDM-Reservation: 0'], plain],
    ['ours', ['X-Robots-Tag: ccbot: noindex'], plain],
    ['theirs', ['X-Robots-Tag: googlebot: noindex'], plain],
    ['none', [], none],
    ['both', ['X-Robots-Tag: noindex'], html],
    ['free', [], plain],
  ];
  writeFileSync(path, records.map(([name, headers, page]) => response(`https://example.org/${name}`, headers, page)).join(''));
  const options = JSON.stringify({ url: { honour: ['noai', 'noindex', 'tdm-reservation'], agents: ['CCBot'] } });
  const { stdout, stderr } = await refine(['try', 'extract,url', '--with', options, path]);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { url: string; reason: string | null });
  assert.deepEqual(
    Object.fromEntries(rows.map(({ url, reason }) => [url.slice('https://example.org/'.length), reason])),
    {
      meta: 'url/noai',
      header: 'url/noindex',
      tdm: 'url/tdm-reservation',
      'tdm-off': null,
      ours: 'url/noindex',
      theirs: null,
      none: 'url/noindex',
      both: 'url/noai',
      free: null,
    },
    stderr,
  );
});

test('url: { honour } before extract is refused by name, for no step has read what pages ask yet', async () => {
  const manifest = join(folder, 'early.yaml');
  writeFileSync(manifest, 'name: early\nsource: { warc: [robots.warc] }\nsteps:\n  - url: { honour: [noai] }\n  - extract\n');
  const { code, stderr } = await refine(['validate', manifest]);
  assert.equal(code, 1);
  assert.match(stderr, /step "url" reads column "robots", which no earlier step writes/);
});
