// Pages made to be slow: for each construct of HTML whose handling is superlinear in some parser, a page of any size full
// of it. The test counts the work on them, the bench prints the time.

const fill = (unit: string, bytes: number) => unit.repeat(Math.max(1, Math.floor(bytes / unit.length)));
/** `before`, then `after`, each a share of the bytes. */
const two = (before: string, after: string) => (bytes: number) => fill(before, bytes / 2) + fill(after, bytes / 2);
const piles = (depth: number, unit: string, after: string) => (bytes: number) => unit.repeat(depth) + fill(after, bytes - depth * unit.length);
/** Units that differ by a number. */
const numbered = (unit: (n: number) => string) => (bytes: number) => {
  const parts: string[] = [];
  let length = 0;
  for (let n = 0; length < bytes; n++) {
    const part = unit(n);
    parts.push(part);
    length += part.length;
  }
  return parts.join('');
};

export const HOSTILE_PAGES: Readonly<Record<string, (bytes: number) => string>> = {
  'adoption agency': (bytes) => fill('<b><p>x</b>', bytes),
  'adoption agency, nested': piles(10_000, '<b><div>', '</b>'),
  'adoption agency, one deep element': (bytes) => `<b>${'<div>'.repeat(20_000)}${fill('</b>', bytes - 100_000)}`,
  'adoption agency, many children': (bytes) => `<b><div>${fill('<br>', bytes / 2)}${fill('</b><b>', bytes / 2)}`,
  'adoption agency, alternating': (bytes) => fill('<a><i><div></a>', bytes),
  'formatting elements in a pile': (bytes) => fill('<b>', bytes),
  'formatting elements, each its own': numbered((n) => `<b id=${n}>`),
  'formatting elements, reopened': (bytes) => '<b id=1><i id=2><u id=3><s id=4>'.repeat(1) + fill('<p>x', bytes),
  'formatting elements, forty reopened': (bytes) => numbered((n) => `<b id=${n}>`)(400) + fill('<p>x', bytes),
  'formatting elements, closed unopened': two('<span>', '</i></b></u>'),
  'long class copied': (bytes) => `<p><b class="${'ad '.repeat(bytes / 12)}">${fill('<p>x', (3 * bytes) / 4)}`,
  'long classes compared': (bytes) => fill(`<font class="${'x'.repeat(10_000)}">`, bytes),
  'foster parenting': (bytes) => `<table>${fill('x<tr>', bytes)}`,
  'foster parenting, references': (bytes) => `<table>${fill('&amp;<tr a=&lt;>', bytes)}`,
  'foster parenting, nested': piles(8_000, '<table><b>', 'x</b>'),
  'foster parenting, elements': (bytes) => `<table>${fill('<b><p></b>', bytes)}`,
  'thousands of attributes': (bytes) => `<p ${numbered((n) => `a${n}=1 `)(bytes)}>`,
  'thousands of attributes an element': numbered((n) => (n % 1000 === 0 ? '<p ' : n % 1000 === 999 ? '>' : `a${n}=${n} `)),
  'duplicate attributes': (bytes) => `<p ${fill('a=1 b=2 ', bytes)}>`,
  'attributes of many bodies': numbered((n) => `<body a${n % 300}=1 b${n % 7}=2>`),
  'attribute names, long': (bytes) => fill(`<p ${'n'.repeat(5000)}=1>`, bytes),
  'an open attribute': (bytes) => `<p a="${fill('x<p>', bytes)}`,
  'own elements': numbered((n) => `<x-${n}></x-${n}>`),
  'deep nesting': piles(32_000, '<div>', 'x<br>'),
  'deep nesting, too deep': (bytes) => fill('<div>', bytes),
  'deep nesting, end tags of none': piles(32_000, '<span>', '</em2>'),
  'deep nesting, tables in it': piles(32_000, '<div>', '<table></table>'),
  'deep nesting, body closed again and again': piles(32_000, '<div>', '</body>x'),
  'open p below an object': piles(30_000, '<p><object><span>', '</object><div></div>'),
  'list items below spans': piles(30_000, '<ul><span>', '<li></li>'),
  'list items below divs': piles(15_000, '<li><div>', '<li>'),
  'headings left open': (bytes) => fill('<h1><h2><span>', bytes),
  'table soup': (bytes) => fill('<table><tr><td><table></td><caption>', bytes),
  'table cells': (bytes) => `<table>${fill('<td>', bytes)}`,
  'captions and columns': (bytes) => `<table>${fill('<caption><col></tbody>', bytes)}`,
  'unclosed p': (bytes) => fill('<p>x', bytes),
  'unclosed a': (bytes) => fill('<a href=x>', bytes),
  'unclosed a and p': (bytes) => fill('<a><p>', bytes),
  'unclosed b in p': (bytes) => fill('<p><b>', bytes),
  nobr: two('<nobr><i>', '</nobr>'),
  buttons: (bytes) => fill('<button><b>', bytes),
  forms: (bytes) => fill('<form><div></form>', bytes),
  'forms closed below': piles(30_000, '<form><div>', '</form><form>'),
  'many doctypes': (bytes) => fill('<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 3.2//EN">', bytes),
  'a long doctype': (bytes) => `<!DOCTYPE ${fill('x', bytes)}`,
  'entity soup': (bytes) => fill('&notin;&amp&ampx&CounterClockwiseContourIntegra;', bytes),
  ampersands: (bytes) => fill('&', bytes),
  'numeric references': (bytes) => fill('&#1', bytes),
  'a long numeric reference': (bytes) => `&#${fill('1', bytes)}`,
  'entities in attributes': (bytes) => fill('<p a=&amp;&amp=&ampx>', bytes),
  '< soup': (bytes) => fill('<', bytes),
  '</ soup': (bytes) => fill('</', bytes),
  'open tags': (bytes) => fill('<a ', bytes),
  'comment soup': (bytes) => fill('<!--', bytes),
  'comment ends': (bytes) => `<!--${fill('--!-->x<!--', bytes)}`,
  dashes: (bytes) => `<!--${fill('-', bytes)}`,
  'bogus comments': (bytes) => fill('<!x><?y></ z>', bytes),
  'cdata sections': (bytes) => `<svg>${fill('<![CDATA[]]]]>', bytes)}`,
  'cdata open': (bytes) => `<svg>${fill('<![CDATA[', bytes)}`,
  'scripts, double escaped': (bytes) => `<script>${fill('<!--<script>', bytes)}`,
  'scripts, nearly closed': (bytes) => `<script>${fill('</scrip', bytes)}`,
  'titles, nearly closed': (bytes) => `<title>${fill('</titl', bytes)}`,
  textareas: (bytes) => fill('<textarea>\n</textarea>', bytes),
  NUL: (bytes) => fill('\0', bytes),
  'NUL in names': (bytes) => fill('<a\0b c\0=\0>', bytes),
  'select and options': (bytes) => `<select>${fill('<option><div>', bytes)}`,
  'select piles': (bytes) => fill('<select><option>', bytes),
  selectedcontent: (bytes) => `<select><button><selectedcontent></button>${fill('<option selected>x<b>y', bytes)}`,
  'selectedcontent, nested options': piles(15_000, '<select><selectedcontent><option selected><p>', '<option>x'),
  templates: (bytes) => fill('<template>', bytes),
  'templates and cells': piles(15_000, '<template>', '<td>'),
  'templates closed': (bytes) => fill('<template><tr></template>', bytes),
  'svg and foreignObject': piles(10_000, '<svg><foreignObject>', '</p>'),
  'svg piles': (bytes) => fill('<svg><g>', bytes),
  'svg, end tags of none': (bytes) => `<svg>${'<g>'.repeat(30_000)}${fill('</x>', bytes - 90_000)}`,
  'math text points': (bytes) => fill('<math><mi><p>', bytes),
  'annotation-xml': (bytes) => `<math><annotation-xml encoding="${'text/'.repeat(bytes / 20)}">${fill('x&amp;', (3 * bytes) / 4)}`,
  rubies: (bytes) => fill('<ruby><rt><rb>', bytes),
  framesets: (bytes) => fill('<frameset>', bytes),
  'after body': (bytes) => `</body>${fill('<!--x--></body>', bytes)}`,
  'white space': (bytes) => fill(' \n', bytes),
  'white space in a frameset': (bytes) => `<frameset>${fill(' x', bytes)}`,
  'carriage returns': (bytes) => fill('\r\n<p>', bytes),
};
