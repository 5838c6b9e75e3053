// Keeps a run's GPU process: starts it before the workers, again where it ends by itself, and ends it with the run.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RefineError } from '../native/errors.js';
import type { GpuStart } from './gpu-process.js';

const PROCESS = fileURLToPath(new URL('./gpu-process.js', import.meta.url));

type Said = { readonly ready: true } | { readonly failed: string } | { readonly notice: string };

export class GpuService {
  readonly #library: string;
  readonly #folder: string;
  readonly #notice: (sentence: string) => void;
  #child: ChildProcess | undefined;
  #closed = false;

  private constructor(library: string, folder: string, notice: (sentence: string) => void) {
    this.#library = library;
    this.#folder = folder;
    this.#notice = notice;
  }

  static async start(library: string, notice: (sentence: string) => void = () => undefined): Promise<GpuService> {
    // A socket's path has 107 bytes at most, so it does not lie in the run folder. mkdtemp's folder is the user's alone.
    const service = new GpuService(library, mkdtempSync(join(tmpdir(), 'refine-gpu-')), notice);
    try {
      await service.#spawn();
    } catch (error) {
      await service.close();
      throw error;
    }
    return service;
  }

  get address(): string {
    return join(this.#folder, 'gpu');
  }

  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL'); // nothing in it is worth keeping
      await gone;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #spawn(): Promise<void> {
    rmSync(this.address, { force: true });
    const child = fork(PROCESS, [], { serialization: 'advanced', execArgv: ['--enable-source-maps'], stdio: ['ignore', 2, 2, 'ipc'] });
    this.#child = child;
    return new Promise((resolve, reject) => {
      const failed = (why: string): void => reject(new RefineError('ERR_REFINE_DEVICE', `the run's GPU process does not start: ${why}. Run with --device cpu`));
      child.once('error', (error) => failed(error.message));
      child.on('message', (said: Said) => {
        if ('ready' in said) {
          ready = true;
          resolve();
        } else if ('failed' in said) failed(said.failed);
        else this.#notice(said.notice);
      });
      let ready = false;
      child.once('exit', (code, signal) => {
        failed(signal === null ? `exit code ${code}` : `signal ${signal}`); // nothing where it was ready
        if (this.#closed || this.#child !== child || !ready) return;
        this.#notice(`The GPU process ended (${signal === null ? `exit code ${code}` : `signal ${signal}`}) and is started again; its tasks are tried again.`);
        this.#spawn().catch(() => undefined); // workers find no socket then, and say so
      });
      const start: GpuStart = { library: this.#library, address: this.address };
      child.send(start, () => undefined);
    });
  }
}
