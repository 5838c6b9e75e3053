// One process makes a file that many want, the others wait for it. The lock is a file that its holder touches; one that is not
// touched any more, or whose process is gone, is taken over, so a holder that was killed stops nobody.
// Invariant: losing a race costs work, never correctness: what is made appears whole, by renaming, and has the same bytes.
import { readFile, stat, unlink, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createFileOnce, removeVoid } from '../atomic-file.js';
import { isAlive, processStart } from '../platform.js';

const TOUCH_MS = 2000;
const STALE_MS = 20_000;
const LOOK_MS = 100;

export class BuildLock {
  readonly #path: string;
  readonly #touch: NodeJS.Timeout;

  private constructor(path: string) {
    this.#path = path;
    this.#touch = setInterval(() => {
      const now = new Date();
      utimes(path, now, now).catch(() => undefined);
    }, TOUCH_MS);
    this.#touch.unref();
  }

  /** Null once `made` says that another made it. */
  static async take(path: string, made: () => Promise<boolean>, { staleMs = STALE_MS } = {}): Promise<BuildLock | null> {
    const me = JSON.stringify({ pid: process.pid, host: hostname(), start: processStart(process.pid) });
    let touched = 0;
    let since = performance.now();
    for (;;) {
      if (await createFileOnce(path, me)) {
        if (!(await made())) return new BuildLock(path);
        await unlink(path).catch(() => undefined); // it was made between our first look and the lock
        return null;
      }
      const now = (await stat(path).catch(() => null))?.mtimeMs ?? 0;
      if (now !== touched) {
        touched = now;
        since = performance.now();
      }
      if (performance.now() - since > staleMs || isDead(await readFile(path, 'utf8').catch(() => ''))) await removeVoid(path);
      else await sleep(LOOK_MS);
      if (await made()) return null;
    }
  }

  async release(): Promise<void> {
    clearInterval(this.#touch);
    await unlink(this.#path).catch(() => undefined);
  }
}

/** True where the holder was a process of this machine and is gone. */
function isDead(text: string): boolean {
  try {
    const { pid, host, start } = JSON.parse(text) as { pid: number; host: string; start: string | null };
    return host === hostname() && (!isAlive(pid) || (start !== null && processStart(pid) !== start));
  } catch {
    return false;
  }
}
