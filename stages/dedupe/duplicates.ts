// What the dedupe barriers share: edges of a group of equal keys, and clusters with one kept document each.
// Invariant: verdicts depend on the set of edges alone. Clusters are connected components; of two documents that a keep
// policy ranks equal, the one with the smaller global row stays, which is the smaller (path, offset).
import { native } from '../../native/index.js';
import type { Edges, KeyGroup, Verdicts } from '../contract/stage.js';

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
  const all = await collect(edges, payloadBytes);
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

/** All edges in a row; payloads: every left end's, then every right end's, as clusterEdges numbers the ends. */
async function collect(edges: AsyncIterable<Edges>, payloadBytes: number): Promise<{ left: BigUint64Array; right: BigUint64Array; payload: Uint8Array }> {
  const parts: Edges[] = [];
  let count = 0;
  for await (const part of edges) {
    parts.push(part);
    count += part.left.length;
  }
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
