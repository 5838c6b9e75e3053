// The vocabularies of the reference decoders: `node dist/infra/model/tokenizers.js DIR/train.jsonl` (corpus.ts writes it) trains them with
// `refine tokenizer train` and writes stages/perplexity/models/NAME/tokenizer.json. No rare strings: a word must stand in the text
// five times to be counted and a pair a hundred times to become an entry, and the text is permissive or public domain.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packagePath } from '../../native/index.js';

const VOCABULARIES = { 'reference-small': 4096, reference: 16_384 } as const;
const OPTIONS = ['--pre-tokenizer', 'falcon', '--min-frequency', '100', '--min-piece-count', '5', '--max-token-length', '16', '--avoid', 'scripts'];

const [text] = process.argv.slice(2);
if (text === undefined) throw new Error('say which text: DIR/train.jsonl of corpus.js');
const scratch = mkdtempSync(join(tmpdir(), 'refine-tokenizers-'));
try {
  for (const [name, size] of Object.entries(VOCABULARIES)) {
    const cli = packagePath('dist', 'pipeline', 'cli', 'main.js');
    execFileSync(process.execPath, [cli, 'tokenizer', 'train', text, '--vocab-size', String(size), ...OPTIONS, '-o', scratch], { stdio: 'inherit' });
    const folder = packagePath('stages', 'perplexity', 'models', name);
    mkdirSync(folder, { recursive: true });
    const file = JSON.parse(readFileSync(join(scratch, 'tokenizer.json'), 'utf8')) as unknown;
    writeFileSync(join(folder, 'tokenizer.json'), `${JSON.stringify(file)}\n`); // on one line: half the size
    writeFileSync(join(folder, 'tokenizer_config.json'), readFileSync(join(scratch, 'tokenizer_config.json')));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
