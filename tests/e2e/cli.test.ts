// The command line as a user meets it: exit codes, what goes to stdout and what to stderr.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { text } from 'node:stream/consumers';
import { packagePath } from '../../native/package-root.js';
import { refine, startRefine } from '../support/cli.js';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refine-cli-'));
});
after(() => rm(folder, { recursive: true, force: true }));

test('an unknown option, an unknown command and a missing argument are usage: exit 2, nothing on stdout', async () => {
  for (const [args, message] of [
    [['validate', '--st', 'a=1', 'm.yaml'], /ERR_REFINE_USAGE unknown option '--st'\n\(Did you mean --set\?\)/],
    [['valdate'], /ERR_REFINE_USAGE unknown command 'valdate'\n\(Did you mean validate\?\)/],
    [['validate'], /ERR_REFINE_USAGE missing required argument 'manifest'/],
    [['report', 'a', '--charts', 'x'], /ERR_REFINE_USAGE unknown option '--charts'/],
    [[], /Usage: refine/],
  ] as const) {
    const result = await refine(args);
    assert.equal(result.code, 2, args.join(' '));
    assert.match(result.stderr, message);
    assert.equal(result.stdout, '');
  }
});

test('what takes the output may go away, quietly; what is full is an error that names it: what it holds is not whole', {
  skip: !existsSync('/dev/full') && 'no /dev/full here',
}, async () => {
  for (const args of [['explain', 'ERR_REFINE_DISK'], ['--help']]) {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [packagePath('pipeline', 'cli', 'refine.mjs'), ...args], { stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    const said = text(child.stderr!);
    assert.deepEqual(await once(child, 'close'), [1, null]);
    assert.match(await said, /^ERR_REFINE_DISK standard output {2}cannot be written: ENOSPC; what it holds is not whole\. Make room/, args.join(' '));
    const left = startRefine(args);
    left.child.stdout!.destroy();
    assert.deepEqual(await left.done, { code: 0, signal: null, stdout: '', stderr: '' }, args.join(' '));
  }
});

test('neither the command nor its workers let Node print a warning', async () => {
  const english = 'The harbour was quiet that morning, and the boats, which had come in before dawn, lay still along the wall of the old town.';
  await writeFile(join(folder, 'quiet.jsonl'), `${JSON.stringify({ text: english })}\n${JSON.stringify({ text: english })}\n`);
  const steps = 'url, langid, repetition, lines, dedupe-url, dedupe-exact, dedupe-minhash, tokenize';
  await writeFile(join(folder, 'quiet.yaml'), `name: quiet\nsource: { jsonl: [quiet.jsonl] }\nsteps: [${steps}]\n`);
  const out = join(folder, 'quiet-run');
  const env = { NODE_OPTIONS: '--pending-deprecation' };
  for (const args of [['run', join(folder, 'quiet.yaml'), '--out', out], ['stats', out], ['load', out, '--seq-len', '16', '--batch-size', '1'], ['doctor']]) {
    const result = await refine(args, { env });
    assert.equal(result.code, 0, result.stderr);
    assert.doesNotMatch(result.stderr, /\(node:\d+\)|Warning:/, args.join(' '));
  }
  const control = await refine(['--version'], { env: { NODE_OPTIONS: '--pending-deprecation --import=data:text/javascript,new%20Buffer(1)' } });
  assert.match(control.stderr, /\(node:\d+\).*DeprecationWarning:/, 'a warning would be seen');
});

test('every command and subcommand explains itself: --help is data, exit 0', async () => {
  const names = (text: string): string[] =>
    [...(/\nCommands:\n([\s\S]*?)(\n\n|$)/.exec(text)?.[1] ?? '').matchAll(/^ {2}([a-z][a-z-]*)/gm)].map((match) => match[1]!);
  let level: string[][] = names((await refine(['--help'])).stdout).map((name) => [name]);
  assert.ok(level.length > 20);
  let seen = 0;
  while (level.length > 0) {
    const called = level.filter((args) => args.at(-1) !== 'help');
    const helps = await Promise.all(called.map((args) => refine([...args, '--help'])));
    level = helps.flatMap((help, at) => {
      const args = called[at]!;
      assert.equal(help.code, 0, `${args.join(' ')}: ${help.stderr}`);
      assert.match(help.stdout, new RegExp(`^Usage: refine ${args.join(' ')} `));
      assert.equal(help.stderr, '', args.join(' '));
      return names(help.stdout).map((name) => [...args, name]);
    });
    seen += called.length;
  }
  assert.ok(seen > 28, `${seen} commands`);
});

test('--help and --version are data: exit 0', async () => {
  const help = await refine(['--help']);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /validate .*\n[\s\S]*stats [\s\S]*inspect [\s\S]*doctor [\s\S]*Exit codes: 0 done/);
  assert.match((await refine(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
});

test('validate prints every mistake with line and column and exits 1', async () => {
  const path = join(folder, 'm.yaml');
  await writeFile(path, 'name: my corpus\nsource: { warc: a.warc.gz, wet: b }\nsteps:\n  - langdi\nsink: { text: { keep: off } }\n');
  const result = await refine(['validate', path]);
  assert.equal(result.code, 1);
  const places = result.stderr
    .trim()
    .split('\n')
    .map((line) => line.replace(path, 'm.yaml'));
  assert.match(places[0]!, /^ERR_REFINE_MANIFEST m\.yaml:1:7 {2}name is "my corpus"/);
  assert.match(places[1]!, /^ERR_REFINE_MANIFEST m\.yaml:2:28 {2}source\.wet does not go with source\.warc/);
  assert.match(places[2]!, /^ERR_REFINE_MANIFEST m\.yaml:4:5 {2}step "langdi" is unknown.* Did you mean "langid"\?$/);
  assert.match(places[3]!, /^ERR_REFINE_MANIFEST m\.yaml:5:23 {2}sink\.text\.keep is "off".* Did you mean false\?$/);
  assert.equal(places.length, 4);
  assert.equal(result.stdout, '');
});

test('validate accepts a good manifest with exit 0, and a bad --set is exit 2', async () => {
  const path = join(folder, 'good.yaml');
  await writeFile(path, 'name: good\nsource: { jsonl: [a.jsonl] }\nsteps: [langid]\n');
  assert.equal((await refine(['validate', path])).code, 0);
  const bad = await refine(['validate', path, '--set', 'langid.min-prob=2']);
  assert.equal(bad.code, 2);
  assert.match(bad.stderr, /^ERR_REFINE_USAGE --set langid\.min-prob=2 {2}langid\.min-prob is 2; expected at most 1\./);
});

test('stats and inspect of a folder that is no run name it and the next move', async () => {
  for (const command of ['stats', 'inspect']) {
    const result = await refine([command, folder]);
    assert.equal(result.code, 1);
    assert.match(result.stderr, /^ERR_REFINE_[A-Z]+ .*refine-cli-.* {2}(holds neither|is no run folder).*Name the (folder|--out)/);
  }
});

test('doctor finds this checkout whole', async () => {
  const result = await refine(['doctor', '--json']);
  assert.equal(result.code, 0, result.stderr);
  const findings = JSON.parse(result.stdout) as { name: string; state: string }[];
  const fine = (name: string): boolean => findings.some((finding) => finding.name === name && finding.state === 'ok');
  for (const name of ['node', 'native core', 'processor', 'memory', 'disk', 'steps', 'langid', 'tokenize', 'network']) assert.ok(fine(name), name);
});

test('explain says what a code means, however it is written or pasted; an error names it in its last line', async () => {
  const shard = await refine(['explain', 'ERR_REFINE_SHARD']);
  assert.equal(shard.code, 0);
  assert.match(shard.stdout, /^ERR_REFINE_SHARD\n {2}A shard [^\n]+\n {2}cause: [^\n]+\n {2}next: [^\n]+\n$/);
  assert.equal((await refine(['explain', 'shard'])).stdout, shard.stdout);
  assert.equal((await refine(['explain', 'ERR_REFINE_SHARD out/0.arrow  sha256 is 9f. Also ERR_REFINE_SHARD'])).stdout, shard.stdout);
  const all = (await refine(['explain'])).stdout.trimEnd().split('\n');
  assert.ok(all.length > 25 && all.every((line) => /^ERR_REFINE_[A-Z_]+ +\S/.test(line)));
  const wrong = await refine(['explain', 'shrd']);
  assert.deepEqual([wrong.code, /Did you mean ERR_REFINE_SHARD\?/.test(wrong.stderr)], [2, true]);
  const failed = await refine(['stats', join(folder, 'nowhere')]);
  assert.match(failed.stderr, /^(ERR_REFINE_[A-Z_]+) [^\n]+\n\(more: npx refine explain \1\)\n$/);
});
