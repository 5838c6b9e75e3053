// Trains the model that ships, on all pages, and writes it as kernels/html/block_model.inc: node dist/infra/extract/train.js
import { writeFileSync } from 'node:fs';
import { packagePath } from '../../native/index.js';
import { buildDataset, trainingPages } from './dataset.js';
import { readFolds } from './folds.js';
import { modelInc } from './model-file.js';
import { readPageLabels } from './reading.js';
import { labelRules } from './settings.js';
import { trainWhole } from './training.js';

const readings = readPageLabels();
const dataset = buildDataset(trainingPages(readings), labelRules, readFolds(), readings);
const words = await trainWhole(dataset);
const file = packagePath('kernels', 'html', 'block_model.inc');
writeFileSync(file, modelInc(words, `${dataset.pages.length} pages, ${dataset.matrix.features} features.`));
console.error(`${file}: ${words.length} words. Build the addon anew: node infra/build/native.mjs`);
