// `refine remove RUN --list FILE`: takes URLs, hosts and ids out of a finished run, with a proof that nothing of them remains.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { RefineError } from '../../native/errors.js';
import { type Proof, proveRemoved } from '../remove/proof.js';
import { type RemovalAnswer, removeFromRun } from '../remove/remove.js';
import { readRequest } from '../remove/request.js';
import { readRun } from '../run-folder.js';
import { action, collect, data, EXIT, interruptible, words } from './command.js';

interface Options {
  readonly list?: string;
  readonly index?: readonly string[];
  readonly dryRun?: boolean;
  readonly keepList?: boolean;
  readonly resume?: boolean;
  readonly verify?: boolean;
  readonly json?: boolean;
}

export function registerRemove(program: Command): void {
  program
    .command('remove')
    .description('takes URLs, hosts or ids out of a finished run: texts, tokens, features, samples and indexes, with a proof that nothing remains')
    .argument('<run>', 'the folder of a finished run')
    .option('--list <file>', 'a URL, a host (with all under it) or a document id a line; .jsonl: {"url": ...}, {"host": ...} or {"id": ...}')
    .option('--index <folder>', 'a dedupe index that holds the run: its part is made anew (several times: several indexes)', collect)
    .option('--dry-run', 'say what would be removed, and change nothing')
    .option('--keep-list', 'keep the list in plain words beside the record in RUN/removals (default: digests alone)')
    .option('--resume', 'end a removal that was interrupted; needs no list')
    .option('--verify', 'repeat the proof of earlier removals, and change nothing')
    .option('--json', 'print one JSON object')
    .action(
      action(async (folder: string, options: Options) => {
        const ways = [options.list !== undefined, options.resume === true, options.verify === true].filter(Boolean).length;
        if (ways !== 1) throw new RefineError('ERR_REFINE_USAGE', 'expected one of --list FILE, --resume and --verify.');
        if (/^[a-z0-9]+:\/\//i.test(folder))
          throw new RefineError('ERR_REFINE_USAGE', 'is no local folder. Copy the run here, remove there, and copy it back.', { place: folder });
        const indexes = (options.index ?? []).map((index) => resolve(index));
        const { signal, done } = interruptible();
        try {
          if (options.verify === true) {
            const proof = await proveRemoved(await readRun(folder), indexes, signal);
            if (options.json === true) await data(`${JSON.stringify({ run: folder, proof }, null, 1)}\n`);
            else await data(`${proofWords(proof).join('\n')}\n`);
            return proof.ok ? EXIT.done : EXIT.failed;
          }
          const request = options.list === undefined ? null : readRequest(options.list);
          const answer = await removeFromRun(folder, request, {
            dryRun: options.dryRun === true,
            indexes,
            signal,
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

function answerWords({ dryRun, counts, files, deleted, proof }: RemovalAnswer): string[] {
  const would = dryRun ? 'would be ' : '';
  const lines = [
    `${n(counts.documents)} kept documents (${n(counts.tokens)} tokens), ${n(counts.features)} rows of features and ${n(counts.samples)} of samples ${would}removed`,
    `${n(files.length)} files ${would}written anew${deleted.length === 0 ? '' : `, ${deleted.join(', ')} deleted`}`,
  ];
  if (counts.names > 0) lines.push(`${n(counts.names)} duplicates no longer name a removed document as the one kept`);
  if (counts.clusters > 0) lines.push(`${n(counts.clusters)} cluster sizes no longer count removed documents`);
  return proof === null ? lines : [...lines, ...proofWords(proof)];
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
