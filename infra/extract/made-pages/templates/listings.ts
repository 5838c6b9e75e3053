// Listings: names and short texts of what is listed are main, dates and authors undecided, links to more and sidebars are not.
import { ALL, EUROPE, template, type Template } from '../template.js';
import { type Kit, M, N, Q, times } from '../kit.js';
import { page, pager } from '../page.js';

const n = (k: Kit): number => k.pick([3, 5, 8, 10, 10, 12, 20, 30]);
const titleOf = (k: Kit): string => (k.chance(60) ? k.one('headlines') : k.one('threads'));

function wordPress(k: Kit): string {
  const kind = k.n % 4; // home, category, search, tag
  const full = k.chance(25); // whole posts on the index
  const article = () =>
    `<article id="post-${k.int(10, 9999)}" class="post-${k.int(1, 999)} post type-post status-publish format-standard hentry category-x">${k.maybe(40, () => '<a class="post-thumbnail"><img class="wp-post-image"></a>')}<header class="entry-header">${k.maybe(40, () => `<div class="entry-meta"><span class="cat-links"><a rel="category tag">${k.one('forums')}</a></span></div>`)}<h2 class="entry-title" ${M}><a href="/2019/x/" rel="bookmark">${titleOf(k)}</a></h2><div class="entry-meta" ${Q}><span class="posted-on"><a><time class="entry-date published">${k.date().long}</time></a></span> <span class="byline"><span class="author vcard"><a class="url fn n">${k.name()}</a></span></span></div></header>${full ? `<div class="entry-content" ${M}>${k.p('news', k.int(2, 6))}</div>` : `<div class="${k.pick(['entry-summary', 'entry-content'])}"><p ${M}>${k.say('news', k.int(1, 3))}${k.chance(50) ? ' […]' : '&hellip;'}</p>${k.maybe(60, () => `<p><a class="more-link">${k.word('readMore')} <span class="screen-reader-text">"${titleOf(k)}"</span> <span class="meta-nav">→</span></a></p>`)}</div>`}<footer class="entry-footer"><span class="tags-links"><a rel="tag">${k.one('kinds')}</a></span> <span class="comments-link"><a>${k.word('leaveComment')}</a></span></footer></article>`;
  const widget = () =>
    k.pick([
      () =>
        `<section class="widget widget_recent_entries"><h2 class="widget-title">${k.word('recent')}</h2><ul>${times(5, () => `<li><a>${titleOf(k)}</a></li>`)}</ul></section>`,
      () =>
        `<section class="widget widget_archive"><h2 class="widget-title">${k.word('archive')}</h2><ul>${times(k.int(5, 30), () => `<li><a>${k.date().long}</a> (${k.int(1, 30)})</li>`)}</ul></section>`,
      () =>
        `<section class="widget widget_categories"><h2 class="widget-title">${k.word('categories')}</h2><ul>${times(k.int(3, 12), () => `<li class="cat-item"><a>${k.one('headings')}</a></li>`)}</ul></section>`,
      () => `<section class="widget widget_text"><div class="textwidget"><p>${k.say('company', 2)}</p></div></section>`,
      () =>
        `<section class="widget widget_tag_cloud"><div class="tagcloud">${times(14, () => `<a style="font-size: ${k.int(8, 22)}pt;">${k.one('kinds')}</a>`)}</div></section>`,
      () =>
        `<section class="widget widget_recent_comments"><ul>${times(5, () => `<li class="recentcomments"><span class="comment-author-link">${k.user()}</span> – <a>${titleOf(k)}</a></li>`)}</ul></section>`,
    ])();
  const head =
    kind === 0
      ? ''
      : kind === 2
        ? `<header class="page-header"><h1 class="page-title" ${Q}>${k.word('search')}: <span>${k.one('kinds')}</span></h1></header>`
        : `<header class="page-header"><h1 class="page-title archive-title" ${Q}>${k.pick(['Category: ', 'Tag: ', ''])}<span>${k.one('headings')}</span></h1>${k.maybe(40, () => `<div class="archive-description taxonomy-description" ${M}><p>${k.say('company', 2)}</p></div>`)}</header>`;
  const left = k.chance(30);
  const sidebar = `<aside id="secondary" class="widget-area sidebar" role="complementary">${times(k.int(2, 6), widget)}</aside>`;
  return page(k, `${k.one('headings')} – ${k.good()}`, {
    head: '<meta name="generator" content="WordPress 5.9.3" /><link href="/wp-content/themes/x/style.css" rel="stylesheet">',
    bodyAttributes: `class="${['home blog', 'archive category category-news category-2', 'search search-results', 'archive tag tag-x tag-7'][kind]} wp-embed-responsive hfeed has-sidebar"`,
    body: `<div id="page" class="site"><a class="skip-link screen-reader-text" href="#content">Skip to content</a><header id="masthead" class="site-header"><div class="site-branding"><p class="site-title"><a rel="home">${k.good()}</a></p><p class="site-description">${k.say('company', 1)}</p></div><nav id="site-navigation" class="main-navigation"><ul id="primary-menu" class="menu">${times(k.int(4, 10), () => `<li class="menu-item"><a>${k.one('headings')}</a></li>`)}</ul></nav></header><div id="content" class="site-content">${left ? sidebar : ''}<div id="primary" class="content-area"><main id="main" class="site-main">${head}${times(n(k), article)}<nav class="navigation posts-navigation" role="navigation"><h2 class="screen-reader-text">Posts navigation</h2><div class="nav-links"><div class="nav-previous"><a>${k.word('previous')}</a></div></div></nav></main></div>${left ? '' : sidebar}</div><footer id="colophon" class="site-footer"><div class="site-info"><a>Proudly powered by WordPress</a><span class="sep"> | </span>Theme: <a>x</a> by y.</div></footer></div>`,
  });
}

function blogger(k: Kit): string {
  return page(k, k.good(), {
    head: '<meta content="blogger" name="generator"/>',
    body: `<div class="navbar section" id="navbar"></div><div class="body-fauxcolumns"></div><div class="content"><div class="content-outer"><header><div class="header-outer"><div class="titlewrapper"><h1 class="title">${k.good()}</h1></div><div class="descriptionwrapper"><p class="description"><span>${k.say('company', 1)}</span></p></div></div></header><div class="tabs-outer"><div class="widget PageList"><h2>Pages</h2><ul>${times(4, () => `<li><a>${k.one('headings')}</a></li>`)}</ul></div></div><div class="main-outer"><div class="columns fauxcolumns"><div class="column-center-outer"><div class="main section" id="main"><div class="widget Blog"><div class="blog-posts hfeed">${times(n(k), () => `<div class="date-outer"><h2 class="date-header"><span>${k.date().long}</span></h2><div class="date-posts"><div class="post-outer"><div class="post hentry uncustomized-post-template"><a name="1"></a><h3 class="post-title entry-title" ${M}><a>${titleOf(k)}</a></h3><div class="post-header"></div><div class="post-body entry-content" ${M}>${k.chance(60) ? k.paras('news', k.int(1, 5)).join('<br /><br />') : k.p('news', 2)}<div style="clear: both;"></div></div>${k.maybe(40, () => '<div class="jump-link"><a>Read more »</a></div>')}<div class="post-footer"><div class="post-footer-line post-footer-line-1"><span class="post-author vcard">Posted by <span class="fn"><a class="g-profile"><span>${k.name()}</span></a></span></span> <span class="post-timestamp">at <a class="timestamp-link"><abbr class="published">${k.int(1, 12)}:${k.int(10, 59)} AM</abbr></a></span> <span class="post-comment-link"><a class="comment-link">${k.int(0, 20)} comments:</a></span><div class="post-share-buttons goog-inline-block"><a class="goog-inline-block share-button sb-email"><span class="share-button-link-text">Email This</span></a><a><span>BlogThis!</span></a><a><span>Share to X</span></a></div></div><div class="post-footer-line post-footer-line-2"><span class="post-labels">Labels: <a rel="tag">${k.one('kinds')}</a></span></div></div></div></div></div></div>`)}</div><div class="blog-pager" id="blog-pager"><span id="blog-pager-older-link"><a>Older Posts</a></span><a class="home-link">Home</a></div><div class="blog-feeds"><div class="feed-links">Subscribe to: <a class="feed-link">Posts (Atom)</a></div></div></div></div></div><div class="column-right-outer"><aside><div class="sidebar section"><div class="widget Profile"><h2>About Me</h2><dl class="profile-datablock"><dt class="profile-data"><a>${k.name()}</a></dt><dd class="profile-textblock">${k.say('company', 1)}</dd></dl><a class="profile-link">View my complete profile</a></div><div class="widget BlogArchive"><h2>Blog Archive</h2><div id="ArchiveList">${times(k.int(2, 6), (i) => `<ul class="hierarchy"><li class="archivedate collapsed"><a class="toggle"><span class="zippy">►&nbsp;</span></a><a class="post-count-link">${2020 - i}</a> <span class="post-count">(${k.int(1, 90)})</span></li></ul>`)}</div></div><div class="widget Followers"><h2 class="title">Followers</h2></div></div></aside></div></div></div><footer><div class="footer-outer"><div class="widget Attribution">Simple theme. Powered by <a>Blogger</a>.</div></div></footer></div></div>`,
  });
}

function newsFront(k: Kit): string {
  const teaser = (h: string, cls: string) =>
    `<div class="${cls}"><a class="teaser-link"><img></a>${k.maybe(50, () => `<div class="kicker" ${Q}>${k.one('forums')}</div>`)}<${h} class="headline" ${M}><a>${titleOf(k)}</a></${h}>${k.maybe(60, () => `<p class="summary" ${M}>${k.say('news', 1)}</p>`)}${k.maybe(40, () => `<div class="byline" ${Q}>${k.word('by')} ${k.name()} <time>${k.date().ago}</time></div>`)}${k.maybe(20, () => `<a class="comments-count">${k.int(1, 300)}</a>`)}</div>`;
  return page(k, `${k.good()} – ${k.word('news')}`, {
    bodyAttributes: 'class="home front"',
    body: `<header class="masthead"><div class="edition"><a>US</a><a>UK</a></div><a class="logo">The ${k.good()}</a><div class="date">${k.date().long}</div><div class="user"><a>${k.word('subscribe')}</a><a>${k.word('login')}</a></div><nav class="sections"><ul>${times(k.int(6, 14), () => `<li><a>${k.one('headings')}</a></li>`)}</ul></nav></header><div class="ticker"><b>Live</b> <a>${titleOf(k)}</a></div><main><section class="lead">${teaser('h2', 'lead-story')}${times(k.int(2, 5), () => teaser('h3', 'secondary-story'))}</section>${times(k.int(2, 6), () => `<section class="section-block"><h2 class="section-title"><a>${k.one('forums')}</a></h2>${times(k.int(3, 7), () => teaser('h3', k.pick(['story', 'card story-card', 'item'])))}<a class="more">${k.word('showMore')}</a></section>${k.maybe(30, () => `<div class="ad-container"><span>${k.word('ad')}</span></div>`)}`)}</main><aside class="rail"><div class="most-read"><h2>${k.word('popular')}</h2><ol>${times(k.pick([5, 10]), () => `<li><a>${titleOf(k)}</a></li>`)}</ol></div><div class="newsletter"><h3>${k.word('newsletter')}</h3><p>${k.say('company', 1)}</p></div><div class="weather"><h3>${k.int(-5, 33)}°</h3><p>${k.one('places')}</p></div></aside><footer class="site-footer">${times(3, () => `<div class="col"><h4>${k.one('headings')}</h4><ul>${times(5, () => `<li><a>${k.one('headings')}</a></li>`)}</ul></div>`)}<p>© ${k.good()}. ${k.word('rights')}</p></footer>`,
  });
}

function searchResults(k: Kit): string {
  const q = k.one('kinds');
  return page(k, `${q} – ${k.word('search')}`, {
    body: `<div id="header"><a class="logo">${k.good()}</a><form><input value="${q}"><button>${k.word('search')}</button></form><div class="tabs"><a class="on">All</a><a>Images</a><a>Videos</a><a>News</a><a>Maps</a></div><a>${k.word('settings')}</a></div><div class="stats">${k.number(900, 99999)} ${k.word('results')} (0.${k.int(10, 99)} s)</div><div id="results">${times(n(k), () => `<div class="result result--url"><h3 class="result__title" ${M}><a class="result__a">${titleOf(k)}</a></h3><div class="result__url"><a>www.${k.pick(['old', 'new', 'my'])}.example › ${k.slug()}</a></div><div class="result__snippet" ${M}>${k.maybe(40, () => `<span class="date">${k.date().long}</span> — `)}${k.say('news', 1).replace(/ (\S{5,}) /, ' <b>$1</b> ')} ...</div>${k.maybe(20, () => `<div class="sitelinks">${times(4, () => `<a>${k.one('headings')}</a>`, ' · ')}</div>`)}</div>`)}</div><div class="related"><h4>${k.word('related')}</h4>${times(8, () => `<a>${k.one('kinds')} ${k.one('kinds')}</a>`)}</div>${pager(k)}<div class="knowledge" ${Q}><h2>${q}</h2><p>${k.say('news', 2)}</p></div><div id="footer"><a>${k.word('help')}</a> <a>${k.word('privacy')}</a></div>`,
  });
}

function eventCalendar(k: Kit): string {
  const list = k.chance(60);
  const event = () =>
    `<article class="tribe-events-calendar-list__event tribe-common-g-row type-tribe_events"><div class="tribe-events-calendar-list__event-details"><header class="tribe-events-calendar-list__event-header"><div class="tribe-events-calendar-list__event-datetime-wrapper"><time class="tribe-events-calendar-list__event-datetime" ${M}><span class="tribe-event-date-start">${k.date().short}</span> - <span class="tribe-event-time">${k.int(18, 23)}:00</span></time></div><h3 class="tribe-events-calendar-list__event-title" ${M}><a class="tribe-events-calendar-list__event-title-link">${titleOf(k)}</a></h3><address class="tribe-events-calendar-list__event-venue" ${M}><span class="tribe-events-calendar-list__event-venue-title">${k.good()}</span> <span class="tribe-events-calendar-list__event-venue-address">${k.one('places')}</span></address></header><div class="tribe-events-calendar-list__event-description" ${M}><p>${k.say('news', k.int(1, 2))}</p></div><div class="tribe-events-c-small-cta"><a>Get Tickets</a> <span>${k.price()}</span></div></div></article>`;
  return page(k, `${k.word('events')} – ${k.good()}`, {
    bodyAttributes: 'class="post-type-archive post-type-archive-tribe_events tribe-events-page-template"',
    body: `<header class="site-header"><a>${k.good()}</a><nav>${times(6, () => `<a>${k.one('headings')}</a>`)}</nav></header><main class="tribe-events-view"><div class="tribe-events-header__messages"><ul><li>There are no upcoming events today.</li></ul></div><header class="tribe-events-header"><h1 ${Q}>${k.word('events')}</h1><div class="tribe-events-c-search"><label>Search for events</label><button>Find Events</button></div><div class="tribe-events-c-view-selector"><ul><li>List</li><li>Month</li><li>Day</li></ul></div><div class="tribe-events-c-top-bar"><a>Today</a><span>${k.date().long}</span></div></header>${list ? times(n(k), event) : `<table class="calendar"><thead><tr>${['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'].map((d) => `<th>${d}</th>`).join('')}</tr></thead><tbody>${times(5, (w) => `<tr>${times(7, (d) => `<td><span class="day">${w * 7 + d + 1}</span>${k.maybe(30, () => `<div class="ev" ${M}><a>${titleOf(k)}</a></div><div class="time" ${Q}>${k.int(9, 22)}:00</div>`)}</td>`, '')}</tr>`)}</tbody></table>`}<nav class="tribe-events-calendar-list-nav"><a>Previous Events</a><a>Next Events</a></nav><div class="tribe-events-c-subscribe-dropdown"><button>Subscribe to calendar</button><ul><li>Google Calendar</li><li>iCalendar</li><li>Outlook 365</li></ul></div></main><footer>© ${k.good()}</footer>`,
  });
}

function directory(k: Kit): string {
  return page(k, `${k.one('kinds')} – ${k.one('places')}`, {
    body: `<div class="top"><a class="logo">${k.good()} Pages</a><form><input placeholder="What"><input placeholder="Where"><button>${k.word('search')}</button></form><a>Add your business</a><a>${k.word('login')}</a></div><div class="crumbs"><a>${k.word('home')}</a> / <a>${k.one('places')}</a> / ${k.one('kinds')}</div><div class="filters"><h4>${k.word('filter')}</h4>${times(k.int(4, 12), () => `<label><input type="checkbox"> ${k.one('headings')} (${k.int(1, 90)})</label>`)}</div><div class="results"><h1 ${Q}>${k.int(12, 400)} ${k.word('results')}</h1><div class="sort">${k.word('sort')}: <a>A–Z</a> <a>${k.word('popular')}</a></div>${times(n(k), (i) => `<div class="listing ${i < 2 && k.chance(40) ? 'sponsored' : ''}"><div class="num">${i + 1}</div><div class="info"><h2 class="n" ${M}><a class="business-name">${k.name()} ${k.one('kinds')}</a></h2><div class="categories" ${Q}><a>${k.one('kinds')}</a><a>${k.one('forums')}</a></div><div class="adr" ${M}><span class="street-address">${k.one('places')}</span></div><div class="phones" ${M}>(0${k.int(100, 999)}) ${k.int(100000, 999999)}</div>${k.maybe(50, () => `<p class="snippet" ${M}>${k.say('company', 1)}</p>`)}${k.maybe(30, () => `<div class="review-snippet" data-gold="C">“${k.say('review', 1)}”</div>`)}</div><div class="links"><a>Website</a><a>Directions</a><a>More Info</a></div><div class="rating">★★★★ <span>(${k.int(1, 90)})</span></div></div>`)}${pager(k)}</div><div class="near"><h3>${k.word('related')}</h3>${times(12, () => `<a>${k.one('kinds')} ${k.one('places')}</a>`)}</div><div class="foot">© ${k.good()} <a>${k.word('privacy')}</a></div>`,
  });
}

function videoGallery(k: Kit): string {
  return page(k, `${k.one('headings')} – Videos`, {
    body: `<div id="masthead"><a id="logo">${k.good()}Tube</a><form><input placeholder="${k.word('search')}"></form><a>${k.word('login')}</a></div><div id="guide"><a>${k.word('home')}</a><a>Shorts</a><a>Subscriptions</a><a>Library</a><a>History</a></div><div id="channel-header"><h1 ${Q}>${k.name()}</h1><span>@${k.user()}</span><span>${k.number()} subscribers</span><button>${k.word('subscribe')}</button></div><div class="tabs"><a>Home</a><a class="on">Videos</a><a>Playlists</a><a>About</a></div><div class="chips"><button>Latest</button><button>Popular</button><button>Oldest</button></div><div id="contents">${times(n(k) + 4, () => `<div class="grid-item"><a class="thumb"><img><span class="time-status">${k.int(1, 59)}:${k.int(10, 59)}</span></a><div class="details"><h3 ${M}><a class="title-link">${titleOf(k)}</a></h3><div class="metadata-line" ${N}><span>${k.number()} views</span><span>${k.date().ago}</span></div>${k.maybe(30, () => `<div class="description-text" ${M}>${k.say('news', 1)}</div>`)}</div></div>`)}</div><div class="continuation">Loading...</div>`,
  });
}

function productCategory(k: Kit): string {
  const row = () =>
    `<li class="product-item product type-product"><a class="product-image"><img></a><div class="details"><h2 class="woocommerce-loop-product__title product-name" ${M}><a>${k.one('kinds')} ${k.good()}</a></h2>${k.maybe(40, () => `<p class="short-desc" ${M}>${k.say('product', 1)}</p>`)}<div class="rating">★★★★ (${k.int(1, 300)})</div><div class="price" ${Q}>${k.maybe(30, () => `<del>${k.price()}</del> `)}${k.price()}</div><button class="add_to_cart_button">${k.word('buy')}</button><a class="compare">Compare</a></div></li>`;
  return page(k, `${k.one('kinds')} – ${k.good()}`, {
    bodyAttributes: 'class="archive tax-product_cat term-x woocommerce woocommerce-page catalog-category-view"',
    body: `<header><div class="usp">${k.say('company', 1)}</div><a class="logo">${k.good()}</a><nav>${times(8, () => `<a>${k.one('kinds')}</a>`)}</nav><a>${k.word('cart')} (0)</a></header><div class="breadcrumbs"><a>${k.word('home')}</a> / ${k.one('kinds')}</div><aside class="layered-nav sidebar"><h3>${k.word('filter')}</h3>${times(k.int(2, 5), () => `<dl><dt>${k.one('headings')}</dt><dd><ol>${times(k.int(3, 7), () => `<li><a>${k.one('specs')}</a> <span class="count">(${k.int(1, 40)})</span></li>`)}</ol></dd></dl>`)}</aside><main><h1 class="page-title" ${M}>${k.one('kinds')}</h1>${k.maybe(50, () => `<div class="category-description" ${M}>${k.p('product', k.int(1, 2))}</div>`)}<div class="toolbar"><p class="woocommerce-result-count">${k.int(1, 12)}–${k.int(13, 24)} / ${k.int(25, 300)}</p><form><select><option>${k.word('sort')}</option></select></form></div><ul class="products columns-4">${times(n(k), row)}</ul>${pager(k, 'nav', 'woocommerce-pagination')}${k.maybe(40, () => `<div class="seo-text" ${M}><h2>${k.one('headings')}</h2>${k.p('product', k.int(2, 4))}</div>`)}</main><section class="recently-viewed"><h3>${k.word('recent')}</h3>${times(4, () => `<a>${k.one('kinds')} ${k.good()}</a>`)}</section><footer>${times(10, () => `<a>${k.one('headings')}</a>`)}<p>© ${k.good()}</p></footer>`,
  });
}

function tableListing(k: Kit): string {
  const cols = k.int(3, 6);
  const cell = (c: number) => (c === 0 ? `<a>${titleOf(k)}</a>` : c === 1 ? k.name() : k.pick([k.number(), k.date().iso, k.one('places'), k.good()]));
  return page(k, `${k.one('headings')} – ${k.good()}`, {
    doctype: k.chance(50) ? '<!DOCTYPE html>' : '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">',
    body: `<table width="100%" class="layout"><tr><td colspan="2" class="banner"><a>${k.good()}</a> &mdash; ${k.say('company', 1)}</td></tr><tr><td class="nav" valign="top">${times(k.int(5, 15), () => `<a>${k.one('headings')}</a><br>`)}</td><td valign="top"><h2 ${M}>${k.one('headings')}</h2>${k.maybe(60, () => `<p ${M}>${k.say('company', 2)}</p>`)}<p class="az">${'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
      .split('')
      .map((l) => `<a href="#${l}">${l}</a>`)
      .join(
        ' ',
      )}</p><table class="data sortable" border="1" ${M}><tr>${times(cols, (c) => `<th>${['Title', 'Name', 'Date', 'No.', 'Place', 'Type'][c]}</th>`, '')}</tr>${times(k.int(8, 60), () => `<tr>${times(cols, (c) => `<td>${cell(c)}</td>`, '')}</tr>`)}</table>${pager(k)}<p class="small">${k.word('lastUpdated')}: ${k.date().long}</p></td></tr></table>`,
  });
}

function feedList(k: Kit): string {
  return page(k, `${k.good()} planet`, {
    body: `<h1 id="title"><a>Planet ${k.good()}</a></h1><div id="side"><h2>Subscriptions</h2><ul>${times(k.int(6, 30), () => `<li><a title="feed">[feed]</a> <a>${k.name()}</a></li>`)}</ul><p>Powered by Venus</p></div><div id="feeds">${times(n(k), () => `<div class="daygroup"><h2 class="date"><span class="date">${k.date().long}</span></h2><div class="entrygroup"><img class="face"><h3 ${Q}><a>${k.name()}</a><span class="delim"> — </span><a class="title">${titleOf(k)}</a></h3><div class="entry"><div class="content" ${M}>${k.p('news', k.int(1, 5))}</div><p class="date"><a>by ${k.name()} at ${k.date().short}</a></p></div></div></div>`)}</div><div id="footer"><a>Add your feed</a></div>`,
  });
}

function forumIndex(k: Kit): string {
  return page(k, `${k.one('forums')} – ${k.good()}`, {
    bodyAttributes: 'id="phpbb" class="nojs section-viewforum ltr"',
    body: `<div id="wrap"><div id="page-header"><div class="headerbar"><a id="logo">${k.good()}</a><p>${k.say('company', 1)}</p></div><ul class="linklist navlinks"><li><a>${k.word('forum')}</a></li></ul><ul><li><a>${k.word('faq')}</a></li><li><a>${k.word('login')}</a></li></ul></div><div id="page-body"><h2 class="forum-title" ${Q}><a>${k.one('forums')}</a></h2><div class="action-bar"><a class="button">New topic</a><div class="pagination">${k.number()} topics • Page 1 of ${k.int(2, 90)}</div></div><div class="forumbg"><div class="inner"><ul class="topiclist"><li class="header"><dl class="row-item"><dt><div class="list-inner">Topics</div></dt><dd class="posts">Replies</dd><dd class="views">Views</dd><dd class="lastpost"><span>Last post</span></dd></dl></li></ul><ul class="topiclist topics">${times(n(k) + 5, () => `<li class="row bg1"><dl class="row-item topic_read"><dt><div class="list-inner"><span ${M}><a class="topictitle">${k.one('threads')}</a></span><br><br><div class="topic-poster">by <a class="username">${k.user()}</a> » ${k.date().short}</div></div></dt><dd class="posts">${k.int(0, 90)}</dd><dd class="views">${k.number()}</dd><dd class="lastpost"><span>by <a class="username">${k.user()}</a><br>${k.date().short}</span></dd></dl></li>`)}</ul></div></div><div class="action-bar">${pager(k)}</div><div class="stat-block permissions"><h3>Forum permissions</h3><p>You <strong>cannot</strong> post new topics in this forum<br>You <strong>cannot</strong> reply to topics in this forum<br></p></div></div><div id="page-footer"><div class="copyright">Powered by <a href="https://www.phpbb.com/">phpBB</a>® Forum Software © phpBB Limited</div></div></div>`,
  });
}

function tagSoupCards(k: Kit): string {
  return page(k, `${k.one('headings')} | ${k.good()}`, {
    body: `<div class="layout"><div class="topbar"><div class="brand">${k.good()}</div><div class="links">${times(6, () => `<a>${k.one('headings')}</a>`)}</div></div><div class="hero"><div class="hero-title" ${Q}>${k.one('headings')}</div><div class="hero-sub" ${Q}>${k.say('company', 1)}</div></div><div class="tabs">${times(5, () => `<div class="tab">${k.one('forums')}</div>`)}</div><div class="grid">${times(n(k), () => `<div class="card"><div class="card-image"></div><div class="card-body"><div class="label">${k.one('forums')}</div><div class="card-title" ${M}><a>${titleOf(k)}</a></div><div class="card-text" ${M}>${k.say('news', k.int(1, 2))}</div><div class="card-foot"><span>${k.name()}</span><span>${k.int(2, 15)} min</span></div></div></div>`)}</div><div class="load-more">${k.word('showMore')}</div><div class="cta"><div>${k.word('newsletter')}</div><div>${k.say('company', 1)}</div><div class="btn">${k.word('subscribe')}</div></div><div class="bottom">${times(9, () => `<a>${k.one('headings')}</a>`)}<div>© ${k.good()}</div></div></div>`,
  });
}

export const listings: Template[] = [
  template('wordpress-index', 'listing', ALL, 12, (k) => ['/', '/category/news/', '/?s=x', '/tag/x/'][k.n % 4]!, wordPress),
  template('blogger-index', 'listing', ALL, 6, () => '/2014/', blogger),
  template('news-front', 'listing', ALL, 8, () => '/', newsFront, { hashable: true }),
  template('search-results', 'listing', EUROPE, 5, () => '/search?q=x', searchResults, { hashable: true }),
  template('event-calendar', 'listing', EUROPE, 6, () => '/events/', eventCalendar),
  template('directory', 'listing', ['en', 'de', 'fr', 'es'], 5, (k) => `/list/${k.slug()}`, directory),
  template('video-gallery', 'listing', ['en', 'ja', 'ru'], 5, (k) => `/channel/${k.slug()}/videos`, videoGallery, { hashable: true }),
  template('product-category', 'listing', ALL, 8, (k) => `/category/${k.slug()}/`, productCategory),
  template('table-listing', 'listing', EUROPE, 6, (k) => `/list/${k.slug()}.html`, tableListing),
  template('planet', 'listing', ['en', 'de', 'fr'], 4, () => '/', feedList),
  template('forum-index', 'listing', ['en', 'de', 'fr', 'es', 'ru'], 5, (k) => `/viewforum.php?f=${k.int(1, 40)}`, forumIndex),
  template('card-grid', 'listing', ['en', 'zh', 'es', 'ja'], 6, () => '/topics/', tagSoupCards, { hashable: true }),
];
