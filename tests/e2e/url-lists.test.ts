// A run whose workers share a compiled list, through the command: the same bytes whether the list is text or compiled.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisedBytes, refine } from '../support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-url-run-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a list of a megabyte and its compiled form drop the same documents, in two workers as in one, and leave nothing behind', async () => {
  const hosts = Array.from({ length: 80_000 }, (_, i) => `h${(i * 7919) % 999_983}x.example`);
  writeFileSync(join(folder, 'lists.txt'), `${hosts.join('\n')}\n@@||good.${hosts[5]}^\n||ads.example^$third-party\n`);
  const names = ['0.jsonl', '1.jsonl', '2.jsonl'];
  for (const [file, name] of names.entries()) {
    const rows = Array.from({ length: 60 }, (_, i) => {
      const host = i % 3 === 0 ? `www.${hosts[file * 100 + i]}` : i % 3 === 1 ? `good.${hosts[5]}` : `h${i}.other.example`;
      return `${JSON.stringify({ id: `${file}-${i}`, url: `http://${host}/page`, text: `text ${file} ${i}` })}\n`;
    });
    writeFileSync(join(folder, name), rows.join(''));
  }
  const manifest = (name: string, list: string) =>
    writeFileSync(
      join(folder, `${name}.yaml`),
      `name: ${name}\nsource: { jsonl: [${names.join(', ')}] }\nsteps:\n  - url: { lists: ${list} }\nsink: { text: { keep: true } }\n`,
    );
  manifest('text', 'lists.txt');
  manifest('compiled', 'lists.urlset');
  const made = await refine(['url', 'compile', 'lists.txt', '-o', 'lists.urlset', '--json'], { cwd: folder });
  assert.equal(made.code, 0, made.stderr);
  assert.equal((JSON.parse(made.stdout) as { entries: { hosts: number } }).entries.hosts, new Set(hosts).size);

  const one = await refine(['run', 'text.yaml', '--out', 'one', '--workers', '1'], { cwd: folder });
  assert.equal(one.code, 0, one.stderr);
  assert.match(one.stderr, /warning: url\.lists\.0: lines that give no entry: 1 rules with options\./);
  const two = await refine(['run', 'text.yaml', '--out', 'two', '--workers', '2'], { cwd: folder });
  assert.equal(two.code, 0, two.stderr);
  const compiled = await refine(['run', 'compiled.yaml', '--out', 'compiled', '--workers', '2'], { cwd: folder });
  assert.equal(compiled.code, 0, compiled.stderr);

  assert.deepEqual(promisedBytes(join(folder, 'two')), promisedBytes(join(folder, 'one')));
  assert.deepEqual(promisedBytes(join(folder, 'compiled')), promisedBytes(join(folder, 'one')));
  const stats = await refine(['stats', 'one', '--json'], { cwd: folder });
  assert.deepEqual((JSON.parse(stats.stdout) as { steps: { drops: unknown }[] }).steps[0]!.drops, { 'url/blocked-host': 60 });
  const lock = readFileSync(join(folder, 'compiled', 'manifest.lock.json'), 'utf8');
  assert.match(lock, /"name": "lists\.urlset",\s*"sha256": "[0-9a-f]{64}"/);
  for (const run of ['one', 'two', 'compiled'])
    assert.ok(!readdirSync(join(folder, run), { recursive: true }).some((path) => String(path).endsWith('.urlset')));
});
