// `refine generate` as a user calls it, on stories260K and on folders that lack something.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packagePath } from '../../native/index.js';
import { type CliResult, refine } from '../support/cli.js';
import { needsShared, sharedPath } from '../support/shared.js';

const folder = sharedPath('data', 'models', 'stories260K');
const skip = folder === null ? needsShared : false;
const temporary = mkdtempSync(join(tmpdir(), 'refine-generate-'));
after(() => rmSync(temporary, { recursive: true }));

// The sample that karpathy/llama2.c documents for this model (doc/stories260K.md): greedy, from an empty prompt.
const DOCUMENTED =
  'Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball. She wanted to play with it, but it was too high.\n' +
  'Lily\'s mom said, "Lily, let\'s go to the park." Lily was sad and didn\'t know what to do. She said, "I want to play with your ball, but I can\'t find it."\n';

const generate = (...args: string[]): Promise<CliResult> => refine(['generate', '--model', folder!, ...args]);

test('the greedy text of stories260K is the documented one', { skip }, async () => {
  const { code, stdout, stderr } = await generate();
  assert.equal(code, 0);
  assert.ok(stdout.startsWith(DOCUMENTED), stdout);
  assert.match(stderr, /^256 tokens in .* stopped at --max-tokens\.\n$/);
});

test('a prompt stands before its continuation, given as an option or on standard input', { skip }, async () => {
  const args = ['generate', '--model', folder!, '--max-tokens', '20', '--json'];
  const prompt = 'Zoë hade en katt.';
  const given = await refine([...args, '--prompt', prompt]);
  const made = JSON.parse(given.stdout) as { prompt: string; text: string; tokens: number[]; promptTokens: number; stop: string };
  assert.equal(made.prompt, prompt);
  assert.equal(made.tokens.length, 20);
  assert.equal(made.stop, 'length');
  const plain = await generate('--max-tokens', '20', '--prompt', prompt);
  assert.equal(plain.stdout, `${prompt}${made.text}\n`);
  assert.equal(await piped([...args, '--prompt', '-'], Buffer.from(prompt)).then(({ stdout }) => stdout), given.stdout);
});

test('draws repeat with their seed and differ without it', { skip }, async () => {
  const drawn = async (...seed: string[]): Promise<string> =>
    (await generate('--max-tokens', '60', '--temperature', '1', '--top-p', '0.9', '--top-k', '50', ...seed)).stdout;
  const first = await drawn();
  assert.equal(await drawn('--seed', '0'), first);
  assert.notEqual(await drawn('--seed', '18446744073709551615'), first);
});

test('a text ends where the model ends it or its context does', { skip }, async () => {
  const { stdout } = await generate('--max-tokens', '100000', '--json');
  const made = JSON.parse(stdout) as { tokens: number[]; promptTokens: number; stop: string };
  if (made.stop === 'context') assert.equal(made.tokens.length + made.promptTokens, 512);
  else assert.equal(made.stop, 'end');
});

test('what cannot be is refused with what to do', { skip }, async () => {
  const says = async (args: string[], code: number, pattern: RegExp): Promise<void> => {
    const result = await refine(['generate', ...args]);
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, pattern);
    assert.equal(result.stdout, '');
  };
  await says(['--model', 'no-such-model'], 1, /^ERR_REFINE_ASSET no-such-model {2}no such model\. Expected .*a folder with config\.json/);
  await says(['--model', folder!, '--prompt', 'word '.repeat(600)], 1, /^ERR_REFINE_INPUT .* the prompt has \d+ tokens .*; the model reads 512.*Shorten/);
  await says(['--model', folder!, '--temperature', '-1'], 2, /--temperature is a number from 0 up/);
  await says(['--model', folder!, '--top-p', '1.5'], 2, /--top-p is a number from 0 to 1/);
  await says(['--model', folder!, '--seed', '18446744073709551616'], 2, /--seed is a whole number below 2\^64/);
  await says([], 2, /required option '--model/);

  const bare = join(temporary, 'bare');
  mkdirSync(bare);
  for (const name of ['config.json', 'model.safetensors']) copyFileSync(join(folder!, name), join(bare, name));
  await says(['--model', bare], 1, /^ERR_REFINE_ASSET .* has no tokenizer\. Put its tokenizer\.json/);

  const other = join(temporary, 'other');
  mkdirSync(other);
  for (const name of ['config.json', 'model.safetensors']) copyFileSync(join(folder!, name), join(other, name));
  copyFileSync(packagePath('stages', 'tokenize', 'tokenizers', 'gpt2', 'tokenizer.json.gz'), join(other, 'tokenizer.json.gz'));
  await says(['--model', other, '--prompt', ' unbelievable'], 1, /^ERR_REFINE_ASSET .* the model has 512 entries\. The tokenizer belongs to another model/);
});

test('a model whose weights are NaN is named as damaged', { skip }, async () => {
  const damaged = join(temporary, 'damaged');
  mkdirSync(damaged);
  for (const name of ['config.json', 'tok512.bin']) copyFileSync(join(folder!, name), join(damaged, name));
  const weights = readFileSync(join(folder!, 'model.safetensors'));
  weights.writeFloatLE(Number.NaN, weights.length - 4);
  const end = weights.length;
  for (let at = end - 64 * 4; at < end; at += 4) weights.writeFloatLE(Number.NaN, at);
  writeFileSync(join(damaged, 'model.safetensors'), weights);
  const result = await refine(['generate', '--model', damaged]);
  assert.equal(result.code, 1);
  assert.match(result.stderr, /^ERR_REFINE_WEIGHTS .*NaN: its weights are damaged/);
});

test('standard input that is not UTF-8 is refused', { skip }, async () => {
  const result = await piped(['generate', '--model', folder!, '--prompt', '-'], Buffer.from([0x61, 0xff]));
  assert.equal(result.code, 1);
  assert.match(result.stderr, /^ERR_REFINE_INPUT standard input {2}is not UTF-8/);
});

function piped(args: readonly string[], input: Buffer): Promise<CliResult> {
  const child = spawn(process.execPath, [packagePath('pipeline', 'cli', 'refine.mjs'), ...args], { cwd: packagePath(), stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.end(input);
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })));
}
