// `refine url compile`: lists of any form into one compiled file, which manifests name in place of them. The same entries
// give the same bytes, whatever the order of the lists.
import { resolve } from 'node:path';
import { native, RefineError, type UrlSetCounts } from '../../native/index.js';
import { listFiles } from './lists.js';
import { compileFiles, ignoredInWords, writeWhole } from './sets.js';

export interface Compiled extends UrlSetCounts {
  readonly files: number;
  readonly bytes: number;
}

/** `lists`: files and folders, from the working directory. */
export async function compileUrlLists(lists: readonly string[], out: string): Promise<Compiled> {
  const files = lists.flatMap((path) => {
    const found = listFiles(resolve(path));
    if (found === null || found.length === 0)
      throw new RefineError(
        'ERR_REFINE_ASSET',
        `${found === null ? 'does not exist' : 'holds no lists'}. Name files with a host or URL a line, or folders of them.`,
        {
          place: path,
        },
      );
    return found;
  });
  const set = await compileFiles(files);
  const bytes = native.urlSetBytes(set);
  await writeWhole(resolve(out), bytes);
  return { ...native.urlSetCounts(set), files: files.length, bytes: bytes.length };
}

export function compiledInWords({ entries, ignored, files, bytes }: Compiled): string {
  const number = (value: number) => value.toLocaleString('en-US');
  const { hosts, exactHosts, urls, patterns, allowedHosts, allowedExactHosts, allowedUrls, allowedPatterns } = entries;
  const exceptions = allowedHosts + allowedExactHosts + allowedUrls + allowedPatterns;
  const parts = [`${number(hosts)} hosts`, `${number(urls)} URLs`];
  if (exactHosts > 0) parts.push(`${number(exactHosts)} hosts alone`);
  if (patterns > 0) parts.push(`${number(patterns)} host patterns`);
  if (exceptions > 0) parts.push(`${number(exceptions)} exceptions`);
  const none = ignoredInWords(ignored);
  return `${parts.join(', ')} of ${number(files)} file${files === 1 ? '' : 's'} in ${number(bytes)} bytes${none === '' ? '' : `; lines that gave no entry: ${none}`}`;
}
