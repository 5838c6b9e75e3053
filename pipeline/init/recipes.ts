// What `refine init` may write: the published recipes as lists of steps, and what changes in them with the languages and the source.
// Invariant: for English CommonCrawl the steps are those of manifests/<recipe>.yaml (a test compares), so there is one truth.

export const RECIPES = ['refinedweb', 'fineweb', 'dclm', 'ccnet', 'minimal'] as const;
export type Recipe = (typeof RECIPES)[number];

export type InitSource =
  | { readonly kind: 'sample' }
  | { readonly kind: 'commoncrawl'; readonly crawl: string; readonly files: number }
  | { readonly kind: 'warc' | 'jsonl'; readonly paths: readonly string[] };

export interface InitAnswers {
  readonly name: string;
  readonly source: InitSource;
  /** Labels to keep; empty: every language. */
  readonly languages: readonly string[];
  readonly recipe: Recipe;
  readonly tokenizer: string;
}

export interface InitStep {
  readonly step: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** What the step is there for, before its options are explained. */
  readonly about: string;
}

export interface RecipeText {
  readonly about: string;
  readonly steps: readonly InitStep[];
}

const ABOUT: Readonly<Record<Recipe, string>> = {
  refinedweb: 'RefinedWeb (Penedo et al. 2023, arXiv 2306.01116): strict rules and strict fuzzy deduplication, for prose. See manifests/refinedweb.yaml.',
  fineweb: "FineWeb (Penedo et al. 2024, arXiv 2406.17557), in the order of datatrove's examples/fineweb.py. See manifests/fineweb.yaml.",
  dclm: 'DCLM-Baseline (Li et al. 2024, arXiv 2406.11794) without its classifier, which you bring. See manifests/dclm.yaml.',
  ccnet: 'CCNet (Wenzek et al. 2020, arXiv 1911.00359): every language, few rules. See manifests/ccnet.yaml.',
  minimal: 'The least that makes token shards of web pages: main text, language, exact and near duplicates. Add rules as you need them.',
};

/** Where a recipe's files lie, as written from the manifest's folder. */
export interface ListPaths {
  readonly blocked: readonly string[];
  readonly curated: string;
}

export function recipeSteps(answers: InitAnswers, lists: ListPaths): RecipeText {
  const { recipe } = answers;
  const pages = answers.source.kind !== 'jsonl';
  const english = answers.languages.length === 1 && answers.languages[0] === 'en';
  const keep = answers.languages.length === 0 ? {} : { keep: answers.languages };
  const rules = (published: string): { rules: string } => ({ rules: english ? published : 'fineweb-2@datatrove' });
  const counted = english ? '' : ' Each language has its own bounds (FineWeb-2), as the published English ones drop all others.';
  const steps: InitStep[] = [];
  const add = (step: string, about: string, options: Record<string, unknown> = {}): void => void steps.push({ step, about, options });
  const url = (extra: Record<string, unknown>): void =>
    add('url', 'Drops documents by host, path and words of their URL. A list that is absent drops nothing and is named by a warning.', {
      lists: lists.blocked,
      ...(answers.source.kind === 'sample' ? {} : extra),
    });
  const extract = (options: Record<string, unknown> = {}): void => {
    if (pages) add('extract', 'Turns HTML into its main text, with title, author, date and licence where the page tells them.', options);
  };
  const urls = (): void => add('lines', 'Takes URLs out of the text and leaves at most two line ends in a row.', { as: 'url-removal', rules: 'dclm-urls' });
  const langid = (options: Record<string, unknown>): void => add('langid', 'Labels the language of each document and drops those not asked for.', options);
  const repetition = (published: string): void => add('repetition', `Drops documents that repeat lines, paragraphs or phrases.${counted}`, rules(published));
  const quality = (published: string): void =>
    add('quality', `Drops what does not look like running text, by counts of words, symbols and lines.${counted}`, rules(published));
  const exact = (): void => add('dedupe-exact', 'Of documents with the same text, keeps the first.');
  const near = (options: Record<string, unknown> = {}): void => add('dedupe-minhash', 'Of near duplicates, keeps the longest.', options);

  switch (recipe) {
    case 'refinedweb':
      url({ scores: 'refinedweb', exclude: lists.curated });
      extract();
      urls();
      langid({ ...keep, 'min-prob': 0.65 });
      repetition('refinedweb@paper');
      quality('refinedweb@paper');
      add('lines', 'Takes single lines out: counters, navigation, upper case; a document that loses more than 5 % of its words goes.', { rules: 'refinedweb' });
      near({ preset: 'refinedweb' });
      add('dedupe-url', 'Of documents with the same URL, keeps the first.');
      break;
    case 'fineweb':
      url({ scores: 'refinedweb' });
      extract({ mode: 'precision' });
      langid({ ...keep, 'min-prob': 0.65 });
      repetition('gopher@datatrove');
      quality('gopher@datatrove');
      add('lines', "C4's rules on lines, without the one on terminal punctuation.", { rules: 'c4@datatrove', 'terminal-punctuation': false });
      if (english) add('quality', "FineWeb's own three rules: punctuated lines, duplicated lines, short lines.", { as: 'fineweb', rules: 'fineweb@datatrove' });
      near({ preset: 'fineweb' });
      add('pii', 'Writes placeholders over e-mail addresses and public IP addresses.');
      break;
    case 'dclm':
      url({ scores: 'refinedweb' });
      extract();
      urls();
      langid({ ...keep, 'min-prob': 0.65 });
      quality('gopher@dclm');
      repetition('gopher@dclm');
      add('lines', 'Takes single lines out, as DCLM does.', { rules: 'dclm' });
      near({ preset: 'fineweb' });
      break;
    case 'ccnet':
      extract();
      add('quality', 'Drops pages of fewer than 300 characters.', { rules: 'ccnet@paper' });
      langid({ ...keep, 'min-prob': 0.5 });
      exact();
      break;
    case 'minimal':
      extract();
      langid({ ...keep, ...(answers.languages.length === 0 ? {} : { 'min-prob': 0.65 }) });
      exact();
      near();
      break;
  }
  add('tokenize', 'Turns the text into token ids; one end token closes each document.', { tokenizer: answers.tokenizer });
  return { about: ABOUT[recipe], steps };
}
