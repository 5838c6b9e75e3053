// node dist/infra/crawl-index/main.js DIR FILE.warc.gz...   indexes WARC files: DIR/index.parquet (CommonCrawl's columns), DIR/index.cdxj.
// Languages are not found out here: rows have none. Files are named as given.
import { createReadStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type IndexedRecord, indexWarc, sortRecords } from './records.js';
import { cdxjLine, columnarFile } from './write.js';

const [folder, ...files] = process.argv.slice(2);
if (folder === undefined || files.length === 0) {
  process.stderr.write('usage: node dist/infra/crawl-index/main.js DIR FILE.warc.gz...\n');
  process.exit(2);
}
const records: IndexedRecord[] = [];
for (const file of files) for await (const record of indexWarc(createReadStream(file), file)) records.push(record);
const sorted = sortRecords(records);
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'index.parquet'), columnarFile(sorted, 100_000));
writeFileSync(join(folder, 'index.cdxj'), sorted.map(cdxjLine).join(''));
process.stderr.write(`${sorted.length} responses of ${files.length} files\n`);
