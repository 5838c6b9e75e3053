// Layers as roles: linear layers, norms, and q, k, v out of one fused tensor (Falcon, GPT-NeoX).
import type { NamedRole } from './plan.js';

export function* linear(role: string, tensor: string, out: number, into: number, bias: boolean): Iterable<NamedRole> {
  yield { role: `${role}.weight`, tensor: `${tensor}.weight`, shape: [out, into] };
  if (bias) yield { role: `${role}.bias`, tensor: `${tensor}.bias`, shape: [out] };
}

export function* normOf(role: string, tensor: string, length: number, bias = true): Iterable<NamedRole> {
  yield { role: `${role}.weight`, tensor: `${tensor}.weight`, shape: [length] };
  if (bias) yield { role: `${role}.bias`, tensor: `${tensor}.bias`, shape: [length] };
}

export interface Fused {
  readonly C: number;
  readonly H: number;
  readonly G: number;
  readonly D: number;
  readonly bias: boolean;
}

/** q, k and v out of one query_key_value tensor: for each key head its query heads, its key, its value; multi-head is H such groups. */
export function* fused(at: string, tensor: string, { C, H, G, D, bias }: Fused): Iterable<NamedRole> {
  const queries = H / G;
  const group = (queries + 2) * D;
  const pick = (start: number, count: number): number[] => Array.from({ length: G }, (_, g) => [g * group + start, count]).flat();
  const parts = [
    { name: 'q', rows: pick(0, queries * D), out: H * D },
    { name: 'k', rows: pick(queries * D, D), out: G * D },
    { name: 'v', rows: pick((queries + 1) * D, D), out: G * D },
  ];
  for (const { name, rows, out } of parts) {
    yield { role: `${at}.${name}.weight`, tensor: `${tensor}.weight`, shape: [out, C], rows, of: group * G };
    if (bias) yield { role: `${at}.${name}.bias`, tensor: `${tensor}.bias`, shape: [out], rows, of: group * G };
  }
}
