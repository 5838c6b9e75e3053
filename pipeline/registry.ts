// The steps that ship, by name. The only module that imports stages.
import type { AnyStep } from '../stages/contract/stage.js';

const shipped: readonly AnyStep[] = [];

export const steps: ReadonlyMap<string, AnyStep> = new Map(shipped.map((step) => [step.name, step]));
