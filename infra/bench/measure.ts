// CPU time of work in this process, repeated: median and spread. Wall clocks would measure the machine's other guests.

export interface Measured {
  /** Median CPU seconds (user + system, all threads) of one repeat. */
  readonly cpuSeconds: number;
  /** (max - min) / median. */
  readonly spread: number;
}

export function cpuSecondsSince(start: NodeJS.CpuUsage): number {
  const used = process.cpuUsage(start);
  return (used.user + used.system) / 1e6;
}

export async function measure(repeats: number, work: () => Promise<unknown> | unknown): Promise<Measured> {
  const seconds: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = process.cpuUsage();
    await work();
    seconds.push(cpuSecondsSince(start));
  }
  seconds.sort((a, b) => a - b);
  const median = seconds[seconds.length >> 1]!;
  return { cpuSeconds: median, spread: (seconds[seconds.length - 1]! - seconds[0]!) / median };
}
