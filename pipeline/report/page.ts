// The page: sections in order, one style and one script of ours, both named by hash in the Content-Security-Policy, nothing from
// anywhere else. Invariant: the same run gives the same bytes; wall times stand apart and can be left out.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { packagePath } from '../../native/package-root.js';
import type { RunData } from './collect.js';
import { compareSection, type Pair } from './page-compare.js';
import { type Content, html, Markup } from './markup.js';
import { funnelSection, headline, publishedSection } from './page-funnel.js';
import { keptSection } from './page-kept.js';
import { readinessSection } from './page-readiness.js';
import { provenanceSection, speedSection } from './page-run.js';
import { samplesSection } from './page-samples.js';
import { thresholdSection } from './page-thresholds.js';

export interface PageOptions {
  /** Leave out wall times, the part that differs between runs of one manifest. */
  readonly times: boolean;
}

export function reportPage(data: RunData, options: PageOptions, pair: Pair | null = null): string {
  const name = data.stats.name ?? 'run';
  const speed = options.times ? speedSection(data) : null;
  const runs = pair === null ? [{ name, data }] : [pair.first, pair.second];
  const head = html`<h1><bdi>${pair === null ? name : `${pair.first.name} and ${pair.second.name}`}</bdi></h1>${
    pair === null ? headline(data) : html`<p>What the two make of the same documents comes first; all below it is about <bdi>${pair.first.name}</bdi>.</p>`
  }`;
  return documentOf(`${name}: what refine kept and dropped`, head, [
    ...(pair === null ? [] : [['compared', 'Two runs', compareSection(pair)] as Section]),
    ['funnel', 'Funnel', funnelSection(data)],
    ['published', 'Published funnels', publishedSection(runs)],
    ['thresholds', 'Thresholds', thresholdSection(data)],
    ['kept', 'What was kept', keptSection(data)],
    ['samples', 'Samples', samplesSection(data)],
    ...(data.checked === null ? [] : [['readiness', 'Readiness', readinessSection(data.checked)] as Section]),
    ...(speed === null ? [] : [['speed', 'Speed', speed] as Section]),
    ['made', 'How it was made', provenanceSection(data)],
  ]);
}

export type Section = readonly [id: string, name: string, body: Markup];

export function documentOf(title: string, head: Content, sections: readonly Section[]): string {
  const style = readFileSync(packagePath('pipeline', 'report', 'page.css'), 'utf8');
  const script = readFileSync(packagePath('pipeline', 'report', 'page.mjs'), 'utf8');
  const digest = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const policy = `default-src 'none'; style-src ${digest(style)}; script-src ${digest(script)}; base-uri 'none'; form-action 'none'`;
  return html`${new Markup('<!doctype html>')}
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer"><title>${title}</title><style>${new Markup(style)}</style></head>
<body><a class="skip" href="#main">Skip to the report</a><header>${head}<nav aria-label="Sections"><ul>${sections.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav></header>
<main id="main">${sections.map(([, , body]) => body)}</main>
<script>${new Markup(script)}</script></body></html>
`.text;
}
