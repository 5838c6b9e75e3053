// A run folder belongs to its lock file: the resolved manifest, the steps with their versions and assets, the inputs.
// Invariant: a folder whose lock says otherwise is not touched without --update; what differs is named by its key.
import { join } from 'node:path';
import { RefineError } from '../native/errors.js';
import { withoutSecrets } from '../native/redact.js';
import type { Input } from '../stages/contract/source.js';
import { replaceFile } from './atomic-file.js';
import type { Placement } from './device.js';
import { canonicalJson, type StepIdentity } from './identity.js';
import { type LockedInput, readLock, type RunLock } from './run-folder.js';
import type { Manifest } from './types.js';

export interface LockedRun {
  readonly lock: RunLock;
  /** The inputs to run, with the identities the lock has for them. */
  readonly inputs: readonly Input[];
  /** Inputs whose content is another than when the run began. */
  readonly changed: readonly { readonly input: Input; readonly locked: LockedInput }[];
}

export async function lockRun(
  folder: string,
  manifest: Manifest,
  steps: readonly StepIdentity[],
  listed: readonly Input[],
  options: { readonly refine: string; readonly on: Placement; readonly update: boolean },
): Promise<LockedRun> {
  const held = await readLock(folder);
  const wanted = {
    resolved: manifest.resolved,
    steps: steps.map(({ step, stage, version, assets, outside }) => ({ step, stage, version, assets, ...(outside === undefined ? {} : { outside }) })),
    device: options.on.device,
    ...(options.on.isa === null ? {} : { isa: options.on.isa }),
  };
  if (held !== null && !options.update) {
    const difference = firstDifference(
      { resolved: held.resolved, steps: held.steps },
      JSON.parse(JSON.stringify({ resolved: wanted.resolved, steps: wanted.steps })),
      [],
    );
    if (difference !== null) throw differs(folder, difference.key, difference.held, difference.wanted);
    const missing = firstMissing(held.inputs, listed);
    if (missing !== null) throw differs(folder, 'source: its inputs', missing.held, missing.wanted);
  }
  const before = new Map((held?.inputs ?? []).map((input) => [input.path, input]));
  const unknown = (identity: string): boolean => identity.startsWith('unknown:');
  const changed: { input: Input; locked: LockedInput }[] = [];
  const inputs = listed.map((input) => {
    const locked = before.get(input.path);
    if (locked === undefined || options.update || unknown(locked.identity) || locked.identity === input.identity) return input;
    if (!unknown(input.identity)) changed.push({ input, locked });
    return { ...input, identity: locked.identity, bytes: locked.bytes };
  });
  const lockedInputs = inputs.map(({ path, format, bytes, identity }) => ({ path, format, bytes, identity }));
  const lock: RunLock = {
    format: 1,
    refine: options.refine,
    ...wanted,
    arch: process.arch,
    updates: held === null ? 0 : held.updates,
    inputs: lockedInputs,
    ...(held?.removals === undefined ? {} : { removals: held.removals }), // an update brings nothing back
  };
  const same = (a: RunLock, b: RunLock): boolean =>
    canonicalJson(JSON.parse(JSON.stringify({ ...a, refine: '', arch: '' }))) === canonicalJson(JSON.parse(JSON.stringify({ ...b, refine: '', arch: '' })));
  if (held !== null && same(held, lock)) return { lock: held, inputs, changed };
  const written = { ...lock, updates: held === null ? 0 : held.updates + 1 };
  await replaceFile(join(folder, 'manifest.yaml'), withoutSecrets(manifest.text));
  await replaceFile(join(folder, 'manifest.lock.json'), `${JSON.stringify(written, null, 1)}\n`);
  return { lock: written, inputs, changed };
}

interface Difference {
  readonly key: string;
  readonly held: string;
  readonly wanted: string;
}

function firstDifference(held: unknown, wanted: unknown, path: readonly string[]): Difference | null {
  const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
  if (isObject(held) && isObject(wanted) && Array.isArray(held) === Array.isArray(wanted)) {
    for (const key of new Set([...Object.keys(held), ...Object.keys(wanted)])) {
      const difference = firstDifference(held[key], wanted[key], [...path, key]);
      if (difference !== null) return named(difference, wanted, held, key, path);
    }
    return null;
  }
  if (held === wanted) return null;
  return { key: path.join('.'), held: shown(held), wanted: shown(wanted) };
}

/** `resolved.steps.2.options.min-prob` reads better as `langid.min-prob`, which is also how `--set` spells it. */
function named(difference: Difference, wanted: Record<string, unknown>, held: Record<string, unknown>, key: string, path: readonly string[]): Difference {
  if (path.join('.') !== 'resolved.steps') return difference;
  const [a, b] = [held[key], wanted[key]] as ({ name?: string } | undefined)[];
  const name = b?.name ?? a?.name;
  const rest = difference.key
    .slice(`resolved.steps.${key}`.length)
    .replace(/^\.options/, '')
    .replace(/^\./, '');
  if (name === undefined || a?.name !== b?.name) return { key: `steps[${key}]`, held: a?.name ?? 'nothing', wanted: b?.name ?? 'nothing' };
  return { ...difference, key: rest === '' ? name : `${name}.${rest}` };
}

function firstMissing(held: readonly LockedInput[], listed: readonly Input[]): { held: string; wanted: string } | null {
  const now = new Set(listed.map((input) => input.path));
  const before = new Set(held.map((input) => input.path));
  const gone = held.find((input) => !now.has(input.path));
  if (gone !== undefined) return { held: gone.path, wanted: 'a list without it' };
  const added = listed.find((input) => !before.has(input.path));
  return added === undefined ? null : { held: 'a list without it', wanted: added.path };
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function differs(folder: string, key: string, held: string, wanted: string): RefineError {
  const clean = key.replace(/^resolved\./, '');
  return new RefineError(
    'ERR_REFINE_RUN_DIFFERS',
    `the folder holds a run with another manifest: ${clean} is ${held} there and ${wanted} now. Run into another folder with --out, or bring this one up to date with --update (only tasks that change are redone).`,
    { place: folder },
  );
}

/** For `refine plan`: the same comparison without writing. */
export async function differenceFromLock(folder: string, manifest: Manifest, steps: readonly StepIdentity[]): Promise<Difference | null> {
  const held = await readLock(folder);
  if (held === null) return null;
  const wanted = { resolved: manifest.resolved, steps: steps.map(({ step, stage, version, assets }) => ({ step, stage, version, assets })) };
  return firstDifference({ resolved: held.resolved, steps: held.steps }, JSON.parse(JSON.stringify(wanted)), []);
}
