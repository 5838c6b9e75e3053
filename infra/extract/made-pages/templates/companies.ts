// Pages of companies and clubs: landing, about, contact, FAQ, legal, event, team, and pages with almost nothing on them.
import { ALL, EUROPE, template, type Template } from '../template.js';
import { type Kit, M, N, Q, times } from '../kit.js';
import { page } from '../page.js';

const nav = (k: Kit): string =>
  k.pick([
    () =>
      `<nav class="navbar navbar-expand-lg navbar-light bg-light"><div class="container"><a class="navbar-brand" href="/">${k.good()}</a><button class="navbar-toggler"></button><div class="collapse navbar-collapse"><ul class="navbar-nav ms-auto">${times(k.int(4, 7), () => `<li class="nav-item"><a class="nav-link">${k.one('headings')}</a></li>`)}</ul><a class="btn btn-primary">${k.word('contact')}</a></div></div></nav>`,
    () =>
      `<header class="elementor-location-header"><div class="elementor-container"><a>${k.good()}</a><nav class="elementor-nav-menu"><ul>${times(k.int(4, 8), () => `<li class="menu-item"><a class="elementor-item">${k.one('headings')}</a></li>`)}</ul></nav></div></header>`,
    () =>
      `<div id="top-bar"><span>☎ 0${k.int(100, 999)} ${k.int(10000, 99999)}</span><span>info@${k.template}.example</span></div><header id="header"><div class="logo"><a>${k.good()}</a></div><ul id="menu">${times(k.int(4, 8), () => `<li><a>${k.one('headings')}</a></li>`)}</ul></header>`,
  ])();
const foot = (k: Kit): string =>
  `<footer class="footer py-5"><div class="container"><div class="row">${times(k.int(2, 4), () => `<div class="col-md-3"><h5>${k.one('headings')}</h5><ul class="list-unstyled">${times(4, () => `<li><a>${k.one('headings')}</a></li>`)}</ul></div>`)}<div class="col"><address>${k.good()}<br>${k.one('places')}<br>0${k.int(100, 999)} ${k.int(10000, 99999)}</address></div></div><p class="copyright">© ${k.int(2015, 2024)} ${k.good()}. ${k.word('rights')} <a>${k.word('privacy')}</a></p></div></footer>`;

function landing(k: Kit): string {
  const section = () =>
    k.pick([
      () =>
        `<section class="features"><div class="container"><h2 ${M}>${k.one('headings')}</h2><div class="row">${times(3, () => `<div class="col-md-4"><i class="bi bi-gear"></i><h3 ${M}>${k.one('headings')}</h3><p ${M}>${k.say('product', k.int(1, 2))}</p><a class="btn">${k.word('readMore')}</a></div>`)}</div></div></section>`,
      () =>
        `<section class="about"><div class="row"><div class="col-lg-6"><img></div><div class="col-lg-6" ${M}><h2>${k.one('headings')}</h2>${k.p('company', k.int(1, 3))}</div></div></section>`,
      () =>
        `<section class="testimonials"><h2 ${Q}>${k.word('reviews')}</h2>${times(k.int(2, 3), () => `<div class="testimonial"><blockquote ${Q}>${k.say('review', 1)}</blockquote><cite>${k.name()}, ${k.good()}</cite></div>`)}</section>`,
      () =>
        `<section class="pricing"><h2 ${M}>${k.word('price')}</h2>${times(3, () => `<div class="card"><h4 ${M}>${k.good()}</h4><p class="price" ${Q}>${k.price()}</p><ul ${M}>${times(4, () => `<li>${k.one('specs')}</li>`)}</ul><a class="btn">${k.word('buy')}</a></div>`)}</section>`,
      () => `<section class="clients"><h2>${k.say('company', 1)}</h2>${times(5, () => '<img alt="Logo">')}</section>`,
      () => `<section class="stats" >${times(3, () => `<div><span class="counter" ${Q}>${k.number()}</span><p ${Q}>${k.one('headings')}</p></div>`)}</section>`,
      () =>
        `<section class="latest-news"><h2>${k.word('recent')}</h2>${times(3, () => `<div class="card"><h5><a>${k.one('headlines')}</a></h5><p>${k.say('news', 1)}</p><time>${k.date().long}</time></div>`)}</section>`,
    ])();
  return page(k, `${k.good()} – ${k.say('company', 1)}`, {
    bodyAttributes: 'class="home page-template"',
    body: `${nav(k)}<section class="hero jumbotron"><div class="container"><h1 class="display-4" ${M}>${k.say('company', 1)}</h1><p class="lead" ${M}>${k.say('product', 1)}</p><a class="btn btn-lg">${k.word('readMore')}</a><a>${k.word('contact')}</a></div></section>${times(k.int(2, 6), section)}<section class="cta"><h2>${k.word('newsletter')}</h2><form><input><button>${k.word('subscribe')}</button></form></section>${foot(k)}`,
  });
}

function contact(k: Kit): string {
  return page(k, `${k.word('contact')} – ${k.good()}`, {
    body: `${nav(k)}<div class="page-title"><h1 ${M}>${k.word('contact')}</h1><div class="breadcrumb"><a>${k.word('home')}</a> / ${k.word('contact')}</div></div><div class="container"><div ${M}><p>${k.say('company', 2)}</p></div><div class="row"><div class="col-md-6" ${M}><h3>${k.good()}</h3><p>${k.one('places')}<br>0${k.int(100, 999)} ${k.int(100000, 999999)}<br>info@${k.template}.example</p>${k.maybe(60, () => `<h4>${k.one('headings')}</h4><table class="hours"><tr><td>Mo–Fr</td><td>${k.int(7, 10)}:00–${k.int(16, 20)}:00</td></tr><tr><td>Sa</td><td>9:00–12:00</td></tr></table>`)}</div><div class="col-md-6"><form class="wpcf7-form"><label>Name</label><label>E-Mail</label><label>${k.word('topic')}</label><textarea></textarea><p><label>${k.say('legal', 1)}</label></p><button>OK</button></form></div></div>${k.maybe(50, () => `<div class="team">${times(k.int(2, 6), () => `<div class="person" ${M}><h4>${k.name()}</h4><p>${k.one('headings')}</p></div>`)}</div>`)}<div class="map"><iframe></iframe></div></div>${foot(k)}`,
  });
}

function about(k: Kit): string {
  return page(k, `${k.word('about')} – ${k.good()}`, {
    body: `${nav(k)}<main id="content"><article class="page type-page hentry"><header><h1 class="entry-title" ${M}>${k.word('about')}</h1></header><div class="entry-content" ${M}>${k.p('company', k.int(1, 3))}<h2>${k.one('headings')}</h2>${k.p('news', k.int(1, 3))}${k.maybe(50, () => `<ul class="timeline">${times(k.int(3, 7), (i) => `<li><strong>${1950 + i * 9}</strong> ${k.say('news', 1)}</li>`)}</ul>`)}<h2>${k.one('headings')}</h2><div class="row">${times(k.int(2, 8), () => `<div class="col"><img><h4>${k.name()}</h4><p>${k.say('company', 1)}</p><div class="social" ${N}><a>LinkedIn</a></div></div>`)}</div></div></article></main>${k.maybe(40, () => `<aside class="widget-area"><h3>${k.word('recent')}</h3><ul>${times(5, () => `<li><a>${k.one('headlines')}</a></li>`)}</ul></aside>`)}${foot(k)}`,
  });
}

function faq(k: Kit): string {
  const style = k.n % 4;
  const item = (i: number) =>
    [
      () =>
        `<div class="accordion-item"><h2 class="accordion-header" id="h${i}"><button class="accordion-button collapsed" ${M}>${k.one('asks')}</button></h2><div id="c${i}" class="accordion-collapse collapse"><div class="accordion-body" ${M}>${k.p('docs', k.int(1, 2))}</div></div></div>`,
      () => `<details><summary ${M}>${k.one('asks')}</summary><div ${M}>${k.p('company', 1)}</div></details>`,
      () =>
        `<div class="elementor-toggle-item"><div class="elementor-tab-title" role="button"><a class="elementor-toggle-title" ${M}>${k.one('asks')}</a></div><div class="elementor-tab-content elementor-clearfix" ${M}><p>${k.para('docs')}</p></div></div>`,
      () => `<dt ${M}><a name="q${i}"></a>${k.one('asks')}</dt><dd ${M}>${k.para('docs')} <span></span></dd><dd><a href="#top">${k.word('toTop')}</a></dd>`,
    ][style]!();
  const items = times(k.int(4, 25), item);
  return page(k, `FAQ – ${k.good()}`, {
    head: k.chance(40) ? '<script type="application/ld+json">{"@context":"https://schema.org","@type":"FAQPage","mainEntity":[]}</script>' : '',
    body: `${nav(k)}<div class="container"><h1 ${M}>${k.word('faq')}</h1><p ${M}>${k.say('company', 1)}</p>${k.maybe(40, () => `<ul class="faq-cats">${times(4, () => `<li><a>${k.one('headings')}</a></li>`)}</ul>`)}${style === 3 ? `<dl>${items}</dl>` : `<div class="accordion" id="faq">${items}</div>`}<div class="faq-contact"><h3>${k.word('contact')}</h3><p>${k.say('company', 1)}</p><a class="btn">${k.word('contact')}</a></div></div>${foot(k)}`,
  });
}

function helpCentre(k: Kit): string {
  return page(k, `${k.one('asks')} – ${k.good()} ${k.word('help')}`, {
    body: `<a class="skip-navigation">Skip to main content</a><header class="header"><div class="logo"><a>${k.good()} Help Center</a></div><nav class="user-nav"><a>Submit a request</a><a>Sign in</a></nav></header><main role="main"><div class="container-divider"></div><div class="container"><div class="sub-nav"><ol class="breadcrumbs"><li><a>${k.good()}</a></li><li><a>${k.one('headings')}</a></li></ol><form class="search"><input placeholder="Search"></form></div><div class="article-container" id="article-container"><aside class="article-sidebar"><div class="collapsible-sidebar"><span class="collapsible-sidebar-title sidenav-title">Articles in this section</span><ul>${times(k.int(4, 10), () => `<li><a class="sidenav-item">${k.one('asks')}</a></li>`)}</ul></div></aside><article class="article"><header class="article-header"><h1 class="article-title" ${M}>${k.one('asks')}</h1><div class="article-author"><div class="avatar article-avatar"></div><div class="article-meta"><a>${k.name()}</a><ul class="meta-group"><li class="meta-data"><time>${k.date().long}</time></li><li class="meta-data">Updated</li></ul></div></div><button class="article-subscribe">Follow</button></header><section class="article-info"><div class="article-content"><div class="article-body" ${M}>${k.p('docs', k.int(1, 4))}<ol>${times(k.int(2, 6), () => `<li>${k.say('docs', 1)}</li>`)}</ol>${k.maybe(50, () => `<h2>${k.one('headings')}</h2>${k.p('docs', 2)}`)}</div></div></section><footer><div class="article-footer"><a>Facebook</a><a>Twitter</a></div><div class="article-votes"><span class="article-votes-question">${k.word('wasHelpful')}</span><button>${k.word('yes')}</button><button>${k.word('no')}</button><small class="article-votes-count">${k.int(0, 90)} out of ${k.int(90, 200)} found this helpful</small></div><div class="article-more-questions">Have more questions? <a>Submit a request</a></div><div class="article-return-to-top"><a>Return to top</a></div></footer><div class="article-relatives"><section class="related-articles"><h2>Related articles</h2><ul>${times(4, () => `<li><a>${k.one('asks')}</a></li>`)}</ul></section></div><div class="article-comments"><h2>Comments</h2><p>${k.int(0, 3)} comments</p><p class="comment-callout">Please <a>sign in</a> to leave a comment.</p></div></article></div></div></main><footer class="footer"><a>${k.good()}</a><div>English (US)</div></footer>`,
  });
}

function legal(k: Kit): string {
  const n = k.int(4, 20);
  return page(k, `${k.word('privacy')} – ${k.good()}`, {
    body: `${nav(k)}<div class="container legal"><div ${M}><h1>${k.pick([k.word('privacy'), 'AGB', 'Terms of Service', 'Impressum'])}</h1><p>${k.word('lastUpdated')}: ${k.date().long}</p>${times(n, (i) => `<h3>${k.chance(50) ? `${i + 1}. ` : `§ ${i + 1} `}${k.one('headings')}</h3>${k.p('legal', k.int(1, 2))}${k.maybe(25, () => `<ol>${times(3, () => `<li>${k.say('legal', 1)}</li>`)}</ol>`)}`)}</div></div>${foot(k)}`,
  });
}

function event(k: Kit): string {
  return page(k, `${k.one('headlines')} – ${k.date().long}`, {
    head: '<script type="application/ld+json">{"@context":"https://schema.org","@type":"Event","name":"x"}</script>',
    body: `${nav(k)}<main><div class="event-hero"><p class="date" ${M}>${k.date().short}</p><h1 class="event-title" ${M}>${k.one('headlines')}</h1><p class="summary" ${M}>${k.say('news', 1)}</p><p>By <a>${k.good()}</a> · ${k.number()} followers <button>Follow</button></p></div><aside class="tickets"><div ${Q}>${k.price()}</div><button>Get tickets</button></aside><section><h2 ${M}>${k.word('date')}</h2><p ${M}>${k.date().short} – ${k.int(20, 23)}:00</p><h2 ${M}>${k.word('location')}</h2><p class="venue" ${M}>${k.good()}<br>${k.one('places')}</p><a>Show map</a></section><section class="description"><h2 ${Q}>${k.word('about')}</h2><div ${M}>${k.p('news', k.int(1, 5))}</div></section><section class="speakers" ${M}>${times(k.int(0, 6), () => `<div><h4>${k.name()}</h4><p>${k.say('news', 1)}</p></div>`)}</section><div class="tags"><a>#${k.one('kinds')}</a></div><section class="more"><h2>${k.word('similar')}</h2>${times(4, () => `<div><h3>${k.one('headlines')}</h3><p>${k.date().short}</p><p>${k.one('places')}</p></div>`)}</section></main>${foot(k)}`,
  });
}

/** A teaser before a login wall, or a file index: what is there is all there is, and it is little. */
function thin(k: Kit): string {
  const kind = k.n % 2;
  if (kind === 0)
    return page(k, `Index of /pub/${k.slug()}`, {
      doctype: '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">',
      body: `<h1 ${Q}>Index of /pub/${k.slug()}</h1><pre ${M}><img alt="Icon "> <a>Name</a>                    <a>Last modified</a>      <a>Size</a>  <hr><img alt="[DIR]"> <a>Parent Directory</a>                             -   \n${times(k.int(6, 40), () => `<img alt="[   ]"> <a>${k.slug()}.tar.gz</a>   ${k.date().iso} 10:${k.int(10, 59)}  ${k.int(1, 900)}K  `)}</pre><address>Apache/2.2.22 (Debian) Server at files.example Port 80</address>`,
    });
  return page(k, k.one('headlines'), {
    body: `${nav(k)}<article><h1 ${Q}>${k.one('headlines')}</h1><div class="teaser-text" ${M}><p>${k.say('news', 2)}</p></div><div class="paywall"><h2>${k.word('subscribe')}</h2><p>${k.say('company', 2)}</p><ul>${times(3, () => `<li>${k.say('product', 1)}</li>`)}</ul><button>${k.price()}</button><p><a>${k.word('login')}</a></p></div></article>${foot(k)}`,
  });
}

export const companies: Template[] = [
  template('landing', 'home', ALL, 10, () => '/', landing, { hashable: true }),
  template('contact', 'other', ALL, 6, () => '/contact/', contact),
  template('about', 'other', ALL, 6, () => '/about-us/', about),
  template('faq', 'other', EUROPE, 8, () => '/faq/', faq),
  template('help-centre', 'documentation', ALL, 6, (k) => `/hc/en-us/articles/${k.int(10000, 99999)}-${k.slug()}`, helpCentre),
  template('legal', 'other', ALL, 6, () => '/privacy-policy/', legal),
  template('event', 'other', EUROPE, 5, (k) => `/e/${k.slug()}-${k.int(1000, 9999)}`, event, { hashable: true }),
  template('thin', 'other', EUROPE, 6, (k) => `/${k.slug()}/`, thin),
];
