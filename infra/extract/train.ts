// Trains the model that ships, on all pages, and writes it as kernels/html/block_model.inc: node dist/infra/extract/train.js
import { writeFileSync } from 'node:fs';
import { packagePath } from '../../native/index.js';
import { buildTraining } from './dataset.js';
import { modelInc } from './model-file.js';
import { labelRules } from './settings.js';
import { trainWhole } from './training.js';

const { dataset } = buildTraining(labelRules);
const words = await trainWhole(dataset);
const file = packagePath('kernels', 'html', 'block_model.inc');
writeFileSync(file, modelInc(words, `${dataset.pages.length} pages, ${dataset.matrix.features} features.`));
console.error(`${file}: ${words.length} words. Build the addon anew: node infra/build/native.mjs`);
