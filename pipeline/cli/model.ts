// `refine model`: what a model folder holds and asks of memory, and the same weights in another type.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Command, Option } from 'commander';
import { bytesText, memoryLimit, neededBytes, type WeightDtype } from '../../stages/contract/weights/memory-plan.js';
import type { ModelPlan } from '../../stages/contract/weights/plan.js';
import { number } from '../stats-text.js';
import { action, data, EXIT, memory, words } from './command.js';

const DTYPES = ['f32', 'bf16', 'int8'] as const satisfies readonly WeightDtype[];

export function registerModel(program: Command): void {
  const model = program.command('model').description('neural models: what a folder holds and asks of memory; the same weights in another type');
  model
    .command('show')
    .description('architecture, tensors and memory of a model, from its config and headers alone')
    .argument('<model>', 'a shipped name, or a HuggingFace folder (config.json and safetensors)')
    .addOption(new Option('--dtype <type>', 'what its weights would be held as').choices(DTYPES).default('f32'))
    .option('--memory <size>', 'what it may ask for (default: four fifths of the machine)', memory('--memory'))
    .option('--json', 'one JSON object, for programs')
    .action(
      action(async (name: string, options: { dtype: WeightDtype; memory?: number; json?: boolean }) => {
        const { readModelFolder } = await import('../../stages/contract/weights/read-model-folder.js');
        const { resolveModel } = await import('../../stages/contract/weights/shipped.js');
        const limit = options.memory ?? memoryLimit();
        const plan = await readModelFolder(resolveModel(name, process.cwd()), { memory: limit, dtype: options.dtype });
        if (options.json === true)
          await data(`${JSON.stringify({ ...summary(plan), memory: { ...plan.bytes, needed: neededBytes(plan.bytes, options.dtype), limit } })}\n`);
        else await data(`${[name, ...lines(plan, options.dtype, limit).map((line) => `  ${line}`)].join('\n')}\n`);
        return EXIT.done;
      }),
    );
  model
    .command('export')
    .description('writes a model as a folder that transformers loads (f32, bf16), or with int8 rows as refine ships it')
    .argument('<model>', 'a shipped name, or a HuggingFace folder')
    .argument('<folder>', 'where to; made, must be empty')
    .addOption(new Option('--dtype <type>', 'type of the weights').choices(DTYPES).default('bf16'))
    .option('--shard <size>', 'the most bytes a file of weights gets (default: 16MiB)', memory('--shard'))
    .option('--json', 'one JSON object, for programs')
    .action(
      action(async (name: string, folder: string, options: { dtype: WeightDtype; shard?: number; json?: boolean }) => {
        const { exportModel } = await import('../../stages/contract/weights/export-model.js');
        const { resolveModel } = await import('../../stages/contract/weights/shipped.js');
        const made = await exportModel(resolveModel(name, process.cwd()), folder, options.dtype, options.shard);
        if (options.json === true) await data(`${JSON.stringify(made)}\n`);
        else await data(`${folder}: ${number(made.parameters)} parameters as ${options.dtype}, ${bytesText(made.bytes)} in ${made.files.join(', ')}\n`);
        if (made.left.length > 0) words(`left behind, as no layer uses them: ${some(made.left)}`);
        return EXIT.done;
      }),
    );
  model
    .command('list')
    .description('the models that the package ships')
    .option('--json', 'one JSON object a line, for programs')
    .action(
      action(async (options: { json?: boolean }) => {
        const { shippedModels } = await import('../../stages/contract/weights/shipped.js');
        for (const { name, step, kind, folder } of shippedModels()) {
          const bytes = readdirSync(folder).reduce((sum, file) => sum + (WEIGHTS.test(file) ? statSync(join(folder, file)).size : 0), 0);
          const about = firstSentence(readFileSync(join(folder, 'README.md'), 'utf8'));
          if (options.json === true) await data(`${JSON.stringify({ name, step, kind, bytes, about })}\n`);
          else await data(`${name.padEnd(16)} ${step.padEnd(11)} ${kind.padEnd(12)} ${bytesText(bytes).padStart(9)}  ${about}\n`);
        }
        return EXIT.done;
      }),
    );
}

const WEIGHTS = /\.(safetensors|ftz|bin)$/;

/** Of a model's card: what follows the front matter and the heading, up to a full stop or colon. */
function firstSentence(card: string): string {
  const body = card.replace(/^---\n[\s\S]*?\n---\n/, '').replace(/^\s*#[^\n]*\n/, '');
  return (/^[\s\S]*?[.:](?=\s)/.exec(body.trim())?.[0] ?? '').replace(/\s+/g, ' ').replace(/[.:]$/, '');
}

const some = (names: readonly string[]): string => (names.length > 4 ? `${names.slice(0, 4).join(', ')} and ${names.length - 4} more` : names.join(', '));

function storedAs(plan: ModelPlan): string {
  const counts = new Map<string, number>();
  for (const { dtype, shape } of plan.sources) counts.set(dtype, (counts.get(dtype) ?? 0) + shape.reduce((product, dimension) => product * dimension, 1));
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([dtype, count]) => (counts.size === 1 ? dtype : `${number(count)} ${dtype}`))
    .join(', ');
}

function summary(plan: ModelPlan): object {
  const { folder, modelType, config, parameters, special, heads, pooling, unused } = plan;
  const { rotaryFrequency: _, alibiSlope: __, ...sizes } = config;
  const stored = plan.sources.reduce((sum, source) => sum + source.bytes, 0);
  return {
    folder,
    modelType,
    config: sizes,
    parameters,
    files: plan.files.map((file) => relative(folder, file)),
    stored,
    storedAs: storedAs(plan),
    special,
    heads,
    pooling,
    unused,
  };
}

function lines(plan: ModelPlan, dtype: WeightDtype, limit: number): string[] {
  const { config, bytes } = plan;
  const tied = plan.tensors.some((tensor) => tensor.role === 'head') ? 'a head of its own' : 'head tied to the embedding';
  const shared = config.kvHeads === config.heads ? '' : `, ${config.kvHeads} of keys and values`;
  const stored = plan.sources.reduce((sum, source) => sum + source.bytes, 0);
  const cache = bytes.cachePerToken === 0 ? '' : `; a token's keys and values ${bytesText(bytes.cachePerToken)}`;
  return [
    `${plan.modelType}: ${config.layers} ${config.layout} layers, ${config.channels} channels, ${config.heads} heads of ${config.headDim}${shared}, MLP ${config.hidden} ${config.gated ? 'gated ' : ''}${config.activation}`,
    `vocabulary ${number(config.vocab)}${config.causal ? `, ${tied}` : ''}; ${config.position} positions, context ${number(config.context)}; tokenizer ${plan.tokenizer === null ? 'not beside it' : 'beside it'}`,
    ...plan.heads.map((head) => `head ${head.name}: ${head.kind}, ${some(head.labels)}`),
    `${number(plan.parameters)} parameters in ${plan.files.length} ${plan.files.length === 1 ? 'file' : 'files'}, ${bytesText(stored)} stored as ${storedAs(plan)}`,
    `memory: f32 ${bytesText(bytes.f32)}, bf16 ${bytesText(bytes.bf16)}, int8 ${bytesText(bytes.int8)}${cache}, buffers about ${bytesText(bytes.activationsPerToken)}`,
    `held as ${dtype}, with 1,024 tokens: ${bytesText(neededBytes(bytes, dtype))} of ${bytesText(limit)} allowed`,
    ...(plan.unused.length === 0 ? [] : [`${plan.unused.length} tensors that no layer uses: ${some(plan.unused)}`]),
  ];
}
