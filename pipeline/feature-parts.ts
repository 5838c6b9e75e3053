// A map task's rows of features, gathered batch by batch, made one table: the same columns in every part, rows ascending.
import { type Batch, column, takeRows } from '../native/batch.js';
import { nullsLike } from './outcomes.js';
import { concatBatches } from './rebatch.js';

const FEATURE_BATCH_ROWS = 1024;

/** Feature parts ascend by row; those of shadow rows came apart. */
export function inRowOrder(parts: readonly Batch[], mixed: boolean): readonly Batch[] {
  if (!mixed) return parts;
  const whole = concatBatches(parts);
  const rowIds = column(whole, '_row', 'fixed').values as Uint32Array;
  const order = Uint32Array.from({ length: whole.rows }, (_, row) => row).sort((a, b) => rowIds[a]! - rowIds[b]!);
  return Array.from({ length: Math.ceil(whole.rows / FEATURE_BATCH_ROWS) }, (_, i) =>
    takeRows(whole, order.subarray(i * FEATURE_BATCH_ROWS, (i + 1) * FEATURE_BATCH_ROWS)),
  );
}

/** The union of the parts' columns in every part, in the order in which the fullest one has them. */
export function alignFeatures(parts: readonly Batch[]): Batch[] {
  const fullest = parts.reduce((a, b) => (Object.keys(b.columns).length > Object.keys(a.columns).length ? b : a), parts[0]!);
  return parts.map((part) => {
    if (Object.keys(part.columns).length === Object.keys(fullest.columns).length) return part;
    const columns = Object.entries(fullest.columns).map(([name, model]) => [name, part.columns[name] ?? nullsLike(model, part.rows)] as const);
    return { rows: part.rows, columns: Object.fromEntries(columns) };
  });
}
