// What steps say about their options that stops nothing, such as an absent list: one line each, for people.
import type { StageEnv } from '../stages/contract/stage.js';
import type { Manifest, Step } from './types.js';

export function stepWarnings(steps: readonly Step[], env: StageEnv): readonly string[] {
  return steps.flatMap(({ name, stage, options }) =>
    (stage.warnings?.(options, env) ?? []).map(({ path, message }) => `warning: ${[name, ...path].join('.')}: ${message}`),
  );
}

export function manifestWarnings(manifest: Manifest): readonly string[] {
  return stepWarnings(manifest.steps, { seed: manifest.seed, baseDir: manifest.baseDir, device: 'cpu' });
}
