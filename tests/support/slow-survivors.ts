// The slow reference of kernels/hash/survivors.cpp: every pair by Jaccard over Sets, as the header describes the verdicts.
import { native } from '../../native/index.js';
import type { Verify } from '../../native/survivors.js';

export interface SlowDocument {
  readonly row: bigint;
  readonly host: bigint;
  readonly shingles: readonly bigint[];
}

export interface SlowVerdict {
  readonly row: bigint;
  readonly kept: bigint;
  readonly cluster: bigint;
  readonly size: number;
  readonly similarity: number;
  readonly dropped: boolean;
}

export function jaccard(a: readonly bigint[], b: readonly bigint[]): number {
  const held = new Set(a);
  const both = b.reduce((sum, shingle) => sum + (held.has(shingle) ? 1 : 0), 0);
  return both / (a.length + b.length - both);
}

/** Verdicts of one cluster, whose documents come in keep order; ascending by row. */
export function slowSurvivors(documents: readonly SlowDocument[], verify: Verify, minJaccard: number): SlowVerdict[] {
  const outside = (one: SlowDocument) => one.row >> 63n === 1n;
  const groups: { kept: SlowDocument; members: { one: SlowDocument; similarity: number }[] }[] = [];
  if (verify === 'survivor') {
    for (const one of documents) {
      const group = outside(one) ? undefined : groups.find(({ kept }) => jaccard(kept.shingles, one.shingles) >= minJaccard);
      if (group === undefined) groups.push({ kept: one, members: [] });
      else group.members.push({ one, similarity: 1 + Math.floor(jaccard(group.kept.shingles, one.shingles) * 65534) });
    }
  } else {
    const component = documents.map((_, i) => i);
    for (let i = 0; i < documents.length; i++) {
      for (let j = 0; j < i; j++) {
        if (verify === 'pair' && jaccard(documents[i]!.shingles, documents[j]!.shingles) < minJaccard) continue;
        const [from, to] = [component[i]!, component[j]!];
        for (let at = 0; at < component.length; at++) if (component[at] === Math.max(from, to)) component[at] = Math.min(from, to);
      }
    }
    component.forEach((first, i) => {
      if (first === i) groups.push({ kept: documents[i]!, members: [] });
      else groups.find(({ kept }) => kept === documents[first]!)!.members.push({ one: documents[i]!, similarity: 0 });
    });
  }
  const verdicts: SlowVerdict[] = [];
  for (const { kept, members } of groups) {
    const shared = { kept: kept.row, cluster: native.xxh3(new Uint8Array(BigUint64Array.from(kept.shingles).buffer)), size: 1 + members.length };
    const dropped = members.filter(({ one }) => !outside(one));
    if (dropped.length > 0 && !outside(kept)) verdicts.push({ row: kept.row, ...shared, similarity: 0, dropped: false });
    for (const { one, similarity } of dropped) verdicts.push({ row: one.row, ...shared, similarity, dropped: true });
  }
  return verdicts.sort((a, b) => (a.row < b.row ? -1 : 1));
}
