// Readers of html5lib-tests' formats: tree construction (.dat) and tokenizer (.test).
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TreeCase {
  /** `file:number`, counted from 1. */
  readonly name: string;
  readonly data: string;
  readonly document: string;
  readonly fragment: string | null;
  /** null: expected either way. */
  readonly scripting: boolean | null;
}

export function treeCases(folder: string): TreeCase[] {
  const cases: TreeCase[] = [];
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.dat')) continue;
    const text = readFileSync(join(folder, file), 'utf8');
    let number = 0;
    for (const part of `\n${text}`.split('\n#data\n').slice(1)) {
      number++;
      const section = (key: string): string | null => {
        const found = new RegExp(`(?:^|\n)#${key}\n([\\s\\S]*?)(?=\n#(?:errors|new-errors|document|document-fragment|script-on|script-off)(?:\n|$)|$)`).exec(
          part,
        );
        return found?.[1] ?? null;
      };
      const data = /^([\s\S]*?)\n?#errors(?:\n|$)/.exec(part)?.[1] ?? '';
      const at = part.indexOf('\n#document\n');
      const document = at < 0 ? '' : part.slice(at + 11).replace(/\n+$/, '');
      const fragment = section('document-fragment');
      cases.push({
        name: `${file}:${number}`,
        data,
        document,
        fragment: fragment === null ? null : fragment.trim(),
        scripting: part.includes('\n#script-on\n') ? true : part.includes('\n#script-off\n') ? false : null,
      });
    }
  }
  return cases;
}

export interface TokenCase {
  /** `file:number/state`, counted from 1. */
  readonly name: string;
  readonly input: string;
  readonly output: unknown[];
  readonly state: string;
  readonly lastStartTag: string;
}

export function tokenCases(folder: string): TokenCase[] {
  const cases: TokenCase[] = [];
  const unescaped = (text: string) => text.replace(/\\u([0-9a-fA-F]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const deep = (value: unknown): unknown =>
    typeof value === 'string'
      ? unescaped(value)
      : Array.isArray(value)
        ? value.map(deep)
        : value !== null && typeof value === 'object'
          ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [unescaped(key), deep(inner)]))
          : value;
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.test')) continue;
    const parsed = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { tests?: Record<string, unknown>[]; xmlViolationTests?: Record<string, unknown>[] };
    (parsed.tests ?? []).forEach((test, index) => {
      const doubled = test.doubleEscaped === true;
      for (const state of (test.initialStates as string[] | undefined) ?? ['Data state']) {
        cases.push({
          name: `${file}:${index + 1}/${state}`,
          input: doubled ? unescaped(test.input as string) : (test.input as string),
          output: (doubled ? deep(test.output) : test.output) as unknown[],
          state,
          lastStartTag: (test.lastStartTag as string | undefined) ?? '',
        });
      }
    });
  }
  return cases;
}
