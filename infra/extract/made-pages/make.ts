// Pages from templates: renders each instance, dresses some in what sites put around their software, and labels them.
import type { Template } from './template.js';
import { dress } from './dress.js';
import { type Run, runsOf, stripMarks } from './gold.js';
import { Kit } from './kit.js';

export interface MadePage {
  readonly id: string;
  readonly type: string;
  readonly site: string;
  readonly url: string;
  readonly html: string;
  readonly marked: string;
  readonly runs: readonly Run[];
}

export function makePage(template: Template, n: number): MadePage {
  const offset = template.name.length; // templates begin at different languages
  const kit = new Kit(template.name, n, template.langs[(n + offset) % template.langs.length]!);
  const site = `${template.name}.example`;
  const url = `https://${site}${template.path(kit)}`;
  const marked = dress(template.render(kit), template, kit);
  return { id: `${template.name}-${n}`, type: template.type, site, url, html: stripMarks(marked), marked, runs: runsOf(marked) };
}

export const makePages = (templates: readonly Template[]): MadePage[] =>
  templates.flatMap((one) => Array.from({ length: one.instances }, (_, n) => makePage(one, n)));
