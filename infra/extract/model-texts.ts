// Main texts of pages by models under test, as the stage would give them: balanced mode, plain text.
import { bytesColumn, native, stringAt } from '../../native/index.js';
import { modelBytes } from './model-file.js';
import { type Page, pageOptions, readPage } from './pages.js';

/** Pages a call; a call holds their bytes in memory. */
const BATCH = 64;

/** The text of each page by its own model, or by the one that ships where `models` is null. */
export async function extractTexts(pages: readonly Page[], models: readonly Uint32Array[] | null): Promise<string[]> {
  const texts = new Array<string>(pages.length);
  const sets = new Map<Uint32Array | null, number[]>();
  pages.forEach((_, i) => {
    const model = models === null ? null : models[i]!;
    const set = sets.get(model);
    if (set === undefined) sets.set(model, [i]);
    else set.push(i);
  });
  for (const [model, rows] of sets) {
    const options = model === null ? pageOptions : { ...pageOptions, model: modelBytes(model) };
    for (let from = 0; from < rows.length; from += BATCH) {
      const part = rows.slice(from, from + BATCH);
      const none = bytesColumn(
        'utf8',
        part.map(() => null),
      );
      const html = bytesColumn(
        'binary',
        part.map((i) => readPage(pages[i]!)),
      );
      const found = await native.extractPages({ url: none, html, text: none, contentType: none, xRobotsTag: none }, options);
      part.forEach((i, row) => {
        texts[i] = stringAt(found.text, row) ?? '';
      });
    }
  }
  return texts;
}
