// The example that ends each command's --help: something to type as it stands, after `npx refine run manifests/sample.yaml`.
// Invariant: every command and subcommand has one, and a test runs each of them (tests/e2e/examples.test.ts).
import type { Command } from 'commander';

/** By the command's path below `refine`; lines of a shell. A group of commands shows that of its first subcommand. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  run: 'npx refine run manifests/sample.yaml',
  plan: 'npx refine plan manifests/sample.yaml',
  status: 'npx refine status runs/sample',
  init: 'npx refine init --yes --source sample --recipe minimal -o my-crawl.yaml',
  validate: 'npx refine validate manifests/sample.yaml --set langid.min-prob=0.8',
  try: 'npx refine try extract,langid manifests/sample/0-sites.warc.gz',
  stats: 'npx refine stats runs/sample --what-if repetition.top-2-gram-fraction=0.04',
  report: 'npx refine report runs/sample -o report.html --card card.md',
  check: 'npx refine check runs/sample --model none',
  inspect: 'npx refine inspect runs/sample --reason dedupe-exact/duplicate-text --sample 1',
  sample: 'npx refine sample runs/sample --stratify host -n 20 -o to-label.jsonl',
  search: 'npx refine search runs/sample "House of Usher"',
  export: 'npx refine export runs/sample --format parquet -o exported',
  load: 'npx refine load runs/sample --seq-len 2048 --batch-size 8 > batches.arrow',
  worker: 'npx refine worker --help',
  submit: 'npx refine submit manifests/sample.yaml --executor slurm --dry-run',
  'index build': 'npx refine index build runs/sample -o seen',
  'index add': 'npx refine index add seen runs/another',
  'index show': 'npx refine index show seen',
  'index verify': 'npx refine index verify seen',
  'url compile': 'npx refine url compile manifests/sample/blocked-hosts.txt -o blocked.urlset',
  'fetch lists': 'npx refine fetch lists --list',
  'tokenizer train': 'npx refine tokenizer train runs/sample --vocab-size 1000 -o my-tokenizer',
  'tokenizer extend': 'npx refine tokenizer extend falcon runs/sample --entries 50 -o falcon-extended',
  'model show': 'npx refine model show reference-small',
  'model export': 'npx refine model export reference-small reference-small-bf16',
  'model list': 'npx refine model list',
  'train-ngram': 'npx refine train-ngram runs/sample --order 3 --discount-fallback -o good.arpa',
  'train-classifier': 'npx refine train-classifier --fasttext good=runs/sample bad=spam.txt --dim 16 --buckets 10000 -o quality.ftz',
  generate: 'npx refine generate --model reference-small "The sea" --max-tokens 16',
  remove: 'echo mirror.example > takedown.txt && npx refine remove runs/another --list takedown.txt',
  clean: 'npx refine clean runs/sample',
  explain: 'npx refine explain ERR_REFINE_SHARD',
  doctor: 'npx refine doctor',
  completion: 'npx refine completion bash > refine-completion.bash && source refine-completion.bash',
};

/** Lets the help of every command below `parent` end with its example. */
export function addExamples(parent: Command, path: readonly string[] = []): void {
  for (const command of parent.commands) {
    const here = [...path, command.name()];
    const lines = exampleOf(here.join(' '), command);
    if (lines !== undefined) command.addHelpText('after', `\nExample:\n${lines.replace(/^/gm, '  ')}`);
    addExamples(command, here);
  }
}

function exampleOf(path: string, command: Command): string | undefined {
  const first = command.commands[0];
  return EXAMPLES[path] ?? (first === undefined ? undefined : exampleOf(`${path} ${first.name()}`, first));
}
