// What step `url` knows by host: numbers of a table as columns of the documents (`join`), and robots.txt of today (`robots`).
import { readdirSync, statSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { z } from 'zod';
import type { BytesColumn, FixedColumn } from '../../native/index.js';
import type { OptionProblem, StageEnv } from '../contract/stage.js';
import { isProblem, type Join, type JoinOptions, type JoinProblem, resolveJoin } from './host-columns.js';
import { openHostTable, prepareHostTable } from './host-table.js';
import { locate } from './lists.js';
import { openRobots, prepareRobots, type RobotsFiles, robotsFormat } from './robots.js';

const joined = z.strictObject({
  file: z.string().min(1).describe('The table: Parquet, Arrow, TSV or CSV (also .gz) with column names.'),
  host: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'The column of host names; by default the first of host, hostname, host_name, url_host_name, domain, registered_domain, url_host_registered_domain, host_rev, domain_rev, surt_host_name, or the only text column.',
    ),
  columns: z.array(z.string().min(1)).min(1).nullable().default(null).describe('The columns to bring; by default every numeric one.'),
  reversed: z
    .boolean()
    .nullable()
    .default(null)
    .describe("Hosts are written com.example.www (or com,example,www); by default true where the host column's name ends in _rev or begins with surt."),
  level: z
    .enum(['host', 'domain'])
    .nullable()
    .default(null)
    .describe(
      "What a document is looked up by: its host, or its registrable domain (where the table lacks that, the nearest above it); by default domain where the host column's name says so, and for host_rev beside n_hosts (CommonCrawl's domain ranks).",
    ),
});

export const byHostOptions = {
  join: z
    .union([
      z
        .string()
        .min(1)
        .transform((file): JoinOptions => ({ file, host: null, columns: null, reversed: null, level: null })),
      joined,
      z.null(),
    ])
    .default(null)
    .describe(
      "A table of numbers by host, such as CommonCrawl's ranks: each numeric column becomes `host_<name>` (float64, null where the table has no such host), in shards and in features/. A host that is absent is looked up without its leading www.; of rows for one host the first counts.",
    ),
  robots: z
    .union([
      z
        .string()
        .min(1)
        .transform((file) => [file]),
      z.array(z.string().min(1)),
      z.record(z.string().min(1), z.string().min(1)),
    ])
    .default([])
    .describe(
      "robots.txt files of today, applied to the documents' URLs: CommonCrawl's robotstxt WARC files (or folders of them), .jsonl with host (or url), robots and perhaps status, .tsv with host and robots.txt (\\n for newlines), or {host: FILE} with plain files. By RFC 9309: a host without a file, or with 4xx, allows everything, one with 5xx nothing; of a host's files the one read last counts. Host and port are one service whatever the scheme; 80 and 443 count as no port.",
    ),
  agents: z
    .array(z.string().regex(/^(?:\*|[A-Za-z0-9_.-]+)$/, "a crawler's name, such as GPTBot"))
    .min(1)
    .default(['GPTBot', 'CCBot'])
    .describe('The crawlers whose rules count, with `robots`: a document is dropped where any of them may not fetch its URL (`url/robots`).'),
};

export interface ByHostOptions {
  readonly join: JoinOptions | null;
  readonly robots: readonly string[] | Readonly<Record<string, string>>;
  readonly agents: readonly string[];
}

/** As `at` option, for files that are named and not there. */
interface Missing {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

function joinOf(options: ByHostOptions, env: StageEnv): Join | JoinProblem | null {
  if (options.join === null) return null;
  const path = locate(options.join.file, env.baseDir);
  try {
    return resolveJoin(path, options.join);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { option: 'file', message: `${JSON.stringify(options.join.file)} is not there. Correct the path, or take the option out` };
    return { option: 'file', message: `${JSON.stringify(options.join.file)} cannot be read as a table: ${message}` };
  }
}

function knownJoin(options: ByHostOptions, env: StageEnv): Join | null {
  const join = joinOf(options, env);
  return join === null || isProblem(join) ? null : join;
}

function isFolder(path: string): boolean | null {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? null;
}

function robotsOf(options: ByHostOptions, env: StageEnv): { readonly robots: RobotsFiles | null; readonly missing: readonly Missing[] } {
  const files: RobotsFiles['files'][number][] = [];
  const hosts: RobotsFiles['hosts'][number][] = [];
  const missing: Missing[] = [];
  const report = (at: string | number, message: string) => missing.push({ path: ['robots', at], message });
  const absent = (file: string) => `${JSON.stringify(file)} is not there. Correct the path, or take it out`;
  if (Array.isArray(options.robots)) {
    for (const [index, file] of (options.robots as readonly string[]).entries()) {
      const path = locate(file, env.baseDir);
      const folder = isFolder(path);
      const format = robotsFormat(path);
      if (folder === null) report(index, absent(file));
      else if (folder) {
        const inside = readdirSync(path)
          .filter((name) => robotsFormat(name) !== null)
          .sort();
        if (inside.length === 0) report(index, `${JSON.stringify(file)} holds no .warc, .jsonl or .tsv files`);
        files.push(...inside.map((name) => ({ path: joinPath(path, name), format: robotsFormat(name)! })));
      } else if (format === null) {
        report(
          index,
          `${JSON.stringify(file)} is of a kind that is not known; expected .warc, .jsonl or .tsv (also .gz). For a plain robots.txt write { host: FILE }`,
        );
      } else files.push({ path, format });
    }
  } else {
    for (const [host, file] of Object.entries(options.robots as Readonly<Record<string, string>>)) {
      const path = locate(file, env.baseDir);
      const address = URL.canParse(`http://${host}/`) ? new URL(`http://${host}/`) : null;
      if (address === null || address.pathname !== '/' || address.search !== '') report(host, `${JSON.stringify(host)} is no host`);
      else if (isFolder(path) !== false) report(host, absent(file));
      else hosts.push({ host, path });
    }
  }
  return { robots: files.length + hosts.length > 0 ? { agents: options.agents, files, hosts } : null, missing };
}

export function checkByHost(options: ByHostOptions, env: StageEnv): readonly OptionProblem[] {
  const problems: OptionProblem[] = [...robotsOf(options, env).missing];
  const join = joinOf(options, env);
  if (join !== null && isProblem(join))
    problems.push({ path: options.join![join.option] === null || join.option === 'file' ? ['join'] : ['join', join.option], message: join.message });
  return problems;
}

export function byHostAssets(options: ByHostOptions, env: StageEnv): readonly string[] {
  const { robots } = robotsOf(options, env);
  const join = options.join === null ? [] : [locate(options.join.file, env.baseDir)];
  return [...join, ...(robots?.files.map(({ path }) => path) ?? []), ...(robots?.hosts.map(({ path }) => path) ?? [])];
}

export const byHostColumns = (options: ByHostOptions, env: StageEnv): readonly string[] => knownJoin(options, env)?.columns.map(({ name }) => name) ?? [];

export async function prepareByHost(options: ByHostOptions, env: StageEnv): Promise<void> {
  if (env.scratch === undefined) return;
  const join = knownJoin(options, env);
  if (join !== null) await prepareHostTable(join, env.scratch);
  const { robots } = robotsOf(options, env);
  if (robots !== null) await prepareRobots(robots, env.scratch);
}

export interface ByHost {
  readonly columns: (url: BytesColumn) => Promise<Record<string, FixedColumn> | undefined>;
  /** Gives rows that no other reason drops the code, where their URL is disallowed. */
  readonly dropDisallowed: (url: BytesColumn, drops: Uint16Array, code: number) => Promise<void>;
}

export async function openByHost(options: ByHostOptions, env: StageEnv): Promise<ByHost> {
  const join = knownJoin(options, env);
  const { robots: files } = robotsOf(options, env);
  const table = join === null ? null : await openHostTable(join, env.scratch);
  const robots = files === null ? null : await openRobots(files, env.scratch);
  return {
    columns: async (url) => await table?.columnsOf(url),
    async dropDisallowed(url, drops, code) {
      const disallowed = await robots?.judge(url);
      disallowed?.forEach((yes, row) => {
        if (yes === 1 && drops[row] === 0) drops[row] = code;
      });
    },
  };
}
