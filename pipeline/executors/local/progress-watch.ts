// Tells which workers stopped making progress, on a clock that may jump: a laptop that slept, a stopped process group, a machine
// that was paused. Each tick charges what passed since the last one, and never more than two ticks, to every worker whose counts
// did not move; time in which nobody looked is nobody's. Invariant: no wall time; a worker is late only after `stallMs` that were watched.

export interface Watched {
  /** Counted work; any change is progress. null: it waits for something that is not its own, and no time is charged. */
  work(): string | null;
  stalled(silentMs: number): void;
}

interface Silence {
  work: string;
  ms: number;
}

export class ProgressWatch {
  readonly #stallMs: number;
  readonly #tickMs: number;
  readonly #now: () => number;
  readonly #silent = new Map<Watched, Silence>();
  #last: number;

  /** `now` is monotonic milliseconds; `tickMs` how often `tick` is called. */
  constructor(stallMs: number, tickMs: number, now: () => number = () => performance.now()) {
    this.#stallMs = stallMs;
    this.#tickMs = tickMs;
    this.#now = now;
    this.#last = now();
  }

  /** A task begins. */
  begin(watched: Watched): void {
    this.#silent.set(watched, { work: '', ms: 0 });
  }

  end(watched: Watched): void {
    this.#silent.delete(watched);
  }

  tick(): void {
    const now = this.#now();
    const passed = Math.max(0, Math.min(now - this.#last, 2 * this.#tickMs));
    this.#last = now;
    for (const [watched, silence] of this.#silent) {
      const work = watched.work();
      if (work === null || work !== silence.work) {
        silence.work = work ?? silence.work;
        silence.ms = 0;
        continue;
      }
      silence.ms += passed;
      if (silence.ms < this.#stallMs) continue;
      this.#silent.delete(watched);
      watched.stalled(silence.ms);
    }
  }
}
