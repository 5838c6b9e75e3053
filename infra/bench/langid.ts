// Language identification with lid.176.ftz, and npm fasttext.wasm.js with the same model in the same run.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { native, utf8Column } from '../../native/index.js';
import { loadLanguageModel, shippedModelPath } from '../../stages/langid/language-model.js';
import type { Figure } from './main.js';
import { measure } from './measure.js';
import { benchTexts } from './texts.js';

const BYTES = 2000;

export async function figures(): Promise<readonly Figure[]> {
  const { model } = loadLanguageModel(shippedModelPath());
  const texts = benchTexts(4000, BYTES, 2);
  const text = utf8Column(texts);
  const ours = await measure(5, () => native.fasttextPredict(model, text, 1));
  const { getLIDModel } = createRequire(import.meta.url)('fasttext.wasm.js') as {
    getLIDModel(options: object): Promise<{ load(): Promise<{ predict(text: string, k: number, threshold: number): unknown }> }>;
  };
  const peer = await (await getLIDModel({ modelPath: pathToFileURL(shippedModelPath()).href })).load();
  const few = texts.slice(0, 300);
  const theirs = await measure(3, () => {
    for (const one of few) peer.predict(one, 1, 0);
  });
  const note = `texts of ${BYTES / 1000} KB, made-up words: the worst case, no word is in the dictionary`;
  return [
    { bench: 'langid', what: 'language label (lid.176.ftz)', unit: 'documents/s', value: texts.length / ours.cpuSeconds, spread: ours.spread, note },
    {
      bench: 'langid',
      what: 'npm fasttext.wasm.js',
      unit: 'documents/s',
      value: few.length / theirs.cpuSeconds,
      spread: theirs.spread,
      note: 'the peer, in the same run',
    },
  ];
}
