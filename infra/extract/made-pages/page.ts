// Parts that many templates share: the document around a body, posts with quotes and code, articles.
import { type Kit, escapeHtml, times } from './kit.js';

export function page(k: Kit, title: string, o: { head?: string; body: string; bodyAttributes?: string; htmlAttributes?: string; doctype?: string }): string {
  return `${o.doctype ?? '<!DOCTYPE html>'}
<html lang="${k.lang}"${o.htmlAttributes ? ` ${o.htmlAttributes}` : ''}>
<head>
<meta charset="utf-8">
<title>${title}</title>
${o.head ?? ''}
</head>
<body${o.bodyAttributes ? ` ${o.bodyAttributes}` : ''}>
${o.body}
</body>
</html>
`;
}

const CODE = [
  `for (const row of rows) {\n  if (row.width > limit) continue;\n  total += row.width;\n}`,
  `$ make -j4\ncc -O2 -c main.c -o main.o\nmain.c:42: warning: unused variable 'k'`,
  `def gears(front, rear):\n    return [(f, r, round(f / r, 2))\n            for f in front for r in rear]`,
  `[server]\nport = 8080\nbind = 127.0.0.1\nlog-level = debug`,
  `SELECT shelf, count(*)\n  FROM books\n WHERE lent IS NULL\n GROUP BY shelf;`,
  `Error: cannot open '/var/tmp/queue.lock'\n    at open (queue.js:118)\n    at start (main.js:20)`,
  `{\n  "name": "kiln",\n  "steps": [ { "to": 600, "hours": 4 } ],\n  "hold": true\n}`,
  `#include <stdio.h>\nint main(void) {\n  puts("hello");\n  return 0;\n}`,
  `sudo mount -o ro /dev/sdb1 /mnt/old\ndmesg | tail -n 20`,
  `SUM(B2:B14)/COUNT(B2:B14)`,
  `let paths = find(root)\n    .filter(|p| p.len() > 3)\n    .collect::<Vec<_>>();`,
  `<div class="row">\n  <span>one</span>\n</div>`,
];
const LINES = CODE.flatMap((code) => code.split('\n')).filter((line) => line.length > 6);

export const code = (k: Kit): string => escapeHtml(k.pick(CODE));
export const codeLine = (k: Kit): string => escapeHtml(k.pick(LINES).trim());
export const smiley = (k: Kit): string =>
  k.pick([
    ':)',
    ';-)',
    ':D',
    '^^',
    '<img src="/images/smilies/icon_smile.gif" alt=":)" title="Smile">',
    '<img class="smilies" src="./images/smilies/icon_e_wink.gif" width="15" height="17" alt=";)">',
    '😀',
    'xD',
    '',
  ]);

export interface PostParts {
  readonly quote?: (author: string, text: string) => string;
  readonly code?: (text: string) => string;
}

/** A post's body: paragraphs by <br> or <p>, some a few words, some an essay, some with a quote, code or a list in front or between. */
export function post(k: Kit, style: 'br' | 'p' | 'div', parts: PostParts = {}, first = false): string {
  const shape = first ? k.pick([3, 4, 4, 5]) : k.pick([0, 0, 1, 1, 2, 2, 2, 3, 3, 4]);
  const text: string[] =
    shape === 0
      ? [k.one('short')]
      : shape === 1
        ? [k.say('talk', 1)]
        : shape === 2
          ? [k.say('talk', k.int(2, 4))]
          : k.paras('talk', shape === 3 ? k.int(2, 3) : shape === 4 ? k.int(3, 6) : k.int(7, 14));
  if (first || k.chance(15)) text.push(k.one('asks'));
  if (first && k.chance(50)) text.unshift(k.one('greetings'));
  if (first && k.chance(60)) text.push(k.one('thanks'));
  const said = text.map((one) => (k.chance(20) ? k.inline(one) : one));
  if (k.chance(25)) said[0] += ` ${smiley(k)}`;
  const blocks: string[] = style === 'br' ? [said.join(k.chance(80) ? '<br />\n<br />\n' : '<br>')] : said.map((one) => `<${style}>${one}</${style}>`);
  if (!first && parts.quote && k.chance(40)) {
    const inner = k.chance(15) ? parts.quote(k.user(), k.say('talk', 1)) : '';
    blocks.unshift(parts.quote(k.user(), inner + k.say('talk', k.int(1, 3))));
    if (k.chance(20)) blocks.push(parts.quote(k.user(), k.say('talk', 1)), style === 'br' ? k.say('talk', 1) : `<p>${k.say('talk', 1)}</p>`);
  }
  if (parts.code && k.chance(first ? 35 : 15)) blocks.push(parts.code(code(k)), style === 'br' ? k.say('talk', 1) : `<${style}>${k.say('talk', 1)}</${style}>`);
  if (k.chance(8)) blocks.push(`<ul>${times(k.int(2, 5), () => `<li>${k.say('talk', 1)}</li>`)}</ul>`);
  if (k.chance(6)) blocks.push(`<img src="/attachments/${k.int(100, 999)}.jpg" alt="">`);
  return blocks.join(style === 'br' ? (k.chance(50) ? '<br />\n' : '\n') : '\n');
}

export const pager = (k: Kit, tag = 'div', names = 'pagination'): string =>
  `<${tag} class="${names}">${times(k.int(2, 5), (i) => (i === 0 ? `<span class="current">1</span>` : `<a href="?page=${i + 1}">${i + 1}</a>`), ' ')} <a href="?page=2" rel="next">${k.word('next')}</a></${tag}>`;
