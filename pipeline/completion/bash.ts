// Completion for bash (3.2 and newer): one function with a case a command; nothing of refine runs while completing.
import { type CommandShape, everyCommand, type OptionShape, type ValueKind } from './shape.js';

export function bashCompletion(root: CommandShape): string {
  const all = [...everyCommand(root)];
  const known = all.filter(({ path }) => path !== '').map(({ path }) => quoted(path));
  const cases = all.map(
    (command) => `    ${quoted(command.path)}) flags=${quoted(flagsOf(command))} words=${quoted(wordsOf(command))} files=${fileKind(command)} ;;`,
  );
  const values = all.flatMap((command) =>
    command.options.flatMap((option) => (option.value === null ? [] : [`    ${patterns(command, option)}) ${complete(option.value)} ;;`])),
  );
  return `# bash completion for refine; made by \`refine completion bash\`
_refine() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"
  local first="\${_refine_first:-1}" path="" word i flags words files
  COMPREPLY=()
  for ((i = first; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$word" in -*) break ;; esac
    case "\${path:+$path }$word" in
      ${known.join('|')}) path="\${path:+$path }$word" ;;
      *) break ;;
    esac
  done
  case "$path $prev" in
${values.join('\n')}
  esac
  case "$path" in
${cases.join('\n')}
  esac
  case "$cur" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$cur")) ;;
    *)
      if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$cur"))
      elif [ "$files" = folder ]; then _refine_files -d
      elif [ "$files" = file ]; then _refine_files -f
      fi ;;
  esac
}
_refine_files() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen "$1" -- "$cur"))
}
_refine_npx() {
  local cur="\${COMP_WORDS[COMP_CWORD]}"
  if [ "\${COMP_WORDS[1]}" = refine ] && [ "$COMP_CWORD" -gt 1 ]; then local _refine_first=2; _refine
  else _refine_files -f
  fi
}
complete -F _refine refine
complete -p npx >/dev/null 2>&1 || complete -F _refine_npx npx
`;
}

function complete(value: ValueKind): string {
  if (value === 'free') return 'return';
  if (value === 'file') return '_refine_files -f; return';
  if (value === 'folder') return '_refine_files -d; return';
  return `COMPREPLY=($(compgen -W ${quoted(value.words.join(' '))} -- "$cur")); return`;
}

function patterns(command: CommandShape, option: OptionShape): string {
  return option.flags.map((flag) => quoted(`${command.path} ${flag}`)).join('|');
}

function flagsOf(command: CommandShape): string {
  return command.options.flatMap((option) => option.flags).join(' ');
}

function wordsOf(command: CommandShape): string {
  if (command.commands.length > 0) return command.commands.map(({ name }) => name).join(' ');
  const choices = command.values.find((value) => typeof value === 'object');
  return choices === undefined ? '' : choices.words.join(' ');
}

function fileKind({ values }: CommandShape): string {
  if (values.includes('file')) return 'file';
  return values.includes('folder') ? 'folder' : 'none';
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
