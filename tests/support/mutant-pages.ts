// Damaged pages: windows of given pages with tags and bytes deleted, doubled, swapped, inserted, cut and spliced.
// Seeded: mutant n of the same pages is always the same string.
import { randomFrom } from './random.js';

// Without <search>: parse5 8.1 forgets that it is special, as the standard's list has it.
const TAGS =
  'a abbr address applet article b base big blockquote body br button caption center code col colgroup dd details div dl dt em embed fieldset font footer form frame frameset h1 h2 h6 head hr html i iframe image img input isindex li link listing main marquee math menu meta mglyph mi mo mtext annotation-xml nav nobr noembed noframes noscript object ol p param plaintext pre rb rp rt rtc ruby s script section small span strike strong style sub svg desc foreignObject table tbody td template textarea tfoot th thead title tr tt u ul wbr xmp x-own'.split(
    ' ',
  );
const PIECES = [
  '<!--',
  '-->',
  '--!>',
  '<!-->',
  '<![CDATA[',
  ']]>',
  '<!DOCTYPE html>',
  '<!doctype html public "-//W3C//DTD HTML 3.2//EN">',
  '<?php',
  '</',
  '<',
  '>',
  '/>',
  '"',
  "'",
  '=',
  '&',
  '&amp',
  '&ampx',
  '&notin;',
  '&#',
  '&#x',
  '&#0;',
  '&#x80;',
  '&#x110000;',
  '\u0000',
  '\ufeff',
  '\ufffd',
  '\r',
  '\r\n',
  '\f',
  ' ',
  '\u00a0',
  'x',
  '\u{1f600}',
  '</script',
  '<!--<script>',
  ' id=1 id=2',
  ' type=hidden',
  ' encoding=text/html',
  ' color=red',
  '</p>',
  '</br>',
  '</x>',
];

export function mutantFrom(pages: readonly string[], number: number): string {
  const random = randomFrom(Math.imul(number + 1, 0x9e3779b1));
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;
  const window = (most: number): string => {
    const page = pick(pages);
    const from = random(4) === 0 ? 0 : random(page.length);
    return page.slice(from, from + 1 + random(most));
  };
  const tagAt = (text: string): [number, number] => {
    const from = text.indexOf('<', random(text.length + 1));
    if (from < 0) return [0, 0];
    const to = text.indexOf('>', from);
    return [from, to < 0 ? text.length : to + 1];
  };
  const tag = () => `<${random(3) === 0 ? '/' : ''}${pick(TAGS)}${random(8) === 0 ? ' class="x y"' : ''}${random(16) === 0 ? '/' : ''}>`;

  let text = window(random(4) === 0 ? 8000 : 2000);
  for (let edits = 1 + random(8); edits > 0; edits--) {
    const at = random(text.length + 1);
    const [from, to] = tagAt(text);
    switch (random(11)) {
      case 0:
        text = text.slice(0, at) + text.slice(at + 1 + random(20));
        break;
      case 1:
        text = text.slice(0, from) + text.slice(to);
        break;
      case 2:
        text = text.slice(0, to) + text.slice(from);
        break;
      case 3:
        text = text.slice(0, at) + text.slice(from, to) + text.slice(at);
        break;
      case 4: {
        const [other, end] = tagAt(text);
        if (other >= to) text = text.slice(0, from) + text.slice(other, end) + text.slice(to, other) + text.slice(from, to) + text.slice(end);
        break;
      }
      case 5:
      case 6:
        text = text.slice(0, at) + tag() + text.slice(at);
        break;
      case 7:
        text = text.slice(0, at) + pick(PIECES) + text.slice(at);
        break;
      case 8:
        text = text.slice(0, at) + window(500) + text.slice(at);
        break;
      case 9:
        text = text.slice(0, from) + tag() + text.slice(from);
        break;
      default:
        if (random(3) === 0) text = text.slice(0, at);
        else text = text.slice(0, at) + pick(PIECES) + text.slice(at + 1);
    }
  }
  return Buffer.from(text).toString(); // a cut through a surrogate pair becomes U+FFFD
}
