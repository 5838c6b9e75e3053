// The languages of texts by the model that `langid` ships, for data of classifiers: 'un' where it knows no word.
import { bytesColumn, native } from '../../native/index.js';
import { loadLanguageModel, shippedModelPath } from '../../stages/langid/language-model.js';

export async function detectLanguages(texts: readonly string[]): Promise<string[]> {
  const { model } = loadLanguageModel(shippedModelPath());
  const column = bytesColumn(
    'utf8',
    texts.map((text) => Buffer.from(text.replace(/\s+/g, ' '))),
  );
  const { labels } = await native.fasttextPredict(model, column, 1);
  return Array.from(labels, (label) => (label < 0 ? 'un' : model.labels[label]!));
}
