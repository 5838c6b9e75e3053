// A training text as ids: `node dist/infra/model/encode.js --tokenizer FOLDER --out FILE.bin DOCUMENTS.jsonl [--tokens N]`.
// Writes little-endian 16-bit ids, each document as the end-of-text id (0) and then its tokens, in the order of the file: what the
// trainers read. `--tokens` stops after the document that passes N.
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { bytesColumn, native } from '../../native/index.js';
import { loadTokenizer } from '../../stages/tokenize/load-tokenizer.js';

const BATCH = 256;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { tokenizer: { type: 'string' }, out: { type: 'string' }, tokens: { type: 'string' } },
    allowPositionals: true,
  });
  if (values.tokenizer === undefined || values.out === undefined || positionals.length !== 1)
    throw new Error('--tokenizer FOLDER --out FILE.bin DOCUMENTS.jsonl');
  const { handle, contract } = loadTokenizer(values.tokenizer, process.cwd());
  if (contract.vocab_size > 65_536) throw new Error(`${contract.vocab_size} ids do not fit in 16 bits`);
  const limit = values.tokens === undefined ? Number.POSITIVE_INFINITY : Number(values.tokens);
  const out = createWriteStream(values.out);
  let tokens = 0;
  let bytes = 0;
  let documents = 0;
  const flush = async (texts: readonly Buffer[]): Promise<void> => {
    const { tokens: list } = await native.bpeEncode(handle, bytesColumn('utf8', texts), { parseSpecial: false, eos: null, bos: contract.eos_id });
    const ids = Uint16Array.from(list.values as Uint16Array | Uint32Array); // a copy: the stream writes it later
    tokens += ids.length;
    documents += texts.length;
    for (const text of texts) bytes += text.length;
    if (!out.write(Buffer.from(ids.buffer))) await new Promise<void>((done) => out.once('drain', done));
  };
  let texts: Buffer[] = [];
  for await (const line of createInterface({ input: createReadStream(positionals[0]!), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (tokens >= limit) break;
    texts.push(Buffer.from((JSON.parse(line) as { text: string }).text));
    if (texts.length < BATCH) continue;
    await flush(texts);
    texts = [];
  }
  if (texts.length > 0 && tokens < limit) await flush(texts);
  await new Promise<void>((done) => out.end(done));
  process.stdout.write(`${JSON.stringify({ documents, bytes, tokens, bytesPerToken: bytes / (tokens - documents) })}\n`);
}

await main();
