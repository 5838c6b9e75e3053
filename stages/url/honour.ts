// What pages ask of robots, as drops: directives of the column `robots` (X-Robots-Tag, <meta name=robots>, TDM reservation; the step
// `extract` writes it). Sources: Google's list of rules, noai of DeviantArt (2022), the W3C's TDM Reservation Protocol.
// A directive for one robot (`googlebot:noindex`) counts where that robot is among `agents`; `none` is noindex and nofollow.
import { z } from 'zod';
import type { Batch, Column } from '../../native/index.js';

export const DIRECTIVES = ['noai', 'noimageai', 'noindex', 'nofollow', 'noarchive', 'nocache', 'nosnippet', 'tdm-reservation'] as const;
export type Directive = (typeof DIRECTIVES)[number];

export const honourOptions = {
  honour: z
    .array(z.enum(DIRECTIVES))
    .default([])
    .describe(
      'Opt-outs to honour: pages that ask so in X-Robots-Tag, <meta name=robots> or by a TDM reservation (header or meta) are dropped as `url/noai`, `url/noindex` and so on. A directive for one robot counts where `agents` names it. Reads the column `robots`, so the step stands after extract (`- url: { as: opt-outs, honour: [noai, noindex] }`).',
    ),
};

/** Which of `honour` each row is dropped by: an index plus one, in the order of the option; 0 where no directive is. */
export function honoured(batch: Batch, honour: readonly Directive[], agents: readonly string[]): Uint16Array {
  const drops = new Uint16Array(batch.rows);
  const column: Column | undefined = batch.columns.robots;
  if (column?.kind !== 'list-utf8') return drops;
  const codes = codesOf(honour, agents);
  const { values, offsets } = column;
  for (let row = 0; row < batch.rows; row++) {
    for (let entry = offsets[row]!; entry < offsets[row + 1]!; entry++) {
      const code = codes.get(Buffer.from(values.data.subarray(values.offsets[entry]!, values.offsets[entry + 1]!)).toString('utf8'));
      if (code !== undefined && (drops[row] === 0 || code < drops[row]!)) drops[row] = code;
    }
  }
  return drops;
}

/** Every spelling in `robots` that means a directive to us. `extract` writes names in lower case. */
function codesOf(honour: readonly Directive[], agents: readonly string[]): ReadonlyMap<string, number> {
  const codes = new Map<string, number>();
  const say = (word: string, code: number): void => {
    for (const spelt of [word, ...agents.filter((agent) => agent !== '*').map((agent) => `${agent.toLowerCase()}:${word}`)])
      if (!codes.has(spelt)) codes.set(spelt, code);
  };
  for (const [index, directive] of honour.entries()) {
    say(directive, index + 1);
    if (directive === 'noindex' || directive === 'nofollow') say('none', index + 1);
  }
  return codes;
}
