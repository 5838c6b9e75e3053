// Which columns of its documents a segment hands on: all where text/ keeps documents or samples may show them, else those that a
// later step reads or an output names. Ten million documents need not be stored whole to find their duplicates.
import { readsOf, type StageEnv } from '../stages/contract/stage.js';
import type { Segment } from './segments.js';
import type { Sink, Step } from './types.js';

/** `lang`: perplexity looks at it where it is there. */
const ALWAYS = ['id', 'url', 'host', 'date', 'warc_path', 'warc_offset', 'lang'];

/** null: all of them. */
export function scratchColumns(segments: readonly Segment[], index: number, sink: Sink, env: StageEnv): ((name: string) => boolean) | null {
  if (sink.text.keep || sink.samplesPerReason > 0 || segments[index]!.ranked !== null) return null;
  const later: readonly Step[] = segments.slice(index + 1).flatMap(({ stages, barriers }) => [...stages, ...barriers]);
  const edited = segments[index]!.barriers.filter(({ stage }) => stage.apply !== undefined);
  const ranked = segments.slice(index + 1).flatMap((segment) => segment.ranked?.requests ?? []);
  const wanted = new Set([
    ...ALWAYS,
    ...(sink.holdout === undefined ? [] : [sink.holdout.by]),
    ...[...edited, ...later].flatMap((step) => readsOf(step.stage, step.options, env)),
    ...ranked.flatMap(({ column, by }) => [column, ...(by === undefined ? [] : [by])]),
  ]);
  return (name) => wanted.has(name) || name.startsWith('_');
}
