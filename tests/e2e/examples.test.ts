// Every command's --help ends with an example, and each example does what it says when typed into a shell as it stands.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { packagePath } from '../../native/package-root.js';
import { EXAMPLES } from '../../pipeline/cli/examples.js';
import { refine } from '../support/cli.js';

let folder: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'refine-examples-'));
  cpSync(packagePath('manifests'), join(folder, 'manifests'), { recursive: true });
  // `npx refine` is what people type in a checkout; here it is the same command without npm's start-up time.
  mkdirSync(join(folder, 'bin'));
  writeFileSync(
    join(folder, 'bin', 'npx'),
    `#!/bin/sh\n[ "$1" = refine ] || exit 99\nshift\nexec "${process.execPath}" "${packagePath('pipeline', 'cli', 'refine.mjs')}" "$@"\n`,
  );
  chmodSync(join(folder, 'bin', 'npx'), 0o755);
  // What an example names but no earlier one makes.
  writeFileSync(join(folder, 'spam.txt'), Array.from({ length: 40 }, (_, i) => `cheap offer ${i} buy now click here best price casino bonus`).join('\n'));
  const another = await shell('npx refine run manifests/sample.yaml --workers 2 --out runs/another --set name=another --set langid.keep=[de]');
  assert.equal(another.code, 0, another.output);
});
after(() => rmSync(folder, { recursive: true, force: true }));

function shell(lines: string): Promise<{ code: number; output: string }> {
  const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` };
  return new Promise((resolve) => {
    execFile('bash', ['-euo', 'pipefail', '-c', lines], { cwd: folder, env, encoding: 'utf8', maxBuffer: 1 << 28 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, output: stderr + stdout }),
    );
  });
}

/** What an example leaves, beside exit code 0. */
const MADE: Readonly<Record<string, string>> = {
  run: 'runs/sample/index.arrow',
  init: 'my-crawl.yaml',
  report: 'card.md',
  sample: 'to-label.jsonl',
  export: 'exported/export.json',
  load: 'batches.arrow',
  'index build': 'seen',
  'url compile': 'blocked.urlset',
  'tokenizer train': 'my-tokenizer/tokenizer.json',
  'tokenizer extend': 'falcon-extended/tokenizer.json',
  'model export': 'reference-small-bf16/config.json',
  'train-ngram': 'good.arpa',
  'train-classifier': 'quality.ftz',
  completion: 'refine-completion.bash',
};

test('each example runs as it stands, after the run of the sample', async () => {
  // Those that need an earlier one stand behind it; clean comes last.
  const names = ['run', ...Object.keys(EXAMPLES).filter((name) => name !== 'run' && name !== 'clean'), 'clean'];
  for (const name of names) {
    const { code, output } = await shell(EXAMPLES[name]!);
    assert.equal(code, 0, `${EXAMPLES[name]}\n${output}`);
    if (MADE[name] !== undefined) assert.ok(statSync(join(folder, MADE[name])).size > 0, `${name}: ${MADE[name]}`);
  }
  assert.ok(!existsSync(join(folder, 'runs', 'sample', 'scratch')));
});

test('the --help of every command and subcommand ends with the example of that command', async () => {
  const names = (text: string): string[] =>
    [...(/\nCommands:\n([\s\S]*?)(\n\n|$)/.exec(text)?.[1] ?? '').matchAll(/^ {2}([a-z][a-z-]*)/gm)]
      .map((match) => match[1]!)
      .filter((name) => name !== 'help');
  let level: string[][] = names((await refine(['--help'])).stdout).map((name) => [name]);
  const seen = new Set<string>();
  while (level.length > 0) {
    const helps = await Promise.all(level.map((args) => refine([...args, '--help'])));
    level = helps.flatMap((help, at) => {
      const path = level[at]!.join(' ');
      const shown = /\n\nExample:\n((?: {2}.+\n)+)$/.exec(help.stdout)?.[1]?.replace(/^ {2}/gm, '').trimEnd();
      const below = names(help.stdout);
      assert.ok(shown !== undefined, `refine ${path} --help has no example at its end: add one to pipeline/cli/examples.ts`);
      assert.ok(shown.includes(`npx refine ${path} `) || shown === `npx refine ${path}`, `${path}: ${shown}`);
      assert.ok(Object.values(EXAMPLES).includes(shown), `${path}: an example that no test runs`);
      if (below.length === 0) seen.add(path);
      return below.map((name) => [...level[at]!, name]);
    });
  }
  assert.deepEqual(
    Object.keys(EXAMPLES).filter((path) => !seen.has(path)),
    [],
    'examples of commands that do not exist',
  );
});
