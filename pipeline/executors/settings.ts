// `--profile FILE`, and the executor's block as it is in force: the profile over the manifest, key by key.
import { readFileSync } from 'node:fs';
import { RefineError } from '../../native/errors.js';
import { parseAt } from '../manifest-check.js';
import { formatPlace, parseYaml, type Problem } from '../manifest-source-map.js';
import { executorSchema, type ExecutorWritten } from './settings-schema.js';

/** Sizes a profile file is refused from: it is no profile. */
const MAX_PROFILE_BYTES = 1 << 20;

/** A file that holds the block, by itself or under `executor:`. */
export function readProfile(path: string): ExecutorWritten {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new RefineError(
      'ERR_REFINE_USAGE',
      `cannot be read (${(cause as NodeJS.ErrnoException).code}), expected a profile (YAML with an \`executor:\` block). Check --profile.`,
      {
        place: path,
        cause,
      },
    );
  }
  if (text.length > MAX_PROFILE_BYTES)
    throw new RefineError('ERR_REFINE_USAGE', `has ${text.length} bytes, expected a profile. Check --profile.`, { place: path });
  const { tree, problems: syntax } = parseYaml(text, path);
  const problems: Problem[] = [...syntax];
  const inner = tree?.kind === 'map' ? (tree.entries.get('executor')?.tree ?? tree) : tree;
  const parsed = inner === null ? undefined : parseAt(executorSchema, inner, 'executor', problems);
  if (problems.length > 0 || parsed === undefined)
    throw new RefineError(
      'ERR_REFINE_MANIFEST',
      problems.map(({ place, message }) => `${formatPlace(place)}  ${message}`).join('\n') || 'is empty, expected an `executor:` block.',
      {
        place: path,
      },
    );
  return parsed;
}

/** The manifest's block with a profile over it, key by key. */
export function withProfile(block: ExecutorWritten | undefined, profile: ExecutorWritten | undefined): ExecutorWritten {
  return merge(block ?? {}, profile ?? {}) as ExecutorWritten;
}

function merge(under: Readonly<Record<string, unknown>>, over: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    merged[key] = isMap(before) && isMap(value) ? merge(before, value) : value;
  }
  return merged;
}
