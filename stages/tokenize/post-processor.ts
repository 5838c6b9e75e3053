// The post_processor of a tokenizer.json as the ids that a model's input has before and behind one text: `[CLS] A [SEP]`.
// Documents in token shards never get them (DESIGN section 6); encoders do. Source: HuggingFace tokenizers 0.22, processors/*.rs.
import { isObject, type Json, type JsonObject } from './token-file.js';

export interface Template {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** Null where the processor adds nothing that is known: the text stands alone. */
export function readTemplate(root: Json | undefined): Template | null {
  if (!isObject(root)) return null;
  switch (root.type) {
    case 'BertProcessing':
    case 'RobertaProcessing': {
      const cls = pairId(root.cls);
      const sep = pairId(root.sep);
      return cls === null || sep === null ? null : { before: [cls], after: [sep] };
    }
    case 'TemplateProcessing':
      return ofParts(root);
    case 'Sequence': {
      const parts = Array.isArray(root.processors) ? (root.processors as readonly Json[]) : [];
      return parts.map(readTemplate).find((template) => template !== null) ?? null;
    }
    default:
      return null;
  }
}

const isId = (id: Json | undefined): id is number => typeof id === 'number' && Number.isInteger(id) && id >= 0;
const pairId = (pair: Json | undefined): number | null => (Array.isArray(pair) && isId(pair[1] as Json) ? (pair[1] as number) : null);

function ofParts(root: JsonObject): Template | null {
  if (!Array.isArray(root.single)) return null;
  const tokens = isObject(root.special_tokens) ? root.special_tokens : {};
  const before: number[] = [];
  const after: number[] = [];
  let seen = 0;
  for (const part of root.single as readonly Json[]) {
    if (!isObject(part)) return null;
    if (isObject(part.Sequence)) {
      seen++;
      continue;
    }
    const name = isObject(part.SpecialToken) ? part.SpecialToken.id : undefined;
    const token = typeof name === 'string' ? tokens[name] : undefined;
    const ids = isObject(token) ? token.ids : undefined;
    if (!Array.isArray(ids) || !(ids as readonly Json[]).every(isId)) return null;
    (seen === 0 ? before : after).push(...(ids as readonly number[]));
  }
  return seen === 1 ? { before, after } : null;
}
