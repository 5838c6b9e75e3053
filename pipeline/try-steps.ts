// The steps of `refine try`, from the command line: names joined by ",", options as JSON.
import { RefineError } from '../native/errors.js';
import type { Registry } from './manifest-schema.js';
import { type Entry, type Place, parseYamlValue, type Problem, type Tree } from './manifest-source-map.js';
import { type ReadStep, StepReader } from './manifest-steps.js';
import { shippedSteps, stepSource } from './registry.js';
import { didYouMean } from '../stages/contract/suggest.js';
import type { Step } from './types.js';

/** Steps by name, as `refine try` takes them; `withJson` holds the options of the one step, or {step: options}. */
export async function parseSteps(
  names: readonly string[],
  withJson: string | undefined,
  options: { readonly baseDir: string; readonly registry?: Registry },
): Promise<Step[]> {
  const { baseDir } = options;
  const registry = options.registry === undefined ? shippedSteps : stepSource(options.registry);
  const place: Place = { name: '--with' };
  const problems: Problem[] = [];
  const given = withJson === undefined ? new Map<string, Entry>() : optionsByStep(names, withJson, place);
  for (const [key, entry] of given) {
    if (!names.includes(key))
      problems.push({ place: entry.keyPlace, message: `"${key}" is none of the steps; expected ${names.join(', ')}.${didYouMean(key, names)}` });
  }
  const items = names.map((name): Tree => {
    const at: Place = given.has(name) ? place : { name: '--' };
    const word: Tree = { kind: 'scalar', place: at, value: null, source: '' };
    return { kind: 'map', place: at, entries: new Map([[name, { keyPlace: at, tree: given.get(name)?.tree ?? word }]]) };
  });
  const reader = new StepReader(registry, baseDir, problems);
  const steps = await reader.read({ kind: 'list', place: { name: '--' }, items }, { seed: 0n, baseDir, device: 'cpu' });
  if (problems.length > 0) {
    const lines = problems.map((problem) => `${problem.place.name === '--' ? '' : `${problem.place.name}  `}${problem.message}`);
    throw new RefineError('ERR_REFINE_USAGE', lines.join('\n'));
  }
  return (steps as ReadStep[]).map(({ name, stage, options: parsed }) => ({ name, stage, options: parsed }));
}

function optionsByStep(names: readonly string[], withJson: string, place: Place): ReadonlyMap<string, Entry> {
  const fail = (message: string) => new RefineError('ERR_REFINE_USAGE', message, { place: place.name });
  try {
    JSON.parse(withJson);
  } catch (error) {
    throw fail(`is not JSON (${(error as Error).message}). Quote it for the shell: --with '{"keep": ["en"]}'.`);
  }
  const tree = parseYamlValue(withJson, place.name); // JSON is YAML; the tree keeps what was written
  if (tree.kind !== 'map') throw fail('is no JSON object; expected the options of the step, or {"step": {options}}.');
  const [only] = names;
  const nested = names.length > 1 || (tree.entries.size === 1 && tree.entries.get(only!)?.tree.kind === 'map');
  return nested ? tree.entries : new Map([[only!, { keyPlace: place, tree }]]);
}
