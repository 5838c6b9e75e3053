// The run's tokenizer against that of the model to be trained (`--contract DIR`). Equal files are equal; other files may still
// be the same vocabulary in another form (tokenizer.model and tokenizer.json), so what counts is whether they make the same ids
// of the same text, and whether they end and begin documents by the same id.
import { native, utf8Column } from '../../native/index.js';
import type { LoadedTokenizer } from '../tokenizers.js';
import type { Finding } from './finding.js';
import type { Known } from './readable.js';
import type { Scan } from './token-scan.js';

const TEXTS = 256;

export async function checkContract(scan: Scan, own: LoadedTokenizer, model: Known): Promise<Finding[]> {
  const [ours, theirs] = [own.contract, model.tokenizer.contract];
  const findings: Finding[] = [];
  const say = (message: string, next: string): void => {
    findings.push({ check: 'contract', severity: 'error', shard: null, rows: [], message, next });
  };
  const again = `Run again with tokenize: { tokenizer: ${model.name} }, or train a model of this vocabulary`;
  if (ours.sha256 !== theirs.sha256) {
    const texts = scan.samples.flatMap(({ documents }) =>
      documents.slice(0, Math.ceil(TEXTS / scan.samples.length)).map(({ ids }) => native.bpeDecode(own.handle, ids)),
    );
    const column = utf8Column(texts);
    const plain = { parseSpecial: false, eos: null, bos: null };
    const [a, b] = [await native.bpeEncode(own.handle, column, plain), await native.bpeEncode(model.tokenizer.handle, column, plain)];
    const rowOf = ({ tokens }: typeof a, row: number): string => tokens.values.subarray(tokens.offsets[row]!, tokens.offsets[row + 1]!).join(' ');
    const other = texts.filter((_, row) => rowOf(a, row) !== rowOf(b, row)).length;
    if (other > 0) say(`the model's tokenizer (${model.name}) makes other ids of ${other} of ${texts.length} sampled documents than the run's`, again);
  }
  if (scan.contract !== null && scan.contract.vocab_size > theirs.vocab_size)
    say(`the run's vocabulary has ${scan.contract.vocab_size} ids, the model's ${theirs.vocab_size}`, again);
  if (ours.eos_id !== null && theirs.eos_id !== null && ours.eos_id !== theirs.eos_id)
    say(`documents end with id ${ours.eos_id}, the model's EOS is ${theirs.eos_id}`, 'Name its EOS: tokenize: { eos: "..." }');
  return findings;
}
