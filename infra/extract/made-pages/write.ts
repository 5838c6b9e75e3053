// node dist/infra/extract/made-pages/write.js OUT: writes OUT/<name>.html and OUT/labels.jsonl, a line a page.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { templates } from './catalogue.js';
import { makePages } from './make.js';

const out = process.argv[2];
if (out === undefined) {
  console.error('usage: node dist/infra/extract/made-pages/write.js OUT');
  process.exit(2);
}
mkdirSync(out, { recursive: true });
const pages = makePages(templates);
for (const page of pages) writeFileSync(join(out, `${page.id}.html`), page.html);
writeFileSync(join(out, 'labels.jsonl'), pages.map(({ id, type, site, url, runs }) => `${JSON.stringify({ id, type, site, url, runs })}\n`).join(''));
console.log(`${pages.length} pages of ${templates.length} templates`);
