// Personal data and secrets: counted, replaced, masked, or a reason to drop the document. What counts as what stands in
// kernels/include/refine/pii.h, measured in infra/docs/pii.md. A replacement depends on the document's id and the value alone.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { column, type FixedColumn, fixedColumn, native, PII_KINDS, packagePath, type PiiKind } from '../../native/index.js';
import type { ExpressionColumns } from '../contract/expression.js';
import type { Stage } from '../contract/stage.js';

const FORMATS = ['fineweb', 'tags', 'dolma', 'fakes'] as const; // the core's PiiFormat
const ACTIONS = ['keep', 'replace', 'mask'] as const; // the core's PiiAction
const TOO_MANY = PII_KINDS.length + 1;
/** Its rules of one label are the top-level domains that end an e-mail address. */
const PUBLIC_SUFFIX_LIST = packagePath('stages/url/public-suffix-list.dat.gz');

const action = (about: string, standard: 'replace' | 'off') =>
  z
    .enum(['off', 'keep', 'replace', 'mask', 'drop'])
    .default(standard)
    .describe(`${about}: replace, mask (letters and digits become asterisks), drop (the document), keep (count only), or off (not looked for).`);

const schema = z.strictObject({
  email: action('E-mail addresses', 'replace'),
  phone: action('Phone numbers', 'off'),
  ip: action('Public IPv4 and IPv6 addresses', 'replace'),
  iban: action('Bank accounts (IBAN with a right checksum)', 'off'),
  card: action('Payment cards (issuer range and a right checksum)', 'off'),
  key: action('Keys and tokens with a known prefix, JSON web tokens, private keys', 'off'),
  format: z
    .enum(FORMATS)
    .default('fineweb')
    .describe(
      'What replaces: fineweb (email@example.com and six addresses, as FineWeb; tags for the other kinds), tags (<EMAIL_ADDRESS>), dolma (|||EMAIL_ADDRESS|||), or fakes in reserved ranges (user123456@example.com, 192.0.2.7).',
    ),
  'max-spans': z
    .union([z.int().min(0).max(1_000_000_000), z.null(), z.literal('off')])
    .default('off')
    .describe('A document with more spans of the kinds that are looked for is dropped (Dolma: 5); off keeps it.'),
});
export type PiiOptions = z.output<typeof schema>;

const onKinds = (options: PiiOptions) => PII_KINDS.filter((kind) => options[kind] !== 'off');
const countOf = (kind: PiiKind): string => `pii_${kind}_count`;

/** Drop codes by the counts alone: the first kind that drops and stands in the document, then the most of spans. */
function dropsOf(options: PiiOptions, columns: ExpressionColumns, rows: number): Uint16Array {
  const most = typeof options['max-spans'] === 'number' ? options['max-spans'] : Number.POSITIVE_INFINITY;
  const on = onKinds(options).map((kind) => ({
    counts: (columns[countOf(kind)] as FixedColumn | undefined)?.values as Uint32Array | undefined,
    drop: options[kind] === 'drop' ? PII_KINDS.indexOf(kind) + 1 : 0,
  }));
  const drops = new Uint16Array(rows);
  for (let row = 0; row < rows; row++) {
    let spans = 0;
    for (const { counts, drop } of on) {
      const count = counts?.[row] ?? 0;
      spans += count;
      if (count > 0 && drop > 0 && drops[row] === 0) drops[row] = drop;
    }
    if (drops[row] === 0 && spans > most) drops[row] = TOO_MANY;
  }
  return drops;
}

export const pii: Stage<PiiOptions> = {
  kind: 'stage',
  name: 'pii',
  version: 1,
  reads: ['text', 'id'],
  writes: ['text'],
  alsoWrites: (options) => onKinds(options).map(countOf),
  reasons: [...PII_KINDS, 'too-many'],
  rules: true,
  schema: schema.describe(
    'Finds e-mail addresses, phone numbers, public IP addresses, IBANs, cards and keys, and replaces, masks or counts them or drops the document.',
  ) as unknown as z.ZodType<PiiOptions>,
  check: (options) =>
    onKinds(options).length > 0 ? [] : [{ path: [], message: 'every kind is off, so the step does nothing: set one of them, or take the step out' }],
  assets: () => [PUBLIC_SUFFIX_LIST],
  decision: { options: ['max-spans'], columns: (options) => onKinds(options).map(countOf), drops: dropsOf },

  async open(options) {
    const finder = native.piiFinderNew(gunzipSync(readFileSync(PUBLIC_SUFFIX_LIST)));
    const on = onKinds(options).map((kind) => ({ name: countOf(kind), index: PII_KINDS.indexOf(kind) }));
    const edit = {
      kinds: on.reduce((bits, { index }) => bits | (1 << index), 0),
      actions: Uint8Array.from(PII_KINDS, (kind) => Math.max(0, (ACTIONS as readonly string[]).indexOf(options[kind]))),
      format: FORMATS.indexOf(options.format),
    };
    return {
      async process(batch) {
        const text = column(batch, 'text', 'utf8');
        const edited = await native.piiEdit(finder, text, column(batch, 'id', 'utf8'), edit);
        const counts = Object.fromEntries(
          on.map(({ name, index }) => [
            name,
            fixedColumn(Uint32Array.from({ length: batch.rows }, (_, row) => edited.counts[row * PII_KINDS.length + index]!)),
          ]),
        );
        return { columns: { text: edited.text ?? text, ...counts }, drops: dropsOf(options, counts, batch.rows) };
      },
      async close() {},
    };
  },
};
