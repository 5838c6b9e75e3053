// `refine remove RUN --list FILE`: takes URLs, hosts and ids out of a finished run, with a proof that nothing of them remains.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { RefineError } from '../../native/errors.js';
import type { Proof } from '../remove/proof.js';
import type { RemovalAnswer } from '../remove/remove.js';
import { isAddress, isS3 } from '../storage/object-store.js';
import { action, collect, data, EXIT, interruptible, words } from './command.js';

interface Options {
  readonly list?: string;
  readonly index?: readonly string[];
  readonly dryRun?: boolean;
  readonly keepList?: boolean;
  readonly resume?: boolean;
  readonly verify?: boolean;
  readonly work?: string;
  readonly json?: boolean;
}

export function registerRemove(program: Command): void {
  program
    .command('remove')
    .description('takes URLs, hosts or ids out of a finished run: texts, tokens, features, samples and indexes, with a proof that nothing remains')
    .argument('<run>', 'the folder of a finished run, here or at s3://BUCKET/PREFIX')
    .option('--list <file>', 'a URL, a host (with all under it) or a document id a line; .jsonl: {"url": ...}, {"host": ...} or {"id": ...}')
    .option('--index <folder>', 'a dedupe index that holds the run: its part is made anew (several times: several indexes)', collect)
    .option('--dry-run', 'say what would be removed, and change nothing')
    .option('--keep-list', 'keep the list in plain words beside the record in RUN/removals (default: digests alone)')
    .option('--resume', 'end a removal that was interrupted; needs no list')
    .option('--verify', 'repeat the proof of earlier removals, and change nothing')
    .option('--work <dir>', 'of a run on S3: the folder here that its files come into (default: below the cache folder)')
    .option('--json', 'print one JSON object')
    .action(
      action(async (folder: string, options: Options) => {
        const ways = [options.list !== undefined, options.resume === true, options.verify === true].filter(Boolean).length;
        if (ways !== 1) throw new RefineError('ERR_REFINE_USAGE', 'expected one of --list FILE, --resume and --verify.');
        const stored = isS3(folder);
        if (!stored && isAddress(folder))
          throw new RefineError('ERR_REFINE_USAGE', 'is read only. Name the run as a folder or s3://BUCKET/PREFIX, where its files can be written anew.', {
            place: folder.replace(/[?#].*$/s, ''),
          });
        if (!stored && options.work !== undefined)
          throw new RefineError('ERR_REFINE_USAGE', 'goes with a run at s3://BUCKET/PREFIX alone: one in a folder is changed there.', { place: '--work' });
        const { proveRemoved } = await import('../remove/proof.js');
        const { removeFromRun } = await import('../remove/remove.js');
        const { readRequest } = await import('../remove/request.js');
        const { removeFromStore, verifyStored } = await import('../remove/stored-run.js');
        const { readRun } = await import('../run-folder.js');
        const indexes = (options.index ?? []).map((index) => resolve(index));
        const { signal, done } = interruptible();
        const at = { signal, notice: words, ...(options.work === undefined ? {} : { work: options.work }) };
        try {
          if (options.verify === true) {
            const proof = stored ? await verifyStored(folder, indexes, at) : await proveRemoved(await readRun(folder), indexes, signal);
            if (options.json === true) await data(`${JSON.stringify({ run: folder, proof }, null, 1)}\n`);
            else await data(`${proofWords(proof).join('\n')}\n`);
            return proof.ok ? EXIT.done : EXIT.failed;
          }
          const request = options.list === undefined ? null : readRequest(options.list);
          const answer = await (stored ? removeFromStore : removeFromRun)(folder, request, {
            ...at,
            dryRun: options.dryRun === true,
            indexes,
            ...(options.keepList === true && options.list !== undefined ? { plainList: readFileSync(options.list, 'utf8') } : {}),
          });
          if (options.json === true) await data(`${JSON.stringify(answer, null, 1)}\n`);
          else await data(`${answerWords(answer).join('\n')}\n`);
          if (answer.proof?.ok === false) words('refine remove: something remains; see above. Delete or mend those files, then: refine remove RUN --verify');
          return answer.proof?.ok === false ? EXIT.failed : EXIT.done;
        } finally {
          done();
        }
      }),
    );
}

const n = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

function answerWords({ dryRun, counts, files, deleted, proof, olderVersions }: RemovalAnswer): string[] {
  const would = dryRun ? 'would be ' : '';
  const lines = [
    `${n(counts.documents)} kept documents (${n(counts.tokens)} tokens), ${n(counts.features)} rows of features and ${n(counts.samples)} of samples ${would}removed`,
    `${n(files.length)} files ${would}written anew${deleted.length === 0 ? '' : `, ${deleted.join(', ')} deleted`}`,
  ];
  if (counts.names > 0) lines.push(`${n(counts.names)} duplicates no longer name a removed document as the one kept`);
  if (counts.clusters > 0) lines.push(`${n(counts.clusters)} cluster sizes no longer count removed documents`);
  if (proof === null) return lines;
  lines.push(...proofWords(proof));
  if (olderVersions === true)
    lines.push('the bucket keeps older versions, which hold what was removed: delete them by a lifecycle rule (NoncurrentVersionExpiration)');
  if (olderVersions === null) lines.push('the store does not say whether it keeps older versions; if it does, they hold what was removed: delete them');
  return lines;
}

function proofWords(proof: Proof): string[] {
  const { windows, remains, alike } = proof;
  const head = `proof: ${n(proof.files)} files, ${n(proof.bytes)} bytes and ${n(proof.documents)} texts were read, ${n(windows.text)} passages and ${n(windows.tokens)} token sequences looked for`;
  const copies = alike.filter(({ copy }) => copy);
  const lines = [head, proof.ok ? 'nothing that was removed remains' : `${n(remains.length)} places where something remains:`];
  for (const { path, what } of remains) lines.push(`  ${path}  ${what}`);
  if (alike.length > 0)
    lines.push(`${n(alike.length)} places hold passages of removed texts, in documents that no list names; ${n(copies.length)} of them are copies`);
  for (const { id, shard, copy } of alike.slice(0, 20))
    lines.push(`  ${JSON.stringify(id)} in ${shard}${copy ? '  (a copy: name it in a list to remove it too)' : ''}`);
  return lines;
}
