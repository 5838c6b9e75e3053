// One training of pool.ts in a thread of its own.
import { parentPort, workerData } from 'node:worker_threads';
import { boost, rowsOf } from './gbdt.js';
import type { TrainTask } from './pool.js';

const { matrix, labels, weights, folds, without, rules } = workerData as TrainTask;
const rows: number[] = [];
for (let row = 0; row < matrix.rows; row++) if (weights[row]! > 0 && !without.includes(folds[row]!)) rows.push(row);
parentPort!.postMessage(
  boost(
    rowsOf(matrix, rows),
    Uint8Array.from(rows, (row) => labels[row]!),
    Float64Array.from(rows, (row) => weights[row]!),
    rules,
  ),
);
