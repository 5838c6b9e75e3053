// The inside of a documentation page, which every generator renders its own way: sections with code, tables, notes, lists.
import { type Kit, escapeHtml, times } from '../kit.js';
import { code, codeLine } from '../page.js';

export interface DocsMarkup {
  readonly code: (text: string) => string;
  readonly note: (title: string, text: string) => string;
  readonly heading: (level: number, text: string, id: string) => string;
  readonly table?: (head: string[], rows: string[][]) => string;
}

export const highlighted = (k: Kit, text: string): string =>
  text
    .replace(/\b(for|if|return|def|int|let|SELECT|FROM|const|continue|in)\b/g, (word) => (k.chance(80) ? `<span class="k">${word}</span>` : word))
    .replace(/\b(\d+)\b/g, '<span class="mi">$1</span>');

export const plainTable = (head: string[], rows: string[][]): string =>
  `<table><thead><tr>${head.map((one) => `<th>${one}</th>`).join('')}</tr></thead><tbody>${rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n')}</tbody></table>`;

const NAMES =
  'open close read write flush seek limit retries timeout encoding level output input name path mode verbose cache workers buffer_size on_error default strict format'.split(
    ' ',
  );
const TYPES = ['string', 'int', 'bool', 'list', 'float', 'path', 'number | null', 'Record<string, Row>'];
export const identifier = (k: Kit): string => k.pick(NAMES) + k.pick(['', '', '_all', '_into', 'Mode', '2']);
export const typeName = (k: Kit): string => escapeHtml(k.pick(TYPES));

export const signature = (k: Kit): string => `${identifier(k)}(${times(k.int(0, 3), () => `${identifier(k)}: ${typeName(k)}`, ', ')})`;

/** A section's inside: some of paragraphs, code, lists, tables, notes, in any order. */
export function matter(k: Kit, m: DocsMarkup, parts = k.int(2, 5)): string {
  const table = m.table ?? plainTable;
  const inline = (text: string): string => (k.chance(40) ? text.replace(/ ([a-z]{4,8}) /, ' <code>$1</code> ') : text);
  return times(parts, () =>
    k.pick([
      () => `<p>${inline(k.para('docs'))}</p>`,
      () => `<p>${inline(k.para('docs'))}</p>`,
      () => `<p>${inline(k.inline(k.para('docs')))}</p>\n${m.code(code(k))}`,
      () => m.code(`$ ${codeLine(k)}`),
      () => `<ul>${times(k.int(2, 6), () => `<li>${k.chance(40) ? `<p>${inline(k.say('docs', 1))}</p>` : inline(k.say('docs', 1))}</li>`)}</ul>`,
      () => `<ol>${times(k.int(2, 5), () => `<li>${k.say('docs', 1)}</li>`)}</ol>`,
      () => m.note(k.word(k.pick(['note', 'warning', 'example'])), `<p>${k.say('docs', k.int(1, 2))}</p>`),
      () =>
        table(
          [k.pick(['Name', 'Option', 'Parameter']), 'Type', k.word('description')],
          Array.from({ length: k.int(2, 9) }, () => [`<code>${identifier(k)}</code>`, typeName(k), k.say('docs', 1)]),
        ),
      () => `<dl>${times(k.int(2, 5), () => `<dt><code>--${identifier(k)}</code></dt><dd><p>${k.say('docs', 1)}</p></dd>`)}</dl>`,
    ])(),
  );
}

export interface Outline {
  readonly title: string;
  readonly sections: { id: string; title: string; under: string[] }[];
}
export function outline(k: Kit): Outline {
  return {
    title: k.chance(60) ? k.one('headings') : `${k.good()} ${k.one('headings')}`,
    sections: Array.from({ length: k.pick([1, 2, 3, 4, 6, 9]) }, (_, i) => ({
      id: `s${i}`,
      title: k.one('headings'),
      under: k.chance(25) ? [k.one('headings')] : [],
    })),
  };
}
/** Title, lead and sections in one piece; a generator that wraps its sections does so with `wrap`. */
export function body(k: Kit, o: Outline, m: DocsMarkup, wrap: (inner: string, id: string, level: number) => string = (inner) => inner): string {
  const section = (s: Outline['sections'][number]): string =>
    wrap(
      `${m.heading(2, s.title, s.id)}\n${matter(k, m)}\n${s.under.map((u, i) => wrap(`${m.heading(3, u, `${s.id}-${i}`)}\n${matter(k, m, k.int(1, 3))}`, `${s.id}-${i}`, 3)).join('')}`,
      s.id,
      2,
    );
  return wrap(`${m.heading(1, o.title, 'top')}\n${k.p('docs', k.int(1, 2))}\n${o.sections.map(section).join('\n')}`, 'top', 1);
}

/** Nested links of a sidebar. */
export const tree = (k: Kit, link: (text: string) => string, ul = 'ul'): string =>
  `<${ul}>${times(k.pick([4, 7, 12, 20, 35]), () => `<li>${link(k.one('headings'))}${k.maybe(35, () => `<${ul.split(' ')[0]}>${times(k.int(2, 6), () => `<li>${link(k.one('headings'))}</li>`)}</${ul.split(' ')[0]}>`)}</li>`)}</${ul.split(' ')[0]}>`;
