// `node infra/kubernetes/validate.mjs`: holds the objects that refine sends to Kubernetes to the API's schemas of four versions (PyPI
// kubernetes-validate, installed into .venv; opt-in, the product needs no Python). The same test runs in `npm run test:peers`.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const python = process.env.REFINE_PYTHON ?? join(root, '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const run = (command, args, env = process.env) => {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
};
if (process.env.REFINE_PYTHON === undefined) {
  if (!existsSync(python)) run('python3', ['-m', 'venv', '.venv']);
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'kubernetes-validate']);
}
run(process.execPath, ['--test', join(root, 'dist', 'tests', 'peers', 'kubernetes.peers.js')], { ...process.env, REFINE_PYTHON: python });
