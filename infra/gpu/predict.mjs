// What each row of the card's table must at least take, from bytes and operations over the card's ceilings, and what the kernels as they are
// written should take, with the assumption named. Writes rows.json: the shapes that run.sh times, their bounds, expectations and targets.
//   node infra/gpu/predict.mjs [--check]     --check: fails where rows.json is not what this computes
// Invariant: rows.json is a function of this file and of the shipped reference model's config.json alone.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const path = join(here, 'rows.json');

// One H200: copy bandwidth and bf16 rate on random data as measured on such a machine through torch; the rest from the chip's
// counts: 132 multiprocessors at 1.98 GHz, 16 special-function results and 64 32-bit multiply-adds a cycle each; int8 twice bf16.
const CEILINGS = { device: 'NVIDIA H200', copy: 4.3e12, bf16: 788e12, int8: 1576e12, exponentials: 132 * 16 * 1.98e9, integer: 132 * 64 * 1.98e9 };

// Shares of a ceiling that the kernels are expected to reach, each with its reason.
const EXPECTED = {
  matrix: [0.75, 'tiles of 128 x 256 by TMA and wgmma, epilogue not hidden behind the next tile'],
  short: [0.6, 'a sum over 384 numbers is six stages: filling and draining the pipeline is a large part'],
  transposed: [0.65, 'operands of the transposed products go through the transposing descriptors'],
  attention: [0.8, 'products and exponentials follow each other within a warpgroup; 80 % of the matrix rate while multiplying'],
  copy: [0.88, 'one pass, 16-byte accesses, several in flight'],
  integer: [0.7, '20 integer instructions a hash (four 32 x 32 products of 64 bits and their sums)'],
  host: [0.9, 'copies of ids and losses overlap the kernels; the rest is launching'],
};

const rows = [];
const tokens = 16384;

function row(id, group, program, kind, args, tiny, facts) {
  const times = {
    operations: (facts.operations ?? 0) / CEILINGS[facts.unit ?? 'bf16'],
    bytes: (facts.bytes ?? 0) / CEILINGS.copy,
    exponentials: (facts.exponentials ?? 0) / CEILINGS.exponentials,
  };
  const lower = facts.lower ?? Math.max(times.operations, times.bytes, times.exponentials);
  const [share, reason] = EXPECTED[facts.expect];
  const busy = times.operations / share + times.exponentials;
  const expected = facts.expected ?? Math.max(busy, times.bytes / EXPECTED.copy[0]);
  rows.push({
    id,
    group,
    program,
    kind,
    args,
    tiny,
    operations: facts.operations ?? 0,
    unit: facts.unit ?? 'bf16',
    bytes: facts.bytes ?? 0,
    items: facts.items ?? null,
    lowerSeconds: Number(lower.toPrecision(4)),
    expectedSeconds: Number(expected.toPrecision(4)),
    assumption: facts.assumption ?? reason,
    target: facts.target ?? null,
  });
  return expected;
}

const FALCON = { vocab: 65024, channels: 4544, layers: 32, heads: 71, kv: 1, dim: 64, hidden: 18176 };
const MINILM = { vocab: 0, channels: 384, layers: 6, heads: 12, kv: 12, dim: 32, hidden: 1536, causal: false };
/** Products of a small decoder: 384 channels, six heads of 64 over one of keys. */
const NARROW = { channels: 384, heads: 6, kv: 1, dim: 64, hidden: 1536 };
const REFERENCE = falconOf(join(here, '..', '..', 'stages', 'perplexity', 'models', 'reference', 'config.json'));

/** The shape of a shipped Falcon of the 7B layout (multi-query). */
function falconOf(config) {
  const held = JSON.parse(readFileSync(config, 'utf8'));
  if (held.model_type !== 'falcon' || !held.multi_query || held.new_decoder_architecture) throw new Error(`${config}: a multi-query Falcon was expected`);
  const [channels, heads] = [held.hidden_size, held.num_attention_heads];
  return { vocab: held.vocab_size, channels, layers: held.num_hidden_layers, heads, kv: 1, dim: channels / heads, hidden: held.ffn_hidden_size };
}

// The four products of a layer, with the epilogue each has in the forward.
function products(model) {
  const { channels: c, heads, kv, dim, hidden } = model;
  return [
    ['qkv', (heads + 2 * kv) * dim, c, {}],
    ['out', c, heads * dim, {}],
    ['up', hidden, c, { gelu: 1 }],
    ['down', c, hidden, { residual: 2 }],
  ];
}
const tinyProduct = (extra) => ({ m: 65, n: 72, k: 64, rotate: 0, ...extra });

function gemms() {
  for (const [name, model] of [
    ['7b', FALCON],
    ['384', NARROW],
  ])
    for (const [which, n, k, extra] of products(model)) {
      const args = { m: tokens, n, k, ...extra };
      const out = 2 * tokens * n * (1 + (extra.residual ?? 0));
      const expect = k < 1024 ? 'short' : 'matrix';
      row(`gemm-bf16-${name}-${which}`, 'gemm', 'time_gemm', 'gemm_bf16', args, tinyProduct(extra), {
        operations: 2 * tokens * n * k,
        bytes: 2 * (tokens * k + n * k) + out,
        expect,
        target: { over: 'torch', share: 0.7, goal: 0.9 },
      });
      row(`gemm-s8-${name}-${which}`, 'gemm', 'time_gemm', 'gemm_s8', args, tinyProduct(extra), {
        operations: 2 * tokens * n * k,
        unit: 'int8',
        bytes: tokens * k + n * k + out,
        expect,
        target: { over: `gemm-bf16-${name}-${which}`, share: 1.3 },
      });
    }
  for (const kind of ['gemm_nn', 'gemm_tn'])
    row(
      `${kind.replace('_', '-bf16-')}-1024`,
      'gemm',
      'time_gemm',
      kind,
      { m: kind === 'gemm_nn' ? tokens : 4096, n: kind === 'gemm_nn' ? 1024 : 1024, k: kind === 'gemm_nn' ? 4096 : tokens },
      tinyProduct({}),
      {
        operations: 2 * tokens * 1024 * 4096,
        bytes: 2 * (tokens * 1024 + tokens * 4096 + 1024 * 4096),
        expect: 'transposed',
      },
    );
}

function attentionFacts(length, documents, heads, kv, dim, causal) {
  const pairs = documents * (causal ? (length * (length + 1)) / 2 : length * length) * heads;
  return { operations: 4 * pairs * dim, exponentials: pairs, bytes: 2 * length * documents * dim * (2 * heads + 2 * kv) };
}

function attentions() {
  for (const [name, heads, kv, dim, share] of [
    ['falcon', 71, 1, 64, 0.3],
    ['heads-64', 32, 32, 64, 0.3],
    ['heads-128', 32, 8, 128, 0.4],
  ])
    for (const length of [2048, 8192]) {
      const documents = Math.max(1, tokens / length) * (length === 8192 ? 1 : 1);
      row(
        `attention-${name}-${length}`,
        'attention',
        'time_attention',
        'attention',
        { length, documents, heads, kv_heads: kv, dim, causal: 1 },
        { length: 65, documents: 2, heads: 2, kv_heads: 1, dim, causal: 1, rotate: 0 },
        {
          ...attentionFacts(length, documents, heads, kv, dim, true),
          expect: 'attention',
          target: { of: 'bf16', share },
        },
      );
    }
  row(
    'attention-encoder-128',
    'attention',
    'time_attention',
    'attention',
    { length: 128, documents: 512, heads: 12, kv_heads: 12, dim: 32, causal: 0 },
    { length: 17, documents: 2, heads: 2, kv_heads: 2, dim: 32, causal: 0, rotate: 0 },
    {
      ...attentionFacts(128, 512, 12, 12, 32, false),
      expect: 'attention',
    },
  );
}

function memory() {
  const target = { of: 'copy', share: 0.85 };
  const narrow = { rows: 17, width: 64, rotate: 0 };
  row('layer-norm-4544', 'memory', 'time_memory', 'layer_norm', { rows: tokens, width: 4544 }, narrow, { bytes: 4 * tokens * 4544, expect: 'copy', target });
  row(
    'layer-norm-add-4544',
    'memory',
    'time_memory',
    'layer_norm',
    { rows: tokens, width: 4544, add: 1 },
    { ...narrow, add: 1 },
    { bytes: 8 * tokens * 4544, expect: 'copy', target },
  );
  row('layer-norm-384', 'memory', 'time_memory', 'layer_norm', { rows: 8 * tokens, width: 384 }, narrow, { bytes: 32 * tokens * 384, expect: 'copy', target });
  row('rms-norm-4096', 'memory', 'time_memory', 'rms_norm', { rows: tokens, width: 4096 }, narrow, { bytes: 4 * tokens * 4096, expect: 'copy', target });
  row(
    'rotary-72x64',
    'memory',
    'time_memory',
    'rotary',
    { rows: tokens, heads: 72, dim: 64, context: 2048 },
    { rows: 17, heads: 2, dim: 64, context: 8, rotate: 0 },
    { bytes: 4 * tokens * 72 * 64, expect: 'copy', target },
  );
  row(
    'gelu-18176',
    'memory',
    'time_memory',
    'activation',
    { count: tokens * 18176 },
    { count: 1000, rotate: 0 },
    { bytes: 4 * tokens * 18176, expect: 'copy', target },
  );
  row('swiglu-11008', 'memory', 'time_memory', 'gate', { rows: tokens, width: 11008 }, narrow, { bytes: 6 * tokens * 11008, expect: 'copy', target });
  row('adamw-100m', 'memory', 'time_memory', 'adamw', { count: 1e8 }, { count: 1000, rotate: 0 }, { bytes: 30 * 1e8, expect: 'copy', target });
  row(
    'quantise-4544',
    'memory',
    'time_gemm',
    'quantise',
    { m: tokens, k: 4544 },
    { m: 17, k: 64, rotate: 0 },
    { bytes: 3 * tokens * 4544, expect: 'copy', target },
  );
}

function vocabFacts(t, c, v) {
  return { operations: 2 * t * c * v, exponentials: t * v, bytes: 2 * (t * c + v * c) };
}

function vocab() {
  for (const c of [4544, 384])
    row(
      `vocab-loss-${c}`,
      'vocab',
      'time_vocab_loss',
      'vocab_loss',
      { t: tokens, c, v: 65024 },
      { t: 65, c: 64, v: 200 },
      {
        ...vocabFacts(tokens, c, 65024),
        expect: c < 1024 ? 'short' : 'matrix',
        target: { of: 'bf16', share: 0.45 },
      },
    );
}

// A decoder over documents of one length: the sum of its parts, matrix operations alone counted as operations.
function decoder(model, length, documents) {
  const t = length * documents;
  let operations = 0,
    lower = 0,
    expected = 0;
  const add = (facts, share) => {
    operations += facts.operations ?? 0;
    const matrix = (facts.operations ?? 0) / CEILINGS.bf16,
      exponentials = (facts.exponentials ?? 0) / CEILINGS.exponentials,
      bytes = facts.bytes / CEILINGS.copy;
    lower += Math.max(matrix, exponentials, bytes);
    expected += Math.max(matrix / share + exponentials, bytes / EXPECTED.copy[0]);
  };
  for (let layer = 0; layer < model.layers; layer++) {
    for (const [, n, k, extra] of products(model))
      add({ operations: 2 * t * n * k, bytes: 2 * (t * k + n * k) + 2 * t * n * (1 + (extra.residual ?? 0)) }, EXPECTED[k < 1024 ? 'short' : 'matrix'][0]);
    add(attentionFacts(length, documents, model.heads, model.kv, model.dim, model.causal !== false), EXPECTED.attention[0]);
    add({ bytes: 4 * t * model.channels }, 1); // the norm
    add({ bytes: 4 * t * (model.heads + model.kv) * model.dim }, 1); // turning
  }
  if (model.vocab > 0) add(vocabFacts(t, model.channels, model.vocab), EXPECTED[model.channels < 1024 ? 'short' : 'matrix'][0]);
  return { operations, lower, expected: expected / EXPECTED.host[0], t };
}

function models() {
  const seven = decoder(FALCON, 2048, 16);
  const small = decoder(REFERENCE, 500, 2000);
  const encoder = decoder(MINILM, 128, 20000);
  modelRow('decoder-7b', 'falcon-7b', { length: 2048, documents: 16 }, seven, { items: { tokens: seven.t }, target: { of: 'bf16', share: 0.6 } });
  modelRow('decoder-reference', 'reference', { length: 500, documents: 2000 }, small, {
    items: { tokens: small.t, documents: 2000 },
    target: { over: 'torch', share: 1.2 },
  });
  modelRow('encoder-22m', 'minilm', { length: 128, documents: 20000 }, encoder, {
    items: { documents: 20000 },
    target: { perSecond: 'documents', value: 20000 },
    tinyLength: 17,
  });
  modelRow('pipeline-reference', 'pipeline', { length: 500, documents: 8000 }, small, { items: { documents: 8000 }, target: { gpuShare: 0.8 }, times: 4 });
}

/** A whole model over `args`; `times`: how often the documents that `of` was computed for fit into them. */
function modelRow(id, kind, args, of, { items, target, times = 1, tinyLength = 20 }) {
  row(
    id,
    'model',
    'model_host',
    kind,
    args,
    { length: tinyLength, documents: 3 },
    {
      operations: of.operations * times,
      lower: of.lower * times,
      expected: of.expected * times,
      expect: 'host',
      assumption: `the sum of the parts above, over ${EXPECTED.host[0]}: ${EXPECTED.host[1]}`,
      items,
      target,
    },
  );
}

/** A proxy training step: 6 operations a weight and token, the backward's products read transposed, AdamW over fp32 masters. */
function training() {
  const model = { vocab: 16384, channels: 1024, layers: 12, heads: 16, kv: 1, dim: 64, hidden: 4096 };
  const [length, documents] = [1024, 16];
  const forward = decoder(model, length, documents);
  const weights = model.vocab * model.channels + model.layers * products(model).reduce((sum, [, n, k]) => sum + n * k, 0);
  const optimiser = (weights * (6 * 4 + 4 + 2 + 4 + 4)) / CEILINGS.copy; // AdamW, the norm's reading, clearing
  const back = (2 * forward.operations) / CEILINGS.bf16;
  row(
    'proxy-step-1024',
    'train',
    'time_train',
    'train-step',
    {
      vocab: model.vocab,
      channels: model.channels,
      layers: model.layers,
      heads: model.heads,
      length,
      documents,
      bytes: 34 * weights,
      operations: 3 * forward.operations,
    },
    { vocab: 77, channels: 64, layers: 1, heads: 2, length: 20, documents: 2, bytes: 1, operations: 1 },
    {
      operations: 3 * forward.operations,
      bytes: 34 * weights,
      lower: 3 * forward.lower + optimiser,
      expected: (forward.expected * EXPECTED.host[0] + back / EXPECTED.transposed[0] + optimiser / EXPECTED.copy[0]) / EXPECTED.host[0],
      expect: 'transposed',
      assumption: `forward as a whole model, backward at ${EXPECTED.transposed[0]} of the matrix rate, AdamW at copy bandwidth, over ${EXPECTED.host[0]}`,
      items: { tokens: forward.t },
      target: { of: 'bf16', share: 0.3 },
    },
  );
}

function minhash() {
  for (const [id, hashes, documents] of [
    ['14x8', 112, 200000],
    ['450x20', 9000, 10000],
  ]) {
    const operations = documents * 800 * hashes;
    row(
      `minhash-${id}`,
      'minhash',
      'time_minhash',
      'minhash',
      { documents, shingles: 800, hashes },
      { documents: 3, shingles: 20, hashes: 16 },
      {
        operations: operations * 20,
        unit: 'integer',
        bytes: 8 * documents * (800 + hashes),
        expect: 'integer',
        items: { documents },
        target: { perSecond: 'documents', value: 250000, theirs: 'Curator, their figure' },
      },
    );
  }
}

gemms();
attentions();
memory();
vocab();
models();
minhash();
training();
const text = `${JSON.stringify({ ceilings: CEILINGS, expected: EXPECTED, copyBytes: 1 << 30, rows }, null, 1)}\n`;
if (process.argv.includes('--check')) {
  if (JSON.stringify(JSON.parse(readFileSync(path, 'utf8'))) !== JSON.stringify(JSON.parse(text))) {
    console.error('refine: infra/gpu/rows.json is not what predict.mjs computes; run node infra/gpu/predict.mjs');
    process.exit(1);
  }
} else {
  writeFileSync(path, text);
  console.log(`${rows.length} rows`);
}
