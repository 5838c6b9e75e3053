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

export function readinessSection({ ok, checks, findings, skipped = [] }: Checked): Markup {
  const rows = findings.map(
    ({ check, severity, shard, message, next }) =>
      html`<tr><th scope="row">${check}</th><td class="words">${severity}</td><td class="words"><bdi>${shard ?? 'the run'}</bdi></td><td class="words"><bdi>${message}</bdi></td><td class="words">${next}</td></tr>`,
  );
  return html`<section aria-labelledby="readiness"><h2 id="readiness">Readiness</h2><p>${ok ? 'Nothing that refine check looked at makes the run unfit to train on.' : 'The run is not fit to train on as it is.'} Checked: ${checks.join(', ')}.</p>${
    findings.length === 0
      ? html`<p>No finding.</p>`
      : html`<div class="scroll"><table class="numbers made"><thead><tr><th scope="col">Check</th><th scope="col">Severity</th><th scope="col">Where</th><th scope="col">What</th><th scope="col">Next</th></tr></thead><tbody>${rows}</tbody></table></div>`
  }${skipped.length === 0 ? html`` : html`<p>Not checked: ${skipped.map(({ check, why }) => `${check} (${why})`).join('; ')}.</p>`}</section>`;
}
