// A run's text and tokens as Croissant 1.0 (JSON-LD, http://mlcommons.org/croissant/1.0): every shard with its sha256, a record set
// for the documents and one for the token ids, a field for each column. PyPI mlcroissant is its oracle (infra/test/peers.mjs).
// Invariant: like the card no wall time and no path of the machine; the same run gives the same bytes.
import { join } from 'node:path';
import { HOLDOUT_PREFIX } from '../final-shards.js';
import { shardFields } from '../store.js';
import type { Shard } from '../types.js';
import type { RunData } from './collect.js';
import { visible } from './markup.js';

/** The context that the specification prints, word for word in meaning. */
const CONTEXT = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  citeAs: 'cr:citeAs',
  column: 'cr:column',
  conformsTo: 'dct:conformsTo',
  cr: 'http://mlcommons.org/croissant/',
  rai: 'http://mlcommons.org/croissant/RAI/',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  dct: 'http://purl.org/dc/terms/',
  examples: { '@id': 'cr:examples', '@type': '@json' },
  extract: 'cr:extract',
  field: 'cr:field',
  fileProperty: 'cr:fileProperty',
  fileObject: 'cr:fileObject',
  fileSet: 'cr:fileSet',
  format: 'cr:format',
  includes: 'cr:includes',
  isLiveDataset: 'cr:isLiveDataset',
  jsonPath: 'cr:jsonPath',
  key: 'cr:key',
  md5: 'cr:md5',
  parentField: 'cr:parentField',
  path: 'cr:path',
  recordSet: 'cr:recordSet',
  references: 'cr:references',
  regex: 'cr:regex',
  repeated: 'cr:repeated',
  replace: 'cr:replace',
  sc: 'https://schema.org/',
  separator: 'cr:separator',
  source: 'cr:source',
  subField: 'cr:subField',
  transform: 'cr:transform',
} as const;

const ARROW = 'application/vnd.apache.arrow.file';

interface Part {
  readonly name: string;
  readonly about: string;
  readonly shards: readonly Shard[];
}

export async function croissant(data: RunData): Promise<string> {
  const { run, stats } = data;
  const heldOut = (shard: Shard): boolean => shard.path.includes(`/${HOLDOUT_PREFIX}`);
  const parts: Part[] = [
    { name: 'documents', about: 'The kept documents, one a row, with every column that the steps wrote.', shards: run.text.filter((shard) => !heldOut(shard)) },
    { name: 'tokens', about: 'The token ids of each document, one document a row.', shards: run.tokens.filter((shard) => !heldOut(shard)) },
    { name: 'documents-holdout', about: 'Documents held out of training.', shards: run.text.filter(heldOut) },
    { name: 'tokens-holdout', about: 'Token ids of the documents held out of training.', shards: run.tokens.filter(heldOut) },
  ].filter(({ shards }) => shards.length > 0);
  const name = visible(stats.name ?? 'corpus');
  const captured = data.kept.dates;
  const card = {
    '@context': CONTEXT,
    '@type': 'sc:Dataset',
    name,
    description: `${stats.documents.out} web documents${stats.tokens === null ? '' : `, ${stats.tokens} tokens`}, kept of ${stats.documents.in}; made by refine ${visible(run.lock.refine)}. Every dropped document has a reason; the same manifest over the same inputs gives the same bytes.`,
    conformsTo: 'http://mlcommons.org/croissant/1.0',
    version: '1.0.0',
    keywords: ['web', 'pretraining', 'refine'],
    inLanguage: Object.keys(stats.langs).map(visible),
    isLiveDataset: false,
    ...(captured === null || Math.abs(captured.last) > 8e12
      ? {}
      : { temporalCoverage: `${new Date(captured.first * 1000).toISOString().slice(0, 10)}/${new Date(captured.last * 1000).toISOString().slice(0, 10)}` }),
    distribution: parts.flatMap(distributionOf),
    recordSet: await Promise.all(parts.map((part) => recordSetOf(run.folder, part))),
  };
  return `${JSON.stringify(card, null, 2)}\n`;
}

function distributionOf({ name, about, shards }: Part): object[] {
  const objects = shards.map(({ path, bytes, sha256 }) => ({
    '@type': 'cr:FileObject',
    '@id': path,
    name: path,
    contentUrl: path,
    contentSize: `${bytes} B`,
    encodingFormat: ARROW,
    sha256,
  }));
  return [
    ...objects,
    {
      '@type': 'cr:FileSet',
      '@id': `${name}-files`,
      name: `${name}-files`,
      description: about,
      containedIn: shards.map(({ path }) => ({ '@id': path })),
      encodingFormat: ARROW,
      includes: name.endsWith('-holdout') ? `*/${HOLDOUT_PREFIX}*.arrow` : '*/[0-9]*.arrow',
    },
  ];
}

async function recordSetOf(folder: string, { name, about, shards }: Part): Promise<object> {
  const fields = await shardFields(join(folder, shards[0]!.path));
  return {
    '@type': 'cr:RecordSet',
    '@id': name,
    name,
    description: about,
    field: fields.map(({ name: column, type }) => ({
      '@type': 'cr:Field',
      '@id': `${name}/${column}`,
      name: `${name}/${column}`,
      ...typeOf(type),
      source: { fileSet: { '@id': `${name}-files` }, extract: { column } },
    })),
  };
}

/** Croissant's type of an Arrow type as apache-arrow spells it. */
export function typeOf(type: string): { dataType: string; repeated?: true } {
  const list = /^(?:List|FixedSizeList(?:\[\d+\])?)<(.*)>$/.exec(type);
  if (list !== null) return { dataType: typeOf(list[1]!).dataType, repeated: true };
  if (/^Dictionary</.test(type) || /Utf8/.test(type)) return { dataType: 'sc:Text' };
  if (/^Bool/.test(type)) return { dataType: 'sc:Boolean' };
  if (/^(U?int)\d+$/i.test(type)) return { dataType: 'sc:Integer' };
  if (/^Float\d+$/i.test(type)) return { dataType: 'sc:Float' };
  if (/^(Timestamp|Date)/.test(type)) return { dataType: 'sc:DateTime' };
  return { dataType: 'sc:Text' };
}
