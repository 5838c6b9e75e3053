// A stage from outside the repository: a step spelled as a path loads a module that exports a Stage or a Barrier.
// Invariant: the module's bytes belong to the identity of its tasks, as a model's do (what it imports does not: bump its version).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyStep, StageEnv } from '../stages/contract/stage.js';
import { MANIFEST_KEYS } from './manifest-schema.js';

export function isPath(written: string): boolean {
  return /^\.{0,2}\//.test(written);
}

/** The stage that the module at `written` (from `baseDir`) exports, or what is wrong with it. `taken`: names of steps that ship. */
export async function loadOwnStage(written: string, baseDir: string, taken: readonly string[]): Promise<AnyStep | string> {
  const path = resolve(baseDir, written);
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(path)) return "does not exist. Write its path from the manifest's folder.";
    return `does not load: ${message.split('\n')[0]!.replaceAll(baseDir, '.')}`;
  }
  const stages = Object.entries(exported).filter(([, value]) => isStep(value));
  if (stages.length !== 1)
    return `exports ${stages.length === 0 ? 'no Stage' : `${stages.length} of them`} (found: ${Object.keys(exported).join(', ') || 'nothing'}); expected one object with kind, name, version, reads, writes, reasons and schema.`;
  const stage = stages[0]![1] as AnyStep;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(stage.name) || taken.includes(stage.name) || (MANIFEST_KEYS as readonly string[]).includes(stage.name)) {
    return `names itself "${stage.name}", which is no free name in lower case with "-". Rename it.`;
  }
  // The module's bytes belong to the identity of its tasks, as a model's do.
  return Object.create(stage, {
    assets: { value: (options: unknown, env: StageEnv) => [path, ...(stage.assets?.(options, env) ?? [])] },
    module: { value: { path: written, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') } },
  }) as AnyStep;
}

function isStep(value: unknown): value is AnyStep {
  if (typeof value !== 'object' || value === null) return false;
  const step = value as Partial<AnyStep> & Record<string, unknown>;
  const words = (list: unknown) => Array.isArray(list) && list.every((word) => typeof word === 'string');
  const shape = typeof step.name === 'string' && Number.isInteger(step.version) && words(step.reads) && words(step.writes) && words(step.reasons);
  const schema = typeof (step.schema as { safeParse?: unknown } | undefined)?.safeParse === 'function';
  if (!shape || !schema) return false;
  return step.kind === 'stage'
    ? typeof step.open === 'function'
    : step.kind === 'barrier' && typeof step.open === 'function' && typeof step.phases === 'function';
}
