// Clusters of duplicates after a run: who stands for whom, how alike they are, and which clusters are large enough to look at.
// Reads features/ alone (a row for every document: kept_id, similarity), in passes: memory holds the asked cluster, or the counts of a
// bounded number of clusters, whatever the run's size.
import { join } from 'node:path';
import type { Batch } from '../native/batch.js';
import { cell, findDocuments, inIndex, matching, need, wordAt } from './inspect.js';
import type { RunState } from './run-folder.js';
import { ArrowFile, readArrow } from './store.js';

export interface Member {
  readonly id: string;
  readonly url: string | null;
  /** null for the survivor. */
  readonly droppedBy: string | null;
  readonly keptId: string | null;
  /** Jaccard similarity of its shingles to those of the document `keptId`, where the step measured it. */
  readonly similarity: number | null;
}

/** The survivor that stands for `id` (or `id` itself), first, and every document it stands for, over all dedupe steps. `id` may be a value of column `cluster`. */
export async function clusterOf(run: RunState, id: string): Promise<Member[]> {
  let root = (await survivorOfCluster(run, id)) ?? id;
  for (const seen = new Set<string>(); !seen.has(root); ) {
    seen.add(root);
    const link = await linkOf(run, root);
    if (link === null || link.keptId === root) break;
    root = link.keptId!;
  }
  const [survivor] = inIndex(root) === null ? await findDocuments(run, root) : [];
  const droppedBy = survivor === undefined || survivor.reason === null ? null : `${survivor.step}/${survivor.reason}`;
  const all: Member[] = [{ id: root, url: survivor?.url ?? null, droppedBy, keptId: null, similarity: null }];
  const known = new Set([root]);
  for (let level = new Set([root]); level.size > 0; ) {
    const next = new Set<string>();
    for await (const member of links(run)) {
      if (!level.has(member.keptId!)) continue;
      all.push(member);
      if (!known.has(member.id)) next.add(member.id);
      known.add(member.id);
    }
    level = next;
  }
  return all;
}

export interface LargeCluster {
  readonly keptId: string;
  /** Documents that were dropped for it, at the least: those of one step. */
  readonly dropped: number;
  /** The host that most of the dropped come from, of those first seen, and how many do. */
  readonly host: string | null;
  readonly ofHost: number;
}

/** Kept documents counted at once; beyond it counts become lower bounds in the first pass (Misra & Gries 1982) and are counted anew in the second. */
const MAX_COUNTED = 1 << 20;
const MAX_HOSTS = 4096;

/** The documents for which most others were dropped, most first. */
export async function largestClusters(run: RunState, most: number): Promise<LargeCluster[]> {
  const counts = new Map<string, number>();
  for await (const { keptId } of links(run)) {
    counts.set(keptId!, (counts.get(keptId!) ?? 0) + 1);
    if (counts.size <= MAX_COUNTED) continue;
    for (const [kept, count] of counts) {
      if (count === 1) counts.delete(kept);
      else counts.set(kept, count - 1);
    }
  }
  const byCount = (a: readonly [string, number], b: readonly [string, number]) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1);
  const wanted = new Map(
    [...counts]
      .sort(byCount)
      .slice(0, 4 * most)
      .map(([kept]) => [kept, { dropped: 0, hosts: new Map<string, number>() }]),
  );
  for await (const { keptId, url } of links(run)) {
    const cluster = wanted.get(keptId!);
    if (cluster === undefined) continue;
    cluster.dropped++;
    const host = url === null ? null : (URL.parse(url)?.hostname ?? null);
    if (host !== null && (cluster.hosts.has(host) || cluster.hosts.size < MAX_HOSTS)) cluster.hosts.set(host, (cluster.hosts.get(host) ?? 0) + 1);
  }
  return [...wanted]
    .map(([keptId, { dropped, hosts }]) => {
      const [first] = [...hosts].sort(byCount);
      return { keptId, dropped, host: first?.[0] ?? null, ofHost: first?.[1] ?? 0 };
    })
    .sort((a, b) => byCount([a.keptId, a.dropped], [b.keptId, b.dropped]))
    .slice(0, most);
}

const LINK_COLUMNS = ['id', 'url', 'step', 'reason', 'kept_id', 'similarity'];

/** Every document that stands for nothing because another does, in the run's order. */
async function* links(run: RunState): AsyncGenerator<Member> {
  for (const shard of need(run, 'features')) {
    const file = await ArrowFile.open(shard);
    try {
      for await (const batch of file.batches(LINK_COLUMNS)) {
        for (let row = 0; row < batch.rows; row++) {
          const member = memberAt(batch, row);
          if (member !== null) yield member;
        }
      }
    } finally {
      await file.close();
    }
  }
}

function memberAt(batch: Batch, row: number): Member | null {
  const keptId = wordAt(batch, 'kept_id', row);
  if (keptId === null) return null;
  const similarity = cell(batch, 'similarity', row);
  return {
    id: wordAt(batch, 'id', row) ?? '',
    url: wordAt(batch, 'url', row),
    droppedBy: `${wordAt(batch, 'step', row)}/${wordAt(batch, 'reason', row)}`,
    keptId,
    similarity: typeof similarity === 'number' ? similarity : null,
  };
}

/** The document that stands for `id`, as `id`'s own row tells; null where it was not dropped for another. */
async function linkOf(run: RunState, id: string): Promise<Member | null> {
  for (const shard of need(run, 'features')) {
    for await (const { file, index, rows } of matching(shard, 'id', id)) {
      const batch = await file.readBatch(index);
      for (const row of rows) {
        const member = memberAt(batch, row);
        if (member !== null) return member;
      }
    }
  }
  return null;
}

/** The kept document whose column `cluster` holds this number. */
async function survivorOfCluster(run: RunState, cluster: string): Promise<string | null> {
  if (!/^[0-9]{1,20}$/.test(cluster)) return null;
  const wanted = BigInt(cluster);
  for (const shard of run.text) {
    for await (const batch of readArrow(join(run.folder, shard.path), ['id', 'cluster'])) {
      const column = batch.columns.cluster;
      if (column?.kind !== 'fixed') break;
      const row = (column.values as BigUint64Array).indexOf(wanted);
      if (row !== -1) return wordAt(batch, 'id', row);
    }
  }
  return null;
}
