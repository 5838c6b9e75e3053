// What `refine check` found of the run, where it was asked: RUN/check/check.json as it stands.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { html, type Markup } from './markup.js';

interface Checked {
  readonly ok: boolean;
  readonly checks: readonly string[];
  readonly findings: readonly {
    readonly check: string;
    readonly severity: string;
    readonly shard: string | null;
    readonly message: string;
    readonly next: string;
  }[];
  readonly skipped?: readonly { readonly check: string; readonly why: string }[];
  /** The proxy run, as check/proxy-run.ts writes it; null or absent where none was asked for. */
  readonly proxy?: {
    readonly steps: number;
    readonly limit: string;
    readonly runs: readonly {
      readonly run: string;
      readonly seed: number;
      readonly verdict: { readonly kind: string; readonly words?: string };
      readonly curve: readonly (readonly [number, number, number])[];
      readonly bitsPerByte: Readonly<Record<string, number>>;
    }[];
    readonly against: { readonly run: string; readonly rule: string; readonly verdict: string; readonly mean: number; readonly margin: number | null } | null;
  } | null;
  readonly gap?: { readonly models: readonly [string, string]; readonly total: { readonly gap: number }; readonly limit: string } | null;
}

/** null where the run was never checked, or by a refine that writes another form. */
export async function readChecked(folder: string): Promise<Checked | null> {
  try {
    const value = JSON.parse(await readFile(join(folder, 'check', 'check.json'), 'utf8')) as Partial<Checked> & { readonly format?: number };
    return value.format === 1 && Array.isArray(value.findings) && Array.isArray(value.checks) ? (value as Checked) : null;
  } catch {
    return null;
  }
}

export function readinessSection({ ok, checks, findings, skipped = [], proxy = null, gap = null }: Checked): Markup {
  const rows = findings.map(
    ({ check, severity, shard, message, next }) =>
      html`<tr><th scope="row">${check}</th><td class="words">${severity}</td><td class="words"><bdi>${shard ?? 'the run'}</bdi></td><td class="words"><bdi>${message}</bdi></td><td class="words">${next}</td></tr>`,
  );
  return html`<section aria-labelledby="readiness"><h2 id="readiness">Readiness</h2><p>${ok ? 'Nothing that refine check looked at makes the run unfit to train on.' : 'The run is not fit to train on as it is.'} Checked: ${checks.join(', ')}.</p>${
    findings.length === 0
      ? html`<p>No finding.</p>`
      : html`<div class="scroll"><table class="numbers made"><thead><tr><th scope="col">Check</th><th scope="col">Severity</th><th scope="col">Where</th><th scope="col">What</th><th scope="col">Next</th></tr></thead><tbody>${rows}</tbody></table></div>`
  }${proxy === null ? html`` : proxyPart(proxy)}${
    gap === null
      ? html``
      : html`<p><bdi>${gap.models[1]}</bdi> needs ${signed(gap.total.gap)} bits a byte beside <bdi>${gap.models[0]}</bdi> on this run's documents. ${gap.limit}</p>`
  }${skipped.length === 0 ? html`` : html`<p>Not checked: ${skipped.map(({ check, why }) => `${check} (${why})`).join('; ')}.</p>`}</section>`;
}

const signed = (value: number): string => `${value < 0 ? '\u2212' : '+'}${Math.abs(value).toFixed(4)}`;

/** What small decoders learnt, and what follows from it at most. */
function proxyPart({ steps, limit, runs, against }: NonNullable<Checked['proxy']>): Markup {
  const texts = Object.keys(runs[0]?.bitsPerByte ?? {});
  const rows = runs.map(({ run, seed, verdict, curve, bitsPerByte }) => {
    const [, first = Number.NaN] = curve[0] ?? [];
    const [, last = Number.NaN, norm = Number.NaN] = curve.at(-1) ?? [];
    return html`<tr><th scope="row"><bdi>${run}</bdi></th><td>${seed}</td><td>${first.toFixed(2)}</td><td>${last.toFixed(2)}</td><td>${norm.toFixed(2)}</td>${texts.map((text) => html`<td>${(bitsPerByte[text] ?? Number.NaN).toFixed(3)}</td>`)}<td class="words">${verdict.words ?? verdict.kind}</td></tr>`;
  });
  const heads = ['Run', 'Seed', 'First loss', 'Last loss', 'Gradient norm', ...texts.map((text) => `Bits a byte, ${text.split(/[\\/]/).at(-1)}`), 'Ended'];
  return html`<p>Small decoders learnt ${steps} steps from the run.${
    against === null
      ? html``
      : html` Against <bdi>${against.run}</bdi>: <strong>${against.verdict}</strong> (${signed(against.mean)} bits a byte${against.margin === null ? html`` : html`, \u00b1 ${against.margin.toFixed(4)} over seeds`}; ${against.rule}).`
  }</p><div class="scroll"><table class="numbers made"><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div><p>${limit}</p>`;
}
