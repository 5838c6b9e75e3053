// What a tree of processes uses, looked at a few times a second through /proc: the highest resident memory of each process (the
// kernel's own high-water mark), CPU time, bytes written; and how many bytes lie below a folder. Linux only; elsewhere null.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface ProcessUse {
  readonly pid: number;
  /** VmHWM. */
  readonly peakBytes: number;
  readonly cpuSeconds: number;
  /** Bytes given to write(): files, and messages to the parent, which are few. */
  readonly writtenBytes: number;
}

export const canWatch = existsSync('/proc/self/io');

/** Ticks of /proc/PID/stat: USER_HZ is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

function usedBy(pid: number): ProcessUse | null {
  try {
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name may hold anything; what follows begins with field 3
    const written = /^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'));
    return {
      pid,
      peakBytes: Number(peak?.[1] ?? 0) * 1024,
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
      writtenBytes: Number(written?.[1] ?? 0),
    };
  } catch {
    return null; // it has ended
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** Bytes of files below a folder, as they stand now. */
export function folderBytes(folder: string): number {
  let bytes = 0;
  const walk = (path: string): void => {
    let names: string[];
    try {
      names = readdirSync(path);
    } catch {
      return;
    }
    for (const name of names) {
      try {
        const found = statSync(join(path, name));
        if (found.isDirectory()) walk(join(path, name));
        else bytes += found.size;
      } catch {
        // it was renamed or removed in between
      }
    }
  };
  walk(folder);
  return bytes;
}

/** Watches the children of `parent` and what lies below `folder` until stopped. */
export class Watch {
  readonly #parent: number;
  readonly #folder: string;
  readonly #children = new Map<number, ProcessUse>();
  readonly #timer: NodeJS.Timeout;
  peakFolderBytes = 0;

  constructor(parent: number, folder: string, everyMs = 500) {
    this.#parent = parent;
    this.#folder = folder;
    this.#timer = setInterval(() => this.look(), everyMs);
  }

  look(): void {
    for (const pid of childrenOf(this.#parent)) {
      const use = usedBy(pid);
      if (use !== null) this.#children.set(pid, use);
    }
    this.peakFolderBytes = Math.max(this.peakFolderBytes, folderBytes(this.#folder));
  }

  /** The last that was seen of every child. */
  stop(): readonly ProcessUse[] {
    clearInterval(this.#timer);
    return [...this.#children.values()];
  }
}
