// Nothing that refine runs goes through a shell, and nothing evaluates text as code: a manifest, a file name or a header can then
// not become a command. The list of programs that it starts at all is short, and a new one is a new line here.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packagePath } from '../../native/package-root.js';

/** Who starts processes, and which: forks of our own modules, and programs by argument list. */
const STARTERS: Readonly<Record<string, RegExp>> = {
  'pipeline/executors/local/worker-process.ts': /\bfork\(/,
  'pipeline/gpu-service.ts': /\bfork\(/,
  'pipeline/platform.ts': /\bexecFileSync\(/,
  'pipeline/doctor-report.ts': /\bexecFileSync\(/,
};
/** Engines are programs of the cluster (sbatch, kubectl, ray), started by argument list. */
const ENGINES = /^pipeline\/executors\/(slurm|kubernetes|ray)\//;

function sources(): string[] {
  return ['pipeline', 'stages', 'native'].flatMap((folder) =>
    readdirSync(packagePath(folder), { recursive: true })
      .map((name) => `${folder}/${String(name)}`)
      .filter((name) => /\.(ts|mjs|js)$/.test(name)),
  );
}

test('no source starts a shell or evaluates text, and only the named files start processes', () => {
  for (const path of sources()) {
    const text = readFileSync(join(packagePath(), path), 'utf8').replace(/^\s*(\/\/|\*|\/\*).*$/gm, '');
    assert.doesNotMatch(text, /\bshell:\s*(true|')/, `${path} asks for a shell`);
    assert.doesNotMatch(text, /\beval\(|new Function\(|\bvm\.(run|Script|compile)|from 'node:vm'/, `${path} evaluates text`);
    const imported = /import (?:type )?\{?([^}]*)\}? from '(?:node:)?child_process'/.exec(text);
    if (imported === null) continue;
    assert.doesNotMatch(imported[1]!, /\bexec\b|\bexecSync\b/, `${path} imports exec, which is a shell`);
    assert.ok(
      STARTERS[path]?.test(text) === true || ENGINES.test(path) || /^\s*type /.test(imported[1]!),
      `${path} starts processes and is not in the list of tests/unit/no-shell.test.ts`,
    );
  }
});

test('the core calls no shell either', () => {
  for (const name of readdirSync(packagePath('kernels'), { recursive: true }).map(String)) {
    if (!/\.(cpp|cc|h|cu|inc)$/.test(name) || /tests\//.test(name)) continue;
    const text = readFileSync(packagePath('kernels', name), 'utf8');
    assert.doesNotMatch(text, /\b(?:std::)?system\(\s*"|\bpopen\(|\bexecl?[vpe]*\(\s*"/, name);
  }
});
