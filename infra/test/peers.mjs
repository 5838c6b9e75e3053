// `npm run test:peers`: makes .venv from PyPI once, then runs dist/tests/**/*.peers.js with REFINE_PYTHON set.
// Opt-in: these tests compare with Python implementations and are no part of `npm test`.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const python = join(root, '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const run = (command, args, env = process.env) => {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
};
if (!existsSync(python)) run('python3', ['-m', 'venv', '.venv']);
run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', join('infra', 'test', 'peers.txt')]);
const folder = join(root, 'dist', 'tests');
const files = readdirSync(folder, { recursive: true })
  .map((name) => join(folder, String(name)))
  .filter((name) => name.endsWith('.peers.js'))
  .sort();
run(process.execPath, ['--enable-source-maps', '--test', '--test-concurrency=1', ...files], { ...process.env, REFINE_PYTHON: python });
