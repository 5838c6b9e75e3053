// From what people write after `model:` or `--model` to a folder: the name of a model the package ships, or a folder of
// their own. Shipped ones lie in stages/<step>/models/<name>/; names are unique within a kind.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packagePath, RefineError } from '../../../native/index.js';
import { didYouMean } from '../suggest.js';

/** `transformer`: a HuggingFace folder (config.json, safetensors, tokenizer); `fasttext`: model.ftz or model.bin. */
export type ModelKind = 'transformer' | 'fasttext';

export interface ShippedModel {
  readonly name: string;
  /** The step whose folder it lies in, such as `perplexity`. */
  readonly step: string;
  readonly kind: ModelKind;
  readonly folder: string;
}

/** In the order of their names, then steps. */
export function shippedModels(): readonly ShippedModel[] {
  const found: ShippedModel[] = [];
  for (const step of readdirSync(packagePath('stages'))) {
    const models = packagePath('stages', step, 'models');
    if (!existsSync(models)) continue;
    for (const name of readdirSync(models)) {
      const folder = join(models, name);
      const kind = kindOf(folder);
      if (kind !== null) found.push({ name, step, kind, folder });
    }
  }
  return found.sort((a, b) => (a.name === b.name ? (a.step < b.step ? -1 : 1) : a.name < b.name ? -1 : 1));
}

/** ERR_REFINE_ASSET with what there is, where neither a shipped model nor a folder of that kind is called so. */
export function resolveModel(model: string, baseDir: string, kind: ModelKind = 'transformer'): string {
  const shipped = shippedModels().filter((one) => one.kind === kind);
  const known = shipped.find((one) => one.name === model);
  if (known !== undefined) return known.folder;
  const folder = resolve(baseDir, model);
  const place = model;
  if (!existsSync(folder)) {
    const names = shipped.map((one) => one.name);
    const list = names.length === 0 ? '' : `${names.join(', ')}, or `;
    throw new RefineError('ERR_REFINE_ASSET', `no such model. Expected ${list}a folder with ${WANTED[kind]}.${didYouMean(model, names)}`, { place });
  }
  if (!statSync(folder).isDirectory()) throw new RefineError('ERR_REFINE_ASSET', `is a file. Expected the folder that holds ${WANTED[kind]}`, { place });
  const there = kindOf(folder);
  if (there !== kind)
    throw new RefineError('ERR_REFINE_ASSET', `the folder has no ${WANTED[kind]}${there === null ? '' : `; it holds a ${there} model`}`, { place });
  return folder;
}

const WANTED: Readonly<Record<ModelKind, string>> = {
  transformer: 'config.json, model.safetensors and tokenizer.json',
  fasttext: 'model.ftz or model.bin',
};

function kindOf(folder: string): ModelKind | null {
  if (existsSync(join(folder, 'config.json'))) return 'transformer';
  if (existsSync(join(folder, 'model.ftz')) || existsSync(join(folder, 'model.bin'))) return 'fasttext';
  return null;
}
