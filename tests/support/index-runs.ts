// Runs over the three generated crawls, in a folder of its own, and what they kept.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { documents, openRun } from '../../pipeline/library.js';
import { type CliResult, refine } from './cli.js';
import { type Crawl, type Page, threeCrawls, writeCrawls } from './three-crawls.js';

export type Steps = readonly string[];

export class IndexRuns {
  readonly folder = mkdtempSync(join(tmpdir(), 'refine-index-'));
  readonly #crawls: ReadonlyMap<Crawl, ReadonlyMap<string, readonly Page[]>>;
  readonly pages: ReadonlyMap<string, Page>;

  constructor(files: number, each: number) {
    after(() => rmSync(this.folder, { recursive: true, force: true }));
    this.#crawls = threeCrawls(files, each);
    this.pages = new Map([...this.#crawls.values()].flatMap((inputs) => [...inputs.values()].flat()).map((page) => [page.id, page]));
    writeCrawls(this.folder, this.#crawls);
  }

  in(name: string): string {
    return join(this.folder, name);
  }

  async run(name: string, of: readonly Crawl[], steps: Steps, args: readonly string[] = []): Promise<CliResult> {
    const paths = of.flatMap((crawl) => [...this.#crawls.get(crawl)!.keys()]);
    const list = steps.map((step) => `  - ${step}\n`).join('');
    writeFileSync(this.in(`${name}.yaml`), `name: ${name}\nsource: { jsonl: ${JSON.stringify(paths)} }\nsteps:\n${list}`);
    return refine(['run', this.in(`${name}.yaml`), '--out', this.in(name), '--workers', '1', ...args]);
  }

  /** Ids of what the run kept. */
  async done(name: string, of: readonly Crawl[], steps: Steps, args: readonly string[] = []): Promise<string[]> {
    const result = await this.run(name, of, steps, args);
    assert.equal(result.code, 0, result.stderr);
    return this.survivors(name);
  }

  async refused(name: string, of: readonly Crawl[], steps: Steps, message: RegExp): Promise<void> {
    const result = await this.run(name, of, steps);
    assert.equal(result.code, 1, result.stdout);
    assert.match(result.stderr, message);
  }

  async survivors(name: string): Promise<string[]> {
    const ids: string[] = [];
    for await (const document of documents(await openRun(this.in(name)), ['id'])) ids.push(String(document.id));
    return ids.sort();
  }

  async index(...args: readonly string[]): Promise<string> {
    const result = await refine(['index', ...args], { cwd: this.folder });
    assert.equal(result.code, 0, result.stderr);
    return result.stdout;
  }
}
