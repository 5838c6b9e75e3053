// Trains a model for each fold on the others and scores every page by the one that did not see it.
//   node dist/infra/extract/cross-validate.js [--note "what changed"] [--threads N] [--worst N] [--json]
// The texts stay in build/extract/cross-validated.jsonl, for the bench and for people.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { packagePath } from '../../native/index.js';
import { buildTraining } from './dataset.js';
import { FOLDS } from './folds.js';
import { appendToLeaderboard, commitName, leaderboardLine } from './leaderboard.js';
import { extractTexts } from './model-texts.js';
import { loadPages } from './pages.js';
import { peerTexts, peerVersions } from './peer-texts.js';
import { readingScores } from './reading-scores.js';
import { checkByTool, FIGURES, measureTexts, report } from './report.js';
import { labelRules } from './settings.js';
import { trainFolds } from './training.js';

const { values: args } = parseArgs({
  options: {
    note: { type: 'string' },
    threads: { type: 'string', default: '1' },
    worst: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});
const started = process.cpuUsage();
const cpu = () => {
  const used = process.cpuUsage(started);
  return `${Math.round((used.user + used.system) / 1e6)} CPU s`;
};

const pages = loadPages();
const { dataset, readings } = buildTraining(labelRules); // `pages` first
const labelled = dataset.weights.reduce((sum, weight) => sum + Number(weight > 0), 0);
console.error(
  `${dataset.pages.length} pages (${pages.length} with gold, ${readings.size} read), ${dataset.matrix.rows} blocks, ${labelled} labelled, ${dataset.matrix.features} features (${cpu()})`,
);
const { models, loss } = await trainFolds(dataset, FOLDS, Number(args.threads));
console.error(`${FOLDS} models, log loss ${loss.toFixed(4)} (${cpu()})`);
const texts = await extractTexts(
  pages,
  pages.map((_, i) => models[dataset.pages[i]!.fold]!),
);
const measured = measureTexts(pages, texts);
checkByTool(pages, texts, measured);

const versions = peerVersions();
const resiliparse = versions?.resiliparse ?? null;
const beside = resiliparse === null ? undefined : measureTexts(pages, peerTexts('resiliparse', resiliparse, pages));
const rows = report(pages, measured, beside);
const file = packagePath('build', 'extract', 'cross-validated.jsonl');
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, pages.map((page, i) => `${JSON.stringify({ corpus: page.corpus, id: page.id, sha1: page.sha1, text: texts[i] })}\n`).join(''));

if (args.json) console.log(JSON.stringify({ commit: commitName(), loss, rows }, null, 1));
else
  for (const { row, figure, lengthRatio, scores } of rows) {
    const part = scores.text ?? scores.snippets;
    const detail = part === undefined ? '' : `  precision ${part.precision.toFixed(4)}  recall ${part.recall.toFixed(4)}`;
    console.log(`${row.padEnd(16)} ${FIGURES[row].padEnd(18)} ${figure.toFixed(4)}  length ${lengthRatio?.toFixed(2) ?? '?'}${detail}`);
  }
for (const line of readingScores(dataset, models, readings)) console.log(line);
const worst = Number(args.worst);
if (worst > 0) {
  const value = (i: number) => {
    const { text, prefix, snippets } = measured.scores[i]!;
    if (snippets) return (snippets.tp + snippets.tn) / (snippets.tp + snippets.tn + snippets.fp + snippets.fn);
    return text?.f1 ?? prefix?.recall ?? 1;
  };
  const order = [...pages.keys()].sort((a, b) => value(a) - value(b)).slice(0, worst);
  for (const i of order) console.log(`${value(i).toFixed(3)} ${pages[i]!.corpus}/${pages[i]!.id}`);
}
if (args.note !== undefined) appendToLeaderboard(leaderboardLine(new Date().toISOString().slice(0, 10), commitName(), args.note, rows, loss));
