// What the pages of 2-trouble.warc.gz have in common: a host, a plain frame, and a report that is no other page's.
import { asParagraphs, bare } from './furniture.mjs';
import { report } from './own-texts.mjs';

export const at = (path) => `https://odd.example/${path}`;
export const oddPage = (n, text, title = `Odd page ${n}`) => bare({ title, body: `<article><h1>${title}</h1>${asParagraphs(text)}</article>` });

let told = 0;
/** The next report; every page has another one, so that none is a copy. */
export const story = (subject, place) => report(told++, subject, place);
export function restartStories() {
  told = 0;
}
