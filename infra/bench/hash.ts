// Content hashes.
import { native, utf8Column } from '../../native/index.js';
import type { Figure } from './main.js';
import { measure } from './measure.js';
import { benchTexts } from './texts.js';

const DOCUMENTS = 2000;
const BYTES = 5000;
const REPEATS = 5;

export async function figures(): Promise<readonly Figure[]> {
  const out: Figure[] = [];
  const add = async (what: string, unit: string, count: number, note: string, work: () => Promise<unknown> | unknown) => {
    const { cpuSeconds, spread } = await measure(REPEATS, work);
    out.push({ bench: 'hash', what, unit, value: count / cpuSeconds, spread, note });
  };
  const text = utf8Column(benchTexts(DOCUMENTS, BYTES, 1));
  const on = `${DOCUMENTS} texts of ${BYTES / 1000} KB`;
  await add('content hash of the normalised text', 'documents/s', DOCUMENTS, on, () => native.contentHash(text, 'default'));
  await add('content hash of the bytes (MurmurHash3 x64 128)', 'MB/s', text.data.length / 1e6, on, () => native.contentHash(text, 'none'));

  return out;
}
