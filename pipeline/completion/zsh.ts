// Completion for zsh: one function a command, in the terms of _arguments; the file is sourced, or put into $fpath as _refine.
import { type CommandShape, everyCommand, type OptionShape, type ValueKind } from './shape.js';

export function zshCompletion(root: CommandShape): string {
  return `#compdef refine
# zsh completion for refine; made by \`refine completion zsh\`
${[...everyCommand(root)].map(functionOf).join('\n')}
_refine_npx() {
  if [[ \${words[2]} == refine ]] && (( CURRENT > 2 )); then shift words; (( CURRENT-- )); _refine; else _files; fi
}
if (( $+functions[compdef] )); then compdef _refine refine; compdef _refine_npx npx; fi
if [[ \${funcstack[1]} == _refine ]]; then _refine "$@"; fi
`;
}

function functionOf(command: CommandShape): string {
  const name = nameOf(command.path);
  const specs = command.options.flatMap(optionSpecs);
  if (command.commands.length === 0) {
    const rest = command.values.map(
      (value, at) => `'${at === command.values.length - 1 ? '*' : at + 1}:${action(value) === ' ' ? 'value' : 'what'}:${action(value)}'`,
    );
    return `${name}() {\n  _arguments ${[...specs, ...rest].join(' \\\n    ')}\n}`;
  }
  const children = command.commands.map((child) => `      ${quoted(`${child.name}:${escaped(child.description)}`)}`).join('\n');
  const cases = command.commands.map((child) => `        ${child.name}) ${nameOf(child.path)} ;;`).join('\n');
  return `${name}() {
  local state line
  local -a commands
  _arguments -C ${[...specs, "'1:command:->command'", "'*::rest:->rest'"].join(' \\\n    ')}
  case $state in
    command)
      commands=(
${children}
      )
      _describe command commands ;;
    rest)
      case \${line[1]} in
${cases}
      esac ;;
  esac
}`;
}

function optionSpecs({ flags, description, value }: OptionShape): string[] {
  return flags.map((flag) => {
    const long = flag.startsWith('--');
    return quoted(`*${flag}${value !== null && long ? '=' : ''}[${escaped(description)}]${value === null ? '' : `:value:${action(value)}`}`);
  });
}

function action(value: ValueKind): string {
  if (value === 'file') return '_files';
  if (value === 'folder') return '_files -/';
  return value === 'free' ? ' ' : `(${value.words.join(' ')})`;
}

function nameOf(path: string): string {
  return path === '' ? '_refine' : `_refine__${path.replaceAll(/[ -]/g, '_')}`;
}

function escaped(text: string): string {
  return text.replaceAll(/[[\]:]/g, (mark) => `\\${mark}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
