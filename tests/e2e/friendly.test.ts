// The first minutes as a user meets them: init, completion, clean, the block for bug reports.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { packagePath } from '../../native/package-root.js';
import { partFiles, promisedBytes, refine } from '../support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-friendly-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('init writes a manifest that validates, never over another without --force, and says what to type next', async () => {
  const made = await refine(['init', '--yes', '--source', 'commoncrawl', '--recipe', 'fineweb', '--languages', 'de,fr'], { cwd: folder });
  assert.equal(made.code, 0, made.stderr);
  assert.match(
    made.stderr,
    /next:\n {2}npx refine fetch lists --manifest fineweb\.yaml .*\n {2}npx refine plan fineweb\.yaml\n {2}npx refine run fineweb\.yaml\n$/,
  );
  const path = join(folder, 'fineweb.yaml');
  assert.equal((await refine(['validate', path])).code, 0);
  writeFileSync(path, 'mine\n');
  const refused = await refine(['init', '--yes', '--recipe', 'fineweb'], { cwd: folder });
  assert.deepEqual([refused.code, /is there already.*--force/.test(refused.stderr), readFileSync(path, 'utf8')], [2, true, 'mine\n']);
  assert.equal((await refine(['init', '--yes', '--recipe', 'fineweb', '--force'], { cwd: folder })).code, 0);
  assert.match(readFileSync(path, 'utf8'), /^name: fineweb$/m);
  const silent = await refine(['init'], { cwd: folder });
  assert.deepEqual([silent.code, /no terminal to ask on\. Add --yes/.test(silent.stderr)], [2, true]);
});

test('odd answers: commands to paste are quoted, and what makes no manifest is named without a file that is not there', async () => {
  const odd = await refine(['init', '--yes', '--source', 'warc', '--paths', 'my data/ü *.warc.gz', 'a,{b}.warc', 'tab\there', '-o', "it's a ü place/m.yaml"], {
    cwd: folder,
  });
  assert.equal(odd.code, 0, odd.stderr);
  const command = /npx refine (run .*)$/m.exec(odd.stderr)![1]!;
  assert.deepEqual(execFileSync('sh', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' }).split('\n'), ['run', "it's a ü place/m.yaml", '']);
  const parsed = parse(readFileSync(join(folder, "it's a ü place", 'm.yaml'), 'utf8')) as { source: { warc: string[] } };
  assert.deepEqual(parsed.source.warc, ['my data/ü *.warc.gz', 'a,{b}.warc', 'tab\there']);
  for (const [flags, words] of [
    [['--name', 'sp ace'], /name is "sp ace"; expected a word/],
    [['--name', '../up'], /name is "\.\.\/up"/],
    [['--source', 'commoncrawl', '--crawl', 'x y'], /crawls\[0\] is "x y"/],
    [['--tokenizer', 'no such/tokenizer.json'], /no tokenizer at/],
    [['--languages', 'xx'], /no language "xx"/],
  ] as const) {
    const refused = await refine(['init', '--yes', ...flags], { cwd: folder });
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, /ERR_REFINE_USAGE these answers make no manifest, so none was written:/);
    assert.match(refused.stderr, words);
    assert.doesNotMatch(refused.stderr, /yaml:\d/);
  }
});

test('explain suggests a code that is like the word, and none where only the prefix is', async () => {
  assert.match((await refine(['explain', 'shrad'])).stderr, /Did you mean ERR_REFINE_SHARD\?/);
  assert.match((await refine(['explain', 'err_refine_manifst'])).stderr, /Did you mean ERR_REFINE_MANIFEST\?/);
  assert.doesNotMatch((await refine(['explain', 'nonsense'])).stderr, /Did you mean/);
  assert.match((await refine(['explain', 'ERR_REFINE_DISK\r'])).stdout, /^ERR_REFINE_DISK\n/);
});

test('clean frees scratch/ of a finished run; stats, report, load and a resume work as before; an unfinished run is left alone', async () => {
  const text = (n: number) =>
    `The harbour was quiet that morning ${n}, and the boats, which had come in before dawn, lay still along the wall of the old town.`;
  const documents = Array.from({ length: 12 }, (_, n) => JSON.stringify({ id: `d${n}`, text: text(n % 9) }));
  writeFileSync(join(folder, 'a.jsonl'), `${documents.join('\n')}\n`);
  const manifest = join(folder, 'clean.yaml');
  writeFileSync(manifest, 'name: clean\nsource: { jsonl: [a.jsonl] }\nsteps: [langid, dedupe-exact, tokenize]\n');
  const out = join(folder, 'run');
  const args = ['run', manifest, '--out', out, '--workers', '1'];
  assert.equal((await refine(args)).code, 0);
  mkdirSync(join(out, 'scratch', 'deep'), { recursive: true });
  writeFileSync(join(out, 'scratch', 'deep', 'left'), Buffer.alloc(5000));
  const bytes = promisedBytes(out);
  const funnel = (await refine(['stats', out, '--json'])).stdout;

  const plan = join(out, 'ledger', 'plan.json');
  const finished = readFileSync(plan, 'utf8');
  writeFileSync(plan, finished.replace('"finished":true', '"finished":false'));
  const refused = await refine(['clean', out]);
  assert.deepEqual([refused.code, /^ERR_REFINE_LEDGER .* is not finished: .*--force/.test(refused.stderr)], [1, true]);
  assert.ok(existsSync(join(out, 'scratch', 'deep', 'left')));
  writeFileSync(plan, finished);

  assert.match((await refine(['clean', out, '--dry-run'])).stderr, /would be freed/);
  assert.ok(existsSync(join(out, 'scratch', 'deep', 'left')));
  const cleaned = await refine(['clean', out]);
  assert.equal(cleaned.code, 0, cleaned.stderr);
  assert.match(cleaned.stderr, /run: \d+ files of scratch\/, [\d.]+ KiB freed\n$/);
  assert.ok(!existsSync(join(out, 'scratch')));
  assert.match((await refine(['clean', out])).stderr, /run: 0 files of scratch\//);
  assert.equal((await refine(['stats', out, '--json'])).stdout, funnel);
  assert.equal((await refine(['report', out, '-o', join(folder, 'report.html')])).code, 0);
  assert.equal((await refine(['load', out, '--seq-len', '16', '--batch-size', '1'])).code, 0);
  assert.equal((await refine(args)).code, 0);
  assert.deepEqual(promisedBytes(out), bytes);
  assert.deepEqual(partFiles(out), []);
  assert.equal((await refine(['clean', join(folder, 'nowhere')])).code, 1);
});

test('doctor --report names versions and tools, and neither folders of the user nor values of variables', async () => {
  const home = join(folder, 'home-of-somebody');
  mkdirSync(home);
  const env = { HOME: home, REFINE_CACHE: join(home, 'cache'), REFINE_TOKEN: 'tell-nobody', REFINE_ISA: 'scalar', AWS_SECRET_ACCESS_KEY: 'nor-this' };
  const { code, stdout } = await refine(['doctor', '--report'], { env, cwd: home });
  assert.equal(code, 0);
  assert.match(stdout, /^refine doctor --report\nrefine: .*\nsystem: .*\nnode: +v\d/);
  for (const name of ['native core', 'processor', 'models', 'memory', 'disk', 'GPU', 'CPU flags', 'cmake', 'g++', 'variables', 'steps'])
    assert.ok(
      stdout.split('\n').some((line) => line.startsWith(`${name}: `)),
      name,
    );
  assert.match(stdout, /REFINE_CACHE \(set\), REFINE_ISA=scalar, .*REFINE_TOKEN \(set\)/);
  for (const hidden of [home, packagePath(), 'tell-nobody', 'nor-this', 'AWS_']) assert.ok(!stdout.includes(hidden), hidden);
});

test('completion for bash, asked by bash itself: commands, options, their values, files; also after npx refine', async () => {
  const script = join(folder, 'completion.bash');
  const made = await refine(['completion', 'bash']);
  assert.equal(made.code, 0, made.stderr);
  writeFileSync(script, made.stdout);
  mkdirSync(join(folder, 'with a space'), { recursive: true });
  const complete = (words: readonly string[], fn = '_refine'): string[] =>
    execFileSync(
      'bash',
      ['--norc', '-c', `source ${script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ${fn} 2>/dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`, 'bash', ...words],
      { cwd: folder, encoding: 'utf8' },
    )
      .split('\n')
      .filter((line) => line !== '');
  assert.deepEqual(complete(['refine', 'repo']), ['report']);
  assert.ok(complete(['refine', '']).includes('run') && complete(['refine', '']).length > 20);
  assert.deepEqual(complete(['refine', 'tokenizer', '']), ['train', 'extend']);
  assert.deepEqual(complete(['refine', 'run', '--allow']), ['--allow-failed']);
  assert.deepEqual(complete(['refine', 'run', '--device', '']), ['auto', 'cpu', 'cuda']);
  assert.deepEqual(complete(['refine', 'run', '--executor', 's']), ['slurm']);
  assert.deepEqual(complete(['refine', 'submit', '--device', '']), ['auto', 'cpu', 'cuda']);
  assert.deepEqual(complete(['refine', 'submit', '--executor', '']), ['slurm', 'kubernetes']);
  assert.deepEqual(complete(['refine', 'export', 'run', '--format', 'jsonl']), ['jsonl', 'jsonl.zst']);
  assert.deepEqual(complete(['refine', 'stats', 'with']), ['with a space'], 'folders, whole');
  assert.deepEqual(complete(['refine', 'validate', 'a.js']), ['a.jsonl']);
  assert.deepEqual(complete(['refine', 'completion', 'f']), ['fish']);
  assert.deepEqual(complete(['npx', 'refine', 'index', 'ver'], '_refine_npx'), ['verify']);
  assert.deepEqual(complete(['npx', 'a.js'], '_refine_npx'), ['a.jsonl'], 'npx of anything else completes files');
});

test('completion scripts for zsh and fish are read by those shells', async (t) => {
  for (const shell of ['zsh', 'fish'] as const) {
    const { code, stdout, stderr } = await refine(['completion', shell]);
    assert.equal(code, 0, stderr);
    for (const word of ['train-classifier', 'allow-failed', 'jsonl.zst']) assert.ok(stdout.includes(word), `${shell}: ${word}`);
    if (spawnSync(shell, ['-c', 'exit 0']).error !== undefined) {
      t.diagnostic(`${shell} is not installed`);
      continue;
    }
    const script = join(folder, `refine.${shell}`);
    writeFileSync(script, stdout);
    const read = spawnSync(shell, ['-n', script], { encoding: 'utf8' });
    assert.deepEqual([read.status, read.stderr], [0, ''], shell);
    if (shell === 'fish') {
      const asked = spawnSync('fish', ['--no-config', '-c', `source ${script}; complete -C 'refine tokenizer '`], { encoding: 'utf8' }).stdout;
      assert.deepEqual(
        asked
          .split('\n')
          .map((line) => line.split('\t')[0])
          .filter((word) => word !== '')
          .sort(),
        ['extend', 'train'],
      );
    }
  }
});
