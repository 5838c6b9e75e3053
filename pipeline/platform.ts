// What only the operating system knows: whether a process is the one that was written down, what memory it holds, what memory
// there is, what the processor can do. The only file with calls that differ between systems; where one does not answer, null says so.
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM'; // alive, another user's
  }
}

/** When the process started, in the system's own spelling; equal pid and start mean the same process. */
export function processStart(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name may hold spaces and brackets
      if (fields[0] === 'Z') return null; // a zombie holds nothing any more
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
      return `${boot}:${fields[19]}`; // field 22: start in clock ticks since boot
    }
    if (process.platform === 'win32') return null;
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'latin1', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return started === '' ? null : started;
  } catch {
    return null;
  }
}

/** What the numbers of processes are relative to (containers have their own); null where the system has one for all. */
export function processSpace(): string | null {
  if (process.platform !== 'linux') return null;
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return null;
  }
}

/** Resident bytes of another process; null where the system does not tell cheaply. */
export function residentBytes(pid: number): number | null {
  if (process.platform !== 'linux') return null;
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(status);
    return line === null ? null : Number(line[1]) * 1024;
  } catch {
    return null;
  }
}

/** Bytes that another process has read and written so far, by system calls; null where the system does not tell. */
export function ioBytes(pid: number): number | null {
  if (process.platform !== 'linux') return null;
  try {
    const io = readFileSync(`/proc/${pid}/io`, 'latin1');
    return Number(/^rchar: (\d+)$/m.exec(io)?.[1] ?? 0) + Number(/^wchar: (\d+)$/m.exec(io)?.[1] ?? 0);
  } catch {
    return null;
  }
}

/** The processor's name and instruction sets; null where the system does not list them (the core finds out by itself). */
export function describeProcessor(): { readonly model: string | null; readonly flags: ReadonlySet<string> } | null {
  if (process.platform !== 'linux') return null;
  try {
    const info = readFileSync('/proc/cpuinfo', 'utf8');
    const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(info)?.[1]?.split(' ') ?? []; // x86 and arm64 name the line differently
    return { model: /^model name\s*:\s*(.*)$/m.exec(info)?.[1] ?? null, flags: new Set(flags) };
  } catch {
    return null;
  }
}

/** Memory this process group may use: the container's limit where there is one. */
export function memoryBytes(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  const total = totalmem();
  return limit > 0 && limit < total ? limit : total;
}

/** Resident bytes a worker process may use. */
export const WORKER_BYTES = 1024 ** 3;

/** Workers that memory has room for; an eighth stays for the system and this process. */
export function workersInMemory(workerBytes = WORKER_BYTES): number {
  return Math.floor((memoryBytes() * 7) / 8 / workerBytes);
}

/** A worker a core, as far as memory lets each have its cap. */
/** How long a worker may make no progress before it is taken for hung. */
export const STALL_MS = 10 * 60_000;

export function defaultWorkers(workerBytes = WORKER_BYTES): number {
  return Math.max(1, Math.min(availableParallelism(), workersInMemory(workerBytes)));
}

/** From this size on glibc takes memory from the system and gives it back at once. */
const MMAP_THRESHOLD_BYTES = 4 << 20;

/**
 * How glibc keeps a worker's memory (other C libraries ignore it; what the user set stands). Two arenas: each thread has one otherwise,
 * with its own slack. A batch's buffers of up to 16 MiB apart from small blocks: glibc raises its threshold to the largest block that
 * was freed, and then each small block that settles in such a hole makes the next buffer grow the heap by its whole size. Huge pages
 * make up for the page faults of that (infra/docs/faults.md has figures).
 */
export function mallocSettings(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const own = 'glibc.malloc.hugetlb=1';
  return {
    MALLOC_ARENA_MAX: env.MALLOC_ARENA_MAX ?? '2',
    MALLOC_MMAP_THRESHOLD_: env.MALLOC_MMAP_THRESHOLD_ ?? String(MMAP_THRESHOLD_BYTES),
    GLIBC_TUNABLES: env.GLIBC_TUNABLES === undefined || env.GLIBC_TUNABLES === '' ? own : `${own}:${env.GLIBC_TUNABLES}`, // the last one counts
  };
}
