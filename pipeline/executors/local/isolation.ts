// What to do with a task whose worker ended: try again, look for the document that ends it, leave that one out, or give up.
// Pure: decides from outcomes alone. Invariant: a document is left out only after it ended its worker twice while it was alone in
// the step, each time in a fresh process, so what killed a worker from outside (a person, the kernel, a node going down) costs tries
// and never a document; and whatever happens, the number of tries of a task is bounded.
import type { Position } from '../../journal.js';
import type { MapSpec, Suspect, TaskSpec } from '../../tasks.js';
import type { CrashedPage, CrashReason } from '../../types.js';

/** Tries without an insight. */
export const TRIES = 3;
/** Documents of one input that may end their workers: beyond, the step is broken and not the pages. */
export const MOST_CRASHED = 16;
/** What a process does not do to itself unless memory ran out: told from outside, the same task may well end. */
const FROM_OUTSIDE = new Set(['SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT']);

export interface Death {
  readonly kind: 'died' | 'stalled' | 'memory' | 'threw';
  /** `signal SIGSEGV`, `exit code 7`, `used 1100 MiB, a worker may use 1024 MiB`, an error's first line. */
  readonly how: string;
  /** Where it ended by a signal. */
  readonly signal?: string | null;
  readonly at: Position;
}

export type Next =
  /** `soon`: before other tasks wait; else the task goes to the end of the line. */
  | { readonly do: 'run'; readonly spec: TaskSpec; readonly soon: boolean; readonly why: string }
  /** `broken`: of a step that is, and not of the task's documents. */
  | { readonly do: 'fail'; readonly why: string; readonly tries: number; readonly broken?: true };

const REASONS: Readonly<Record<Death['kind'], CrashReason>> = { died: 'crashed', threw: 'crashed', stalled: 'stalled', memory: 'out-of-memory' };

type Mode = { readonly name: 'plain' } | { readonly name: 'search'; readonly suspect: Suspect };

/** One task's way through its tries. */
export class Attempts {
  readonly #spec: TaskSpec;
  /** Names of the manifest's steps, which positions number. */
  readonly #steps: readonly string[];
  readonly #crashed: CrashedPage[] = [];
  /** Suspects whose documents all came through alone. */
  readonly #blameless = new Set<string>();
  #mode: Mode = { name: 'plain' };
  #lastAt = '';
  #tries = 0;

  constructor(spec: TaskSpec, steps: readonly string[]) {
    this.#spec = spec;
    this.#steps = steps;
  }

  get crashed(): readonly CrashedPage[] {
    return this.#crashed;
  }

  /** A search ended, and its worker lives. */
  cameThrough(): Next {
    const { suspect } = this.#mode as { suspect: Suspect };
    this.#blameless.add(key(suspect));
    this.#mode = { name: 'plain' };
    const which = suspect.first === suspect.last ? `document ${suspect.first}` : `each of documents ${suspect.first} to ${suspect.last}`;
    return this.#again(`${which} came through step "${suspect.step}" alone`, true);
  }

  ended(death: Death): Next {
    const suspect = this.#suspect(death.at);
    if (this.#mode.name === 'search') {
      const searched = this.#mode.suspect;
      const alone = suspect !== null && suspect.first === suspect.last && suspect.step === searched.step && suspect.shadow === searched.shadow;
      if (!alone) {
        this.#tries++;
        return this.#again(death.how, true);
      }
      if (searched.first !== searched.last) return this.#search(suspect, death.how);
      return this.#convict(suspect, death);
    }
    const place = suspect === null ? death.at.at : key(suspect);
    const seenBefore = place === this.#lastAt;
    this.#lastAt = place;
    this.#tries++;
    const fromOutside = death.kind === 'died' && death.signal != null && FROM_OUTSIDE.has(death.signal);
    if (suspect !== null && !this.#blameless.has(key(suspect)) && (!fromOutside || seenBefore)) return this.#search(suspect, death.how);
    return this.#again(death.how, false);
  }

  #suspect(at: Position): Suspect | null {
    const { kind, again } = this.#spec as Partial<MapSpec>;
    if (kind !== 'map' || again !== undefined || at.at !== 'step') return null;
    const step = this.#steps[at.step];
    return step === undefined ? null : { step, first: at.first, last: at.last, shadow: at.shadow };
  }

  #search(suspect: Suspect, how: string): Next {
    this.#mode = { name: 'search', suspect };
    return this.#again(how, true);
  }

  #convict({ step, first }: Suspect, death: Death): Next {
    this.#crashed.push({ step, row: first, reason: REASONS[death.kind], how: death.how });
    this.#mode = { name: 'plain' };
    this.#lastAt = '';
    this.#tries = 0;
    if (this.#crashed.length <= MOST_CRASHED) return this.#again(`document ${first} ends the worker in step "${step}" (${death.how}): it is left out`, true);
    const why = `${death.how}; ${this.#crashed.length} documents end their worker when each is alone in it, so it is the step "${step}" that is broken`;
    return { do: 'fail', why, tries: 1, broken: true };
  }

  #again(why: string, soon: boolean): Next {
    if (this.#tries >= TRIES) return { do: 'fail', why: `${why}${this.#accumulated()}`, tries: this.#tries };
    const spec: TaskSpec =
      this.#spec.kind !== 'map'
        ? this.#spec
        : {
            ...this.#spec,
            ...(this.#crashed.length === 0 ? {} : { crashed: [...this.#crashed] }),
            ...(this.#mode.name === 'search' ? { isolate: this.#mode.suspect } : {}),
          };
    return { do: 'run', spec, soon, why };
  }

  /** What a death means whose documents are all harmless alone. */
  #accumulated(): string {
    return this.#blameless.size === 0 ? '' : ', though every document there comes through alone: what grows is the worker over the task. Report it';
  }
}

function key({ step, first, last, shadow }: Suspect): string {
  return `${step} ${first} ${last} ${shadow}`;
}
