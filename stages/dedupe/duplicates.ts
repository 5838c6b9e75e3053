// What the dedupe barriers share: edges of a group of equal keys, and clusters with one kept document each.
// Invariant: verdicts depend on the set of edges alone. Clusters are connected components; of two documents that a keep
// policy ranks equal, the one with the smaller global row stays, which is the smaller (path, offset).
import { native } from '../../native/index.js';
import type { Edges, KeyGroup, Verdicts } from '../contract/keyed.js';

/** Compares two documents of a cluster by their payload: true where the one at byte `a` should rather stay than the one at `b`. */
export type Rather = (payload: DataView, a: number, b: number) => boolean;

/** The first document stays. */
export const ratherFirst: Rather = () => false;

/** A star: the group's first document with each of the others. */
export function starEdges(group: KeyGroup, payloadBytes: number): Edges {
  const edges = group.rows.length - 1;
  return {
    left: new BigUint64Array(edges).fill(group.rows[0]!),
    right: group.rows.slice(1),
    leftPayload: repeat(group.payload.subarray(0, payloadBytes), edges),
    rightPayload: group.payload.slice(payloadBytes),
  };
}

function repeat(bytes: Uint8Array, times: number): Uint8Array {
  const out = new Uint8Array(bytes.length * times);
  for (let i = 0; i < times; i++) out.set(bytes, i * bytes.length);
  return out;
}

/** Edges to verdicts: in every cluster one document stays, the others get drop code 1. */
export async function resolveClusters(edges: AsyncIterable<Edges>, payloadBytes: number, rather: Rather): Promise<Verdicts> {
  const all = await collectForest(edges, payloadBytes);
  const { rows, first, clusters } = await native.clusterEdges(all.left, all.right);
  const count = rows.length;
  const payload = new DataView(all.payload.buffer);
  const best = new Uint32Array(count); // at a cluster's root: the document that stays
  const size = new Uint32Array(count); // at a cluster's root
  for (let i = 0; i < count; i++) {
    const root = clusters[i]!;
    if (size[root]!++ === 0 || rather(payload, first[i]! * payloadBytes, first[best[root]!]! * payloadBytes)) best[root] = i;
  }
  const drops = new Uint16Array(count);
  const kept = new BigUint64Array(count);
  const clusterSize = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const root = clusters[i]!;
    drops[i] = best[root] === i ? 0 : 1;
    kept[i] = rows[best[root]!]!;
    clusterSize[i] = size[root]!;
  }
  return { rows, drops, kept, clusterSize };
}

/** Edges in a row. Payloads: every left end's, then every right end's, as clusterEdges numbers the ends. */
interface EdgeList {
  readonly left: BigUint64Array;
  readonly right: BigUint64Array;
  readonly payload: Uint8Array;
}

/** Edges held before they are reduced to a forest; then twice the forest, so that the work stays linear. */
const FOREST_AFTER_EDGES = 1 << 20;

/**
 * Edges with the same components as all that come. MinHash names a pair of duplicates up to once a band; reducing what is
 * held to one edge a document bounds memory by the documents that have a duplicate, not by the edges.
 */
export async function collectForest(edges: AsyncIterable<Edges>, payloadBytes: number, after = FOREST_AFTER_EDGES): Promise<EdgeList> {
  let held: Edges[] = [];
  let count = 0;
  let limit = after;
  for await (const part of edges) {
    held.push(part);
    count += part.left.length;
    if (count < limit) continue;
    const forest = await spanningForest(concatenate(held, count, payloadBytes), payloadBytes);
    held = [forest];
    count = forest.left.length;
    limit = Math.max(after, 2 * count);
  }
  return concatenate(held, count, payloadBytes);
}

function concatenate(parts: readonly Edges[], count: number, payloadBytes: number): EdgeList {
  const left = new BigUint64Array(count);
  const right = new BigUint64Array(count);
  const payload = new Uint8Array(2 * count * payloadBytes);
  let at = 0;
  for (const part of parts) {
    left.set(part.left, at);
    right.set(part.right, at);
    payload.set(part.leftPayload, at * payloadBytes);
    payload.set(part.rightPayload, (count + at) * payloadBytes);
    at += part.left.length;
  }
  return { left, right, payload };
}

/** Each document but the first of its component, tied to that first one. */
async function spanningForest(all: EdgeList, payloadBytes: number): Promise<Edges> {
  const { rows, first, clusters } = await native.clusterEdges(all.left, all.right);
  const count = clusters.reduce((sum, root, i) => sum + (root === i ? 0 : 1), 0);
  const left = new BigUint64Array(count);
  const right = new BigUint64Array(count);
  const leftPayload = new Uint8Array(count * payloadBytes);
  const rightPayload = new Uint8Array(count * payloadBytes);
  const payloadOf = (i: number) => all.payload.subarray(first[i]! * payloadBytes, (first[i]! + 1) * payloadBytes);
  let at = 0;
  clusters.forEach((root, i) => {
    if (root === i) return;
    left[at] = rows[root]!;
    right[at] = rows[i]!;
    leftPayload.set(payloadOf(root), at * payloadBytes);
    rightPayload.set(payloadOf(i), at * payloadBytes);
    at++;
  });
  return { left, right, leftPayload, rightPayload };
}
