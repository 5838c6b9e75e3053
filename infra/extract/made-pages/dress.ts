// What sites put around any software: banners, site bars, footers, pop-ups; and what build tools do to markup: hashed class
// names, elements without meaning, no line breaks. All of it by chance, and none of it main text.
import { type Kit, N, times } from './kit.js';
import type { Template } from './template.js';

const cookieBars: ((k: Kit) => string)[] = [
  (k) =>
    `<div id="cookie-law-info-bar" ${N}><span>${k.word('cookies')} <a id="cookie_action_close_header" class="medium cli-plugin-button">${k.word('accept')}</a> <a href="/privacy" class="cli-plugin-main-link">${k.word('readMore')}</a></span></div>`,
  (k) =>
    `<div id="onetrust-consent-sdk" ${N}><div id="onetrust-banner-sdk" role="dialog"><h2 id="onetrust-policy-title">${k.word('privacy')}</h2><div id="onetrust-policy-text">${k.word('cookies')} ${k.say('legal', 1)}</div><button id="onetrust-accept-btn-handler">${k.word('accept')}</button><button id="onetrust-pc-btn-handler">${k.word('settings')}</button></div></div>`,
  (k) =>
    `<div class="cc-window cc-banner cc-bottom" ${N}><span id="cookieconsent:desc" class="cc-message">${k.word('cookies')} <a class="cc-link">${k.word('readMore')}</a></span><div class="cc-compliance"><a class="cc-btn cc-dismiss">OK</a></div></div>`,
  (k) =>
    `<div class="cmplz-cookiebanner" ${N}><div class="cmplz-title">${k.word('privacy')}</div><div class="cmplz-message"><p>${k.word('cookies')} ${k.say('legal', 2)}</p></div><div class="cmplz-buttons"><button>${k.word('accept')}</button><button>${k.word('decline')}</button></div></div>`,
];
const siteBars: ((k: Kit) => string)[] = [
  (k) => `<div id="site-top" ${N}><ul class="top-links">${times(k.int(3, 7), () => `<li><a href="/${k.slug()}">${k.one('headings')}</a></li>`, '')}</ul></div>`,
  (k) =>
    `<nav class="navbar navbar-expand-lg" ${N}><a class="navbar-brand" href="/">${k.good()}</a><ul class="navbar-nav">${times(k.int(3, 6), () => `<li class="nav-item"><a class="nav-link" href="/${k.slug()}">${k.one('headings')}</a></li>`)}</ul></nav>`,
  (k) => `<div class="announcement-bar" ${N}><p>${k.say('company', 1)}</p></div>`,
  (k) => `<noscript ${N}><div class="noscript">${k.word('javascript')}</div></noscript>`,
];
const footers: ((k: Kit) => string)[] = [
  (k) =>
    `<div class="site-footer" ${N}><p>${k.say('company', 2)}</p><ul>${times(k.int(4, 12), () => `<li><a href="/${k.slug()}">${k.one('headings')}</a></li>`)}</ul><p>© ${k.int(2012, 2024)} ${k.good()}. ${k.word('rights')}</p></div>`,
  (k) =>
    `<div class="newsletter-popup modal" ${N}><h3>${k.word('newsletter')}</h3><p>${k.say('company', 1)}</p><form><input type="email" placeholder="E-Mail"><button>${k.word('subscribe')}</button></form></div>`,
  (k) => `<a href="#top" class="back-to-top" ${N}>${k.word('toTop')}</a>`,
  (k) => `<div class="ad-slot" ${N}><span>${k.word('ad')}</span><div><a href="https://ads.example/c?${k.int(1, 9999)}">${k.say('product', 1)}</a></div></div>`,
];

const hash = (name: string, style: number): string => {
  let h = 2166136261;
  for (const c of name) h = Math.imul(h ^ c.charCodeAt(0), 16777619) >>> 0;
  const code = h.toString(36).padStart(7, '0').slice(0, 6);
  return style === 0
    ? `css-${code}`
    : style === 1
      ? `sc-${code}`
      : style === 2
        ? `_${code}`
        : `${name.replace(/[^a-zA-Z]/g, '').slice(0, 10)}_${code.slice(0, 5)}`;
};

const hashClasses = (html: string, style: number): string =>
  html.replace(
    /(<body[^>]*>)([\s\S]*)/,
    (_, body: string, rest: string) =>
      body +
      rest.replace(
        / class="([^"]*)"/g,
        (_all, names: string) =>
          ` class="${names
            .split(/\s+/)
            .filter(Boolean)
            .map((name) => hash(name, style))
            .join(' ')}"`,
      ),
  );

const plainTags = (html: string): string => html.replace(/<(\/?)(?:header|footer|nav|main|section|article|aside)(?=[\s>])/g, '<$1div');

const joinLines = (html: string): string =>
  html
    .split(/(<pre[\s\S]*?<\/pre>|<textarea[\s\S]*?<\/textarea>|<script[\s\S]*?<\/script>)/)
    .map((part, i) => (i % 2 === 0 ? part.replace(/>\s*\n\s*</g, '><') : part))
    .join('');

export function dress(html: string, template: Template, k: Kit): string {
  let out = html;
  const top = k.maybe(35, () => k.pick(siteBars)(k)) + k.maybe(25, () => k.pick(cookieBars)(k));
  const bottom = k.maybe(40, () => k.pick(footers)(k)) + k.maybe(20, () => k.pick(footers)(k)) + k.maybe(20, () => k.pick(cookieBars)(k));
  const wrap = k.chance(15) && !/<frameset/.test(html) ? k.int(1, 3) : 0;
  out = out.replace(/(<body[^>]*>)/, (body) => `${body}\n${'<div>'.repeat(wrap)}${top}`);
  out = out.replace(/(<\/body>)/, () => `${bottom}${'</div>'.repeat(wrap)}</body>`);
  if (k.chance(template.hashable ? 45 : 6)) out = hashClasses(out, k.int(0, 3));
  if (k.chance(14)) out = plainTags(out);
  if (k.chance(25)) out = joinLines(out);
  return out;
}
