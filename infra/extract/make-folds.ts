// Writes folds.tsv: `node dist/infra/extract/make-folds.js`. Needed when pages are added, and only then.
import { writeFileSync } from 'node:fs';
import { assignFolds, FOLDS, foldsFile } from './folds.js';
import { groupPages } from './groups.js';
import { crawlPages, loadPages } from './pages.js';

const pages = [...loadPages(), ...crawlPages()]; // all of the crawl: which of its pages are read changes with time, folds should not
const groups = await groupPages(pages);
const corpora = pages.map((page) => page.corpus);
const folds = assignFolds(groups, corpora);
const lines = [...new Set(pages.map((page, i) => `${page.sha1}\t${groups[i]}\t${folds[i]}`))].sort();
writeFileSync(foldsFile, `# sha1 of the page, its group, its fold: infra/extract/folds.ts\n${lines.join('\n')}\n`);
const sizes = Array.from({ length: FOLDS }, (_, k) => folds.filter((fold) => fold === k).length);
console.error(`${pages.length} pages, ${new Set(groups).size} groups, folds of ${sizes.join(', ')}`);
