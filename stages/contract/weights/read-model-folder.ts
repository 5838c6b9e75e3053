// A HuggingFace model folder (config.json, model.safetensors or shards with an index, a tokenizer) as a ModelPlan.
// Order matters: config, memory, headers, shapes. A folder that asks for too much is refused before its tensors are looked at.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RoleTensor, TensorSource, WeightType } from '../../../native/index.js';
import { BERT_TYPES, readBert } from './bert.js';
import { DEBERTA_TYPES, readDeberta } from './deberta.js';
import { readFalcon } from './falcon.js';
import { readGpt2, readGptNeox } from './gpt.js';
import { Fields, readJsonFile, refuse, shown } from './json-file.js';
import { LLAMA_TYPES, readLlama } from './llama.js';
import { memoryLimit, memoryPlan, memorySentence, neededBytes, type WeightDtype } from './memory-plan.js';
import type { Architecture, ModelPlan, NamedRole } from './plan.js';
import { type Checkpoint, readCheckpoint, type StoredTensor } from './safetensors.js';

const MAX_CONFIG_BYTES = 16 * 2 ** 20;
const FALCON_TYPES = ['falcon', 'RefinedWeb', 'RefinedWebModel'];
export const MODEL_TYPES = ['falcon', ...LLAMA_TYPES, 'gpt_neox', 'gpt2', ...BERT_TYPES, ...DEBERTA_TYPES];
const WEIGHT_TYPES: readonly string[] = ['F32', 'BF16', 'F16', 'F64', 'I8'] satisfies WeightType[];
const TOKENIZER_FILE = /^(tokenizer\.json(\.gz)?|tokenizer\.model|vocab\.txt|tok\d*\.bin|tokenizer\.bin)$/;

export interface ReadModelOptions {
  /** Bytes a model may ask for; the machine's memory less a fifth where absent. */
  readonly memory?: number;
  /** What the weights will be held as. */
  readonly dtype?: WeightDtype;
}

export async function readModelFolder(folder: string, options: ReadModelOptions = {}): Promise<ModelPlan> {
  const place = join(folder, 'config.json');
  if (!existsSync(place)) refuse(folder, 'has no config.json; expected a model folder as transformers writes it');
  const config = new Fields(readJsonFile(place, MAX_CONFIG_BYTES, 'config.json'), place);
  const modelType = config.text('model_type', typeOf(config));
  const dtype = options.dtype ?? 'f32';
  // Heads of encoders are told by their tensors, so those folders are counted without them first.
  const bare = readArchitecture(config, modelType, () => false);
  refuseTooLarge(bare, dtype, options.memory ?? memoryLimit(), place);
  const checkpoint = readCheckpoint(folder);
  const architecture = readArchitecture(config, modelType, (tensor) => checkpoint.tensors.has(tensor));
  const found = placeRoles(architecture, checkpoint, folder);
  const bytes = memoryPlan(architecture.config, found.roles);
  return {
    folder,
    modelType,
    config: architecture.config,
    files: checkpoint.files,
    sources: found.sources,
    tensors: found.tensors,
    tokenizer: readdirSync(folder).some((name) => TOKENIZER_FILE.test(name)) ? folder : null,
    special: { bos: config.tokenId('bos_token_id'), eos: config.tokenId('eos_token_id'), pad: config.tokenId('pad_token_id') },
    heads: architecture.heads ?? [],
    pooling: readPooling(folder),
    unused: found.unused,
    parameters: bytes.parameters,
    bytes,
  };
}

/** Older configs name the class alone. */
function typeOf(config: Fields): string {
  const list = config.get('architectures');
  const name = Array.isArray(list) && typeof list[0] === 'string' ? list[0] : '';
  return MODEL_TYPES.find((type) => name.toLowerCase().startsWith(type.replaceAll(/[-_]/g, ''))) ?? '';
}

function readArchitecture(config: Fields, modelType: string, has: (tensor: string) => boolean): Architecture {
  if (FALCON_TYPES.includes(modelType)) return readFalcon(config, has);
  if (LLAMA_TYPES.includes(modelType)) return readLlama(config, modelType);
  if (modelType === 'gpt_neox') return readGptNeox(config);
  if (modelType === 'gpt2') return readGpt2(config);
  if (BERT_TYPES.includes(modelType)) return readBert(config, modelType, has);
  if (DEBERTA_TYPES.includes(modelType)) return readDeberta(config, has);
  return refuse(config.place, `model_type is ${shown(modelType)}; known: ${MODEL_TYPES.join(', ')}`);
}

function refuseTooLarge(architecture: Architecture, dtype: WeightDtype, limit: number, place: string): void {
  const plan = memoryPlan(architecture.config, architecture.roles());
  if (neededBytes(plan, dtype) <= limit) return;
  const gib = (limit / 2 ** 30).toFixed(1);
  refuse(place, `asks for ${memorySentence(plan, dtype)}. The limit is ${gib} GiB: raise it, choose a smaller dtype, or a smaller model`);
}

interface Placed {
  readonly sources: readonly TensorSource[];
  readonly tensors: readonly RoleTensor[];
  readonly roles: readonly NamedRole[];
  readonly unused: readonly string[];
}

function placeRoles(architecture: Architecture, checkpoint: Checkpoint, folder: string): Placed {
  const { tensors: stored } = checkpoint;
  const prefix = architecture.prefixes.find((one) => stored.has(one + architecture.probe));
  if (prefix === undefined)
    return refuse(
      folder,
      `has no tensor ${shown(architecture.prefixes[0] + architecture.probe)}; it holds ${[...stored.keys()].slice(0, 4).map(shown).join(', ')}, ...`,
    );
  const sources: TensorSource[] = [];
  const numberOf = new Map<string, number>();
  const add = (tensor: StoredTensor & { readonly file: number }, extra: { readonly scales?: number }): number => {
    const known = numberOf.get(tensor.name);
    if (known !== undefined) return known;
    numberOf.set(tensor.name, sources.length);
    const { file, begin, bytes, shape } = tensor;
    return sources.push({ file, begin, bytes, dtype: tensor.dtype as WeightType, shape, ...extra }) - 1;
  };
  const tensors: RoleTensor[] = [];
  const roles: NamedRole[] = [];
  for (const role of architecture.roles()) {
    const name = nameOf(role.tensor, prefix, stored);
    const tensor = stored.get(name);
    if (tensor === undefined) {
      if (role.optional) continue;
      return refuse(folder, `has no tensor ${shown(name)}, which ${role.role} is`);
    }
    checkTensor(tensor, role, folder);
    const scales = tensor.dtype === 'I8' ? add(scalesOf(tensor, role, stored, folder), {}) : undefined;
    const source = add(tensor, scales === undefined ? {} : { scales });
    const rows = Uint32Array.from(role.rows ?? [0, role.shape[0]]);
    tensors.push({ role: role.role, source, rows, transpose: role.transpose === true && role.shape.length === 2, shape: role.shape });
    roles.push(role);
  }
  return { sources, tensors, roles, unused: [...stored.keys()].filter((name) => !numberOf.has(name)) };
}

/** A leading slash: named without prefix. LayerNorms of old TensorFlow exports are called gamma and beta. */
function nameOf(tensor: string, prefix: string, stored: ReadonlyMap<string, unknown>): string {
  const name = tensor.startsWith('/') ? tensor.slice(1) : prefix + tensor;
  if (stored.has(name) || !/LayerNorm\.(weight|bias)$/.test(name)) return name;
  const old = name.replace(/weight$/, 'gamma').replace(/bias$/, 'beta');
  return stored.has(old) ? old : name;
}

function checkTensor(tensor: StoredTensor, role: NamedRole, folder: string): void {
  const rows = role.of ?? role.shape[0];
  const [, columns] = role.shape;
  const wanted = columns === undefined ? [rows] : role.transpose ? [columns, rows] : [rows, columns];
  if (tensor.shape.length !== wanted.length || tensor.shape.some((dimension, at) => dimension !== wanted[at]))
    refuse(folder, `tensor ${shown(tensor.name)} has the shape ${shown(tensor.shape)}; config.json asks for ${shown(wanted)}`);
  if (!WEIGHT_TYPES.includes(tensor.dtype)) refuse(folder, `tensor ${shown(tensor.name)} is ${tensor.dtype}; expected one of ${WEIGHT_TYPES.join(', ')}`);
}

/** `<tensor>.scale`: float32, one factor an output row. */
function scalesOf(tensor: StoredTensor, role: NamedRole, stored: Checkpoint['tensors'], folder: string): StoredTensor & { readonly file: number } {
  const name = `${tensor.name}.scale`;
  const scales = stored.get(name);
  const rows = role.of ?? role.shape[0];
  if (scales === undefined) return refuse(folder, `tensor ${shown(tensor.name)} is I8 without ${shown(name)}; expected F32 factors, one an output row`);
  if (scales.dtype !== 'F32' || scales.shape.length !== 1 || scales.shape[0] !== rows)
    return refuse(folder, `tensor ${shown(name)} is ${scales.dtype} ${shown(scales.shape)}; expected F32 [${rows}]`);
  return scales;
}

function readPooling(folder: string): ModelPlan['pooling'] {
  const path = join(folder, '1_Pooling', 'config.json');
  if (!existsSync(path)) return null;
  const json = readJsonFile(path, MAX_CONFIG_BYTES, 'the pooling config');
  const modes = { pooling_mode_mean_tokens: 'mean', pooling_mode_cls_token: 'cls', pooling_mode_max_tokens: 'max' } as const;
  const named = Object.entries(modes).filter(([key]) => json[key] === true);
  return named.length === 1 ? named[0]![1] : refuse(path, `names ${named.length} ways of pooling that are known (mean, cls, max tokens); expected one`);
}
