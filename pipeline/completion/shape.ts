// What completion needs to know of the command line, read off commander's own definitions.
import type { Argument, Command, Option } from 'commander';

/** What stands in place of a value: words from a list, a file, a folder, or nothing that could be completed. */
export type ValueKind = { readonly words: readonly string[] } | 'file' | 'folder' | 'free';

export interface OptionShape {
  /** As typed: `--out`, `-o`. */
  readonly flags: readonly string[];
  readonly description: string;
  /** null where it takes no value. */
  readonly value: ValueKind | null;
}

export interface CommandShape {
  readonly name: string;
  /** Words from `refine` down to it: `index build`; empty for the whole program. */
  readonly path: string;
  readonly description: string;
  readonly options: readonly OptionShape[];
  /** Of its arguments, in order; the last goes on where it is variadic. */
  readonly values: readonly ValueKind[];
  readonly commands: readonly CommandShape[];
}

export function shapeOf(command: Command, path: readonly string[] = []): CommandShape {
  const root = path.length === 0;
  const help: OptionShape = { flags: ['--help', '-h'], description: 'what it does, its options, an example', value: null };
  return {
    name: command.name(),
    path: path.join(' '),
    description: plain(command.description()),
    options: [...command.options.filter((option) => !option.hidden).map(optionShape), help],
    values: command.registeredArguments.map((argument) => valueKind(argument, argument.name())),
    commands: command.commands.map((child) => shapeOf(child, root ? [child.name()] : [...path, child.name()])),
  };
}

/** The program and every command below it. */
export function* everyCommand(root: CommandShape): Generator<CommandShape> {
  yield root;
  for (const child of root.commands) yield* everyCommand(child);
}

function optionShape(option: Option): OptionShape {
  const takes = option.required || option.optional;
  return {
    flags: [option.long, option.short].filter((flag) => typeof flag === 'string'),
    description: plain(option.description),
    value: takes ? valueKind(option, /[<[]([^>\]]*)/.exec(option.flags)?.[1] ?? '') : null,
  };
}

function valueKind(of: Option | Argument, placeholder: string): ValueKind {
  if (of.argChoices !== undefined) return { words: of.argChoices };
  if (/^(dir|folder|run2?|runs|index)(\.\.\.)?$/.test(placeholder)) return 'folder';
  if (/file|path|manifest|texts|lists|tokenizer|model|base/.test(placeholder)) return 'file';
  return 'free';
}

/** One line without what shells might read as more than text. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[`$\\"]/g, '')
    .trim();
}
