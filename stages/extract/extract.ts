// HTML bytes to main text: charset, parse, block scores and metadata in the core, one call a batch. Rows that came as
// text pass through as valid UTF-8. Consumes html and content_type; a page's result depends on nothing but the page.
import { z } from 'zod';
import { type Batch, type BytesColumn, native } from '../../native/index.js';
import type { Stage } from '../contract/stage.js';

/** In the order of ExtractOutcome in kernels/include/refine/extract.h. */
const reasons = ['empty', 'too-large', 'too-deep', 'too-many-nodes', 'too-complex', 'bad-encoding', 'too-many-attributes'] as const;

const limit = (value: number, most: number) => z.number().int().min(1).max(most).default(value);

const schema = z.strictObject({
  mode: z
    .enum(['balanced', 'precision', 'recall'])
    .default('balanced')
    .describe('What to do in doubt: balanced weighs both, precision leaves a block out, recall keeps it.'),
  format: z
    .enum(['text', 'markdown', 'jsonl-blocks'])
    .default('text')
    .describe(
      'text: a block (paragraph, heading, list item with its marker, table row with tabs, line after <br>) a line. markdown: CommonMark with GFM tables, formulas as $TeX$. jsonl-blocks: a JSON object a line, {"type": paragraph | heading | item | term | definition | caption | row | code | quote | formula, "text": ...} with level (heading, item, quote), number (ordered item), lang (code), table, cells and header (row).',
    ),
  links: z
    .boolean()
    .default(false)
    .describe('Write the column links (url and text of each link in the kept part; url resolved against the page), and links in markdown.'),
  'image-alts': z
    .boolean()
    .default(false)
    .describe('Write the column image_alts (alternative texts of images in the kept part), and images that have one in markdown.'),
  nfc: z.boolean().default(false).describe('Write the text in Unicode normalisation form C; by default it is as the page writes it.'),
  'max-bytes': limit(32 * 1024 * 1024, 1024 * 1024 * 1024).describe('Bytes of HTML a page may have; a larger one is dropped as too-large.'),
  'max-depth': limit(32_768, 1_000_000).describe('Elements that may be open at once; a deeper page is dropped as too-deep.'),
  'max-nodes': limit(2_000_000, 50_000_000).describe('Nodes a page may have; one with more is dropped as too-many-nodes.'),
  'max-attributes': limit(2_000_000, 50_000_000).describe(
    'Attributes the elements of a page may have in all; one with more is dropped as too-many-attributes. Of one element, 256 are kept.',
  ),
});
export type ExtractOptions = z.infer<typeof schema>;

/** The named column, or as many nulls where the source has none. */
function bytesOrNulls(batch: Batch, name: string): BytesColumn {
  const found = batch.columns[name];
  if (found !== undefined && (found.kind === 'utf8' || found.kind === 'binary')) return found;
  return { kind: 'binary', data: new Uint8Array(0), offsets: new Int32Array(batch.rows + 1), validity: new Uint8Array((batch.rows + 7) >> 3) };
}

export const extract: Stage<ExtractOptions> = {
  kind: 'stage',
  name: 'extract',
  version: 6, // 5: the header tdm-reservation: 1 stands in robots; 6: formulas without anything, authors behind '@ ', unknown escapes of JSON
  reads: ['url', 'html', 'text', 'content_type', 'x_robots_tag'],
  writes: [
    'text',
    'title',
    'charset',
    'declared_lang',
    'author',
    'published',
    'canonical_url',
    'site_name',
    'licenses',
    'robots',
    'page_type',
    'links',
    'image_alts',
  ],
  consumes: ['html', 'content_type', 'x_robots_tag'],
  reasons,
  schema: schema.describe('Turns HTML into its main text, with title, author, date, licences and robots directives where the page tells them.'),

  async open(options) {
    const given = {
      mode: options.mode,
      format: options.format,
      links: options.links,
      imageAlts: options['image-alts'],
      nfc: options.nfc,
      maxBytes: options['max-bytes'],
      maxDepth: options['max-depth'],
      maxNodes: options['max-nodes'],
      maxAttributes: options['max-attributes'],
    };
    return {
      async process(batch) {
        const found = await native.extractPages(
          {
            url: bytesOrNulls(batch, 'url'),
            html: bytesOrNulls(batch, 'html'),
            text: bytesOrNulls(batch, 'text'),
            contentType: bytesOrNulls(batch, 'content_type'),
            xRobotsTag: bytesOrNulls(batch, 'x_robots_tag'),
          },
          given,
        );
        const { text, title, charset, declaredLang, author, published, canonicalUrl, siteName, licenses, robots, pageType, links, imageAlts, outcomes } = found;
        return {
          columns: {
            text,
            title,
            charset,
            declared_lang: declaredLang,
            author,
            published,
            canonical_url: canonicalUrl,
            site_name: siteName,
            licenses,
            robots,
            page_type: pageType,
            ...(links && { links }),
            ...(imageAlts && { image_alts: imageAlts }),
          },
          drops: outcomes,
        };
      },
      async close() {},
    };
  },
};
