// What steps say about their options that stops nothing, such as an absent list: one line each, for people.
import type { Manifest } from './types.js';

export function manifestWarnings(manifest: Manifest): readonly string[] {
  const env = { seed: manifest.seed, baseDir: manifest.baseDir, device: 'cpu' as const };
  return manifest.steps.flatMap(({ name, stage, options }) =>
    (stage.warnings?.(options, env) ?? []).map(({ path, message }) => `warning: ${[name, ...path].join('.')}: ${message}`),
  );
}
