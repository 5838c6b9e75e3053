// What names a task: the sha256 of everything its outputs depend on, and of nothing else (no path of this machine, worker or clock).
// Invariant: equal identities give equal output bytes, so a task that is done is never redone and a changed one always is.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, relative } from 'node:path';
import { RefineError } from '../native/errors.js';
import { packageRoot } from '../native/package-root.js';
import type { StageEnv } from '../stages/contract/stage.js';
import type { Step } from './types.js';

/** Bump when the engine itself (not a step) writes other bytes for the same task. */
export const ENGINE_VERSION = 2;

/** JSON with sorted keys; bigints, byte arrays, maps and sets in a fixed spelling. Undefined members are left out. */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'bigint':
      return `{"$bigint":"${value}"}`;
    case 'number':
      if (!Number.isFinite(value)) return `{"$number":"${value}"}`;
      return JSON.stringify(value);
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'object':
      break;
    default:
      throw new RefineError('ERR_REFINE_INTERNAL', `a ${typeof value} cannot be part of a task's identity`);
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (value instanceof Uint8Array) return `{"$bytes":"${Buffer.from(value).toString('hex')}"}`;
  if (value instanceof RegExp) return `{"$regexp":${JSON.stringify(String(value))}}`;
  if (value instanceof Set) return `{"$set":[${[...value].map(canonicalJson).sort().join(',')}]}`;
  if (value instanceof Map)
    return `{"$map":[${[...value]
      .map(([key, item]) => canonicalJson([key, item]))
      .sort()
      .join(',')}]}`;
  const members = Object.entries(value as Record<string, unknown>).filter(([, item]) => item !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

export function digest(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

export async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

export interface AssetDigest {
  /** Without machine paths: below the package, below the manifest's folder, or the base name. */
  readonly name: string;
  readonly sha256: string;
}

/** A step as identities and the lock file see it. */
export interface StepIdentity {
  readonly step: string;
  readonly stage: string;
  readonly version: number;
  readonly options: unknown;
  readonly assets: readonly AssetDigest[];
  /** Files of other runs that a barrier looks at (`Barrier.outside`); absent where there are none. */
  readonly outside?: readonly AssetDigest[];
  /** Of neural steps: where they compute; others give the same bytes everywhere. */
  readonly on?: { readonly device: string; readonly isa: string | null };
}

export async function stepIdentity(step: Step, env: StageEnv): Promise<StepIdentity> {
  const assets = await digests(step, step.stage.assets?.(step.options, env) ?? [], env);
  const outside = step.stage.kind === 'barrier' ? await digests(step, step.stage.outside?.(step.options, env) ?? [], env) : [];
  const { name, stage, options } = step;
  const on = stage.neural?.(options) === true ? { on: { device: env.device, isa: env.isa ?? null } } : {};
  return { step: name, stage: stage.name, version: stage.version, options, assets, ...(outside.length === 0 ? {} : { outside }), ...on };
}

async function digests(step: Step, paths: readonly string[], env: StageEnv): Promise<AssetDigest[]> {
  const assets: AssetDigest[] = [];
  for (const path of paths) {
    const sha256 = await fileSha256(path).catch((cause: NodeJS.ErrnoException) => {
      throw new RefineError(
        'ERR_REFINE_ASSET',
        `step "${step.name}" cannot read it: ${cause.code ?? cause.message}, expected a readable file. Correct the option or restore the file.`,
        {
          place: path,
          cause,
        },
      );
    });
    assets.push({ name: assetName(path, env.baseDir), sha256 });
  }
  return assets;
}

function assetName(path: string, baseDir: string): string {
  for (const folder of [packageRoot, baseDir]) {
    const below = relative(folder, path).replaceAll('\\', '/');
    if (below !== '' && !below.startsWith('..') && !below.startsWith('/') && !/^[A-Za-z]:/.test(below)) return below;
  }
  return basename(path);
}
