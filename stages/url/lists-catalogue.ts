// Lists that the package does not ship, for their licences or their size, and where each is published: what `refine fetch
// lists` downloads. Data only. Addresses with a commit in them never change, so those name a sha256 too.

export interface PublishedList {
  readonly name: string;
  /** Lists that belong together are fetched by this name too. */
  readonly group: string;
  readonly about: string;
  readonly licence: string;
  readonly homepage: string;
  readonly address: string;
  readonly kind: 'tar.gz' | 'text';
  /** Of the file as published. */
  readonly sha256?: string;
  /** Below the folder of lists: the file (text), or the folder (tar.gz). */
  readonly into: string;
  /** tar.gz: paths that are taken; what the parentheses hold, joined by `/`, is the path below `into`. */
  readonly take?: RegExp;
  /** Added to the name of what is taken. */
  readonly suffix?: string;
  /** Fetched only by its own name. */
  readonly only?: true;
}

const UT1 = {
  group: 'ut1',
  licence: 'CC BY-SA 4.0 (Fabrice Prigent, Université Toulouse Capitole)',
  homepage: 'https://dsi.ut-capitole.fr/blacklists/',
  kind: 'tar.gz',
  into: 'ut1',
} as const;
const UT1_FILES = '(domains|urls|usage)';

const ut1 = (category: string, about: string): PublishedList => ({
  ...UT1,
  name: `ut1-${category.replaceAll('_', '-')}`,
  about,
  address: `https://dsi.ut-capitole.fr/blacklists/download/${category}.tar.gz`,
  take: new RegExp(`^(?:blacklists/)?(${category})/${UT1_FILES}$`),
});

/** DCLM's reconstruction: RefinedWeb's own lists were never published. */
const refinedweb = (kind: 'strict' | 'hard' | 'soft', commit: string, sha256: string, about: string): PublishedList => ({
  name: `refinedweb-${kind}`,
  group: 'refinedweb',
  about,
  licence: 'MIT (DataComp-LM)',
  homepage: 'https://github.com/mlfoundations/dclm',
  address: `https://raw.githubusercontent.com/mlfoundations/dclm/${commit}/baselines/mappers/banlists/refinedweb_banned_words_${kind}_reverse_engineered.txt`,
  kind: 'text',
  sha256,
  into: `refinedweb/${kind}.txt`,
});

export const PUBLISHED_LISTS: readonly PublishedList[] = [
  ut1('adult', 'UT1: adult sites, from erotic to pornographic'),
  ut1('agressif', 'UT1: aggressive sites'),
  ut1('arjel', 'UT1: betting sites certified in France'),
  ut1('chat', 'UT1: chat sites'),
  ut1('dating', 'UT1: dating sites'),
  ut1('ddos', 'UT1: sites that sell denial of service'),
  ut1('filehosting', 'UT1: file hosts'),
  ut1('gambling', 'UT1: gambling sites'),
  ut1('mixed_adult', 'UT1: sites with adult parts'),
  ut1('phishing', 'UT1: phishing and fraud'),
  {
    ...UT1,
    name: 'ut1-all',
    about: 'UT1: every category, shops, banks and newspapers among them: name below lists/ut1/ those that are meant',
    address: 'https://dsi.ut-capitole.fr/blacklists/download/blacklists.tar.gz',
    take: new RegExp(`^blacklists/([a-z0-9_-]+)/${UT1_FILES}$`),
    only: true,
  },
  refinedweb(
    'strict',
    '15af3ce53ba1dd9464d38fd27803e56045bd085d',
    '88933938dd7459c788145126dceffd3db3b856b1d091dcc1d994c417e75c35ff',
    "RefinedWeb's URL score, reverse-engineered: strings that drop a URL anywhere in it",
  ),
  refinedweb(
    'hard',
    'c7ed275feacc8dc7c6244473b22aa86af109ef15',
    'f3c17480a9fbe7aefbed474cb9ec1f05c5105f17b814dbbedd11c11b7b67a3ba',
    "RefinedWeb's URL score, reverse-engineered: whole words that drop a URL",
  ),
  refinedweb(
    'soft',
    '15af3ce53ba1dd9464d38fd27803e56045bd085d',
    '933835a07e4bb9c50301ec6e02be2aa707256134c6e840bf12488682565ea742',
    "RefinedWeb's URL score, reverse-engineered: words of which two drop a URL",
  ),
  {
    name: 'ldnoobw',
    group: 'ldnoobw',
    about: 'List of Dirty, Naughty, Obscene and Otherwise Bad Words in some 28 languages, a file a language: words in texts, not hosts',
    licence: 'CC BY 4.0 (Shutterstock and contributors)',
    homepage: 'https://github.com/LDNOOBW/List-of-Dirty-Naughty-Obscene-and-Otherwise-Bad-Words',
    address: 'https://codeload.github.com/LDNOOBW/List-of-Dirty-Naughty-Obscene-and-Otherwise-Bad-Words/tar.gz/refs/heads/master',
    kind: 'tar.gz',
    into: 'ldnoobw',
    take: /^[^/]+\/([a-z]{2,3}(?:-[A-Za-z0-9-]+)?)$/,
    suffix: '.txt',
  },
];

/** The command that brings what `path` (below the folder of lists, such as `ut1/adult`) would be; null where nobody publishes it. */
export function fetchable(path: string): string | null {
  const [top, ...rest] = path.replaceAll('\\', '/').split('/');
  const group = PUBLISHED_LISTS.filter((list) => list.group === top);
  if (group.length === 0) return null;
  const one = group.find((list) => list.only === undefined && list.name === `${top}-${rest[0]?.replaceAll('_', '-').replace(/\.txt$/, '')}`);
  return one?.name ?? top!;
}
