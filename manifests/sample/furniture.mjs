// The pages of the sample crawl: text in the furniture of news, blog, forum, shop, listing and documentation sites.
// All of it is written for this project (Apache-2.0) but the passages of prose.mjs.

export const escapeHtml = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
const paragraphs = (text) =>
  text
    .split('\n')
    .map((line) => `<p>${escapeHtml(line)}</p>`)
    .join('\n      ');
const link = (href, text) => `<a href="${href}">${escapeHtml(text)}</a>`;
const items = (links) => links.map(([href, text]) => `<li>${link(href, text)}</li>`).join('');

function page({ title, lang = 'en', charset = 'utf-8', head = '', body }) {
  const meta = charset === null ? '' : `<meta charset="${charset}">`;
  return `<!doctype html>
<html lang="${lang}">
<head>${meta}<title>${escapeHtml(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">${head}
<link rel="stylesheet" href="/assets/site.css"><script>window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}gtag('js',0);</script>
</head>
<body>
${body}
</body>
</html>
`;
}

const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const dateOf = (n) => ({
  iso: `2024-${String((n % 12) + 1).padStart(2, '0')}-${String((n % 27) + 1).padStart(2, '0')}`,
  words: `${months[n % 12]} ${(n % 27) + 1}, 2024`,
});

/** A newspaper's article page. `n` varies its date and what it links to. */
export function news({ title, text, author, n, site = 'The Sample Courier', lang, charset }) {
  const date = dateOf(n);
  return page({
    title: `${title} | ${site}`,
    lang,
    charset,
    head: `<meta property="og:title" content="${escapeHtml(title)}"><meta property="article:published_time" content="${date.iso}T06:00:00Z">`,
    body: `<div id="cookie-banner" class="cookie-consent" role="dialog"><p>We use cookies to make this site work.</p><button>Accept all</button><button>Settings</button></div>
<header class="site-header"><a class="logo" href="/">${site}</a>
  <nav class="main-nav"><ul>${items([
    ['/world', 'World'],
    ['/politics', 'Politics'],
    ['/business', 'Business'],
    ['/books', 'Books'],
    ['/sport', 'Sport'],
    ['/opinion', 'Opinion'],
  ])}</ul></nav>
  <form class="search" action="/search"><input name="q" placeholder="Search"></form></header>
<div class="breadcrumb">${link('/', 'Home')} › ${link('/books', 'Books')}</div>
<main class="layout">
  <article class="article">
    <h1 class="headline">${escapeHtml(title)}</h1>
    <div class="byline">By <a rel="author" href="/by/${n}">${escapeHtml(author)}</a> <time datetime="${date.iso}">${date.words}</time></div>
    <ul class="share-buttons">${items([
      ['#fb', 'Share'],
      ['#tw', 'Tweet'],
      ['#mail', 'Email'],
    ])}</ul>
    <figure><img src="/img/${n}.jpg" alt=""><figcaption>Photograph: archive</figcaption></figure>
    <div class="article-body">
      ${paragraphs(text)}
    </div>
  </article>
  <aside class="sidebar"><h3>Most read</h3><ol>${items([
    ['/a/1', 'Rain expected by evening'],
    ['/a/2', 'Council votes on the bridge'],
    ['/a/3', 'Five walks for a grey day'],
    ['/a/4', 'Obituary: the last lamplighter'],
  ])}</ol>
  <div class="newsletter"><h3>Newsletter</h3><p>One letter a week.</p><input type="email"><button>Sign up</button></div></aside>
</main>
<footer class="site-footer"><ul>${items([
      ['/about', 'About us'],
      ['/contact', 'Contact'],
      ['/privacy', 'Privacy policy'],
      ['/terms', 'Terms of use'],
    ])}</ul><p class="copyright">© 2024 ${site}. All rights reserved.</p></footer>`,
  });
}

/** A blog's post with sidebar widgets and two comments. */
export function blog({ title, text, author, n, site = 'Commonplace Book', lang, charset }) {
  const date = dateOf(n + 5);
  return page({
    title: `${title} – ${site}`,
    lang,
    charset,
    head: `<meta name="author" content="${escapeHtml(author)}"><link rel="alternate" type="application/rss+xml" href="/feed">`,
    body: `<div id="page" class="hfeed site">
<header id="masthead"><p class="site-title"><a href="/">${site}</a></p><p class="site-description">things copied out by hand</p>
<nav id="site-navigation"><ul class="menu">${items([
      ['/', 'Home'],
      ['/about', 'About'],
      ['/archive', 'Archive'],
      ['/feed', 'RSS'],
    ])}</ul></nav></header>
<div id="content"><div id="primary"><article id="post-${n}" class="post type-post hentry">
  <header class="entry-header"><h1 class="entry-title">${escapeHtml(title)}</h1><div class="entry-meta">Posted on ${date.words} by ${escapeHtml(author)}</div></header>
  <div class="entry-content">
      ${paragraphs(text)}
  </div>
  <footer class="entry-footer">Tagged ${link('/tag/books', 'books')}, ${link('/tag/reading', 'reading')}</footer>
</article>
<nav class="post-navigation">${link(`/p/${n - 1}`, '← Previous')} ${link(`/p/${n + 1}`, 'Next →')}</nav>
<div id="comments" class="comments-area"><h2>2 thoughts</h2><ol class="comment-list"><li class="comment"><cite>reader</cite><p>Thank you.</p></li><li class="comment"><cite>another</cite><p>Lovely!</p></li></ol></div></div>
<div id="secondary" class="widget-area"><section class="widget"><h2>Recent posts</h2><ul>${items([
      ['/p/1', 'On letters'],
      ['/p/2', 'On gardens'],
      ['/p/3', 'On weather'],
    ])}</ul></section>
<section class="widget widget_archive"><h2>Archives</h2><ul>${items([
      ['/2024/03', 'March 2024'],
      ['/2024/02', 'February 2024'],
      ['/2024/01', 'January 2024'],
    ])}</ul></section></div></div>
<footer id="colophon">Proudly set by hand</footer></div>`,
  });
}

/** A library's reading page: little furniture, semantic markup. */
export function library({ title, text, author, year, n, lang, charset }) {
  return page({
    title: `${title} by ${author}`,
    lang,
    charset,
    body: `<nav>${link('/', 'Reading Room')} / ${link('/shelf', 'Shelf')} / ${link(`/shelf/${n}`, String(n))}</nav>
<main><section class="chapter" epub:type="chapter"><h1>${escapeHtml(title)}</h1>
      ${paragraphs(text)}
</section></main>
<footer><p>${escapeHtml(author)}, ${year}. ${link('/colophon', 'Colophon')}</p></footer>`,
  });
}

/** A forum thread: every post a table row with its writer beside it. */
export function forum({ title, posts, n, lang, charset }) {
  const rows = posts.map(
    (
      [who, text],
      at,
    ) => `<tr class="post" id="p${n}${at}"><td class="poster"><b>${escapeHtml(who)}</b><br><small>Posts: ${(n * 37 + at * 11) % 900}</small></td>
<td class="postbody"><div class="post-head">#${at + 1}</div><div class="content">${paragraphs(text)}</div><div class="post-buttons">${link('#quote', 'Quote')} ${link('#report', 'Report')}</div></td></tr>`,
  );
  return page({
    title: `${title} - Archivists' Board`,
    lang,
    charset,
    body: `<div id="wrap"><div id="head">${link('/', 'Board index')} » ${link('/f/2', 'Formats')}</div><h2 class="topic-title">${escapeHtml(title)}</h2>
<table class="thread" width="100%"><tbody>${rows.join('\n')}</tbody></table>
<div class="pagination">Page 1 of 1</div><div class="jumpbox">Jump to: <select><option>Formats</option><option>Off topic</option></select></div>
<div class="whosonline">Users browsing this forum: none and 3 guests</div></div>`,
  });
}

/** A shop's product page. */
export function shop({ title, text, price, specs, reviews, n }) {
  return page({
    title: `Buy ${title} | Lamp & Ladder`,
    body: `<div class="topbar">Free delivery over £50</div><header>${link('/', 'Lamp & Ladder')} <a class="cart" href="/cart">0 items in cart</a></header>
<nav class="mega"><ul>${items([
      ['/lamps', 'Lamps'],
      ['/ladders', 'Ladders'],
      ['/desks', 'Desks'],
      ['/sale', 'Sale'],
    ])}</ul></nav>
<div class="product" itemscope itemtype="https://schema.org/Product"><div class="gallery"><img src="/p/${n}-1.jpg" alt=""><img src="/p/${n}-2.jpg" alt=""></div>
<div class="buy-box"><h1 itemprop="name">${escapeHtml(title)}</h1><span class="price">£${price}</span><select name="qty"><option>1</option><option>2</option></select><button>Add to basket</button><button>Wish list</button></div>
<div class="description" itemprop="description">
      ${paragraphs(text)}
</div>
<table class="specs">${specs.map(([key, value]) => `<tr><th>${escapeHtml(key)}</th><td>${escapeHtml(value)}</td></tr>`).join('')}</table>
<div class="reviews"><h2>Reviews</h2>${reviews.map((review) => `<div class="review"><p>${escapeHtml(review)}</p></div>`).join('')}</div></div>
<div class="related"><h3>You may also like</h3><ul>${items([
      ['/p/1', 'Oak step stool'],
      ['/p/2', 'Linen shade'],
      ['/p/3', 'Brass bulb'],
    ])}</ul></div>
<footer>${link('/returns', 'Returns')} ${link('/delivery', 'Delivery')} ${link('/contact', 'Contact')}</footer>`,
  });
}

/** A page of teasers: links and beginnings of sentences. */
export function listing({ title, teasers, n }) {
  return page({
    title,
    body: `<header>${link('/', 'Directory')}</header><h1>${escapeHtml(title)}</h1><ul class="results">
${teasers.map((teaser, at) => `<li><h2>${link(`/item/${n}/${at}`, teaser.split(' ').slice(0, 3).join(' '))}</h2><p>${escapeHtml(teaser)}</p></li>`).join('\n')}
</ul><div class="pages">${[1, 2, 3, 4, 5].map((number) => link(`?page=${number}`, String(number))).join(' ')} ${link('?page=2', 'Next')}</div>`,
  });
}

/** A documentation site's page: table of contents, text, code. */
export function docs({ title, text, code, n }) {
  return page({
    title: `${title} — documentation`,
    body: `<div class="wrapper"><nav class="toc" aria-label="Contents"><ul>${items([
      ['/start', 'Getting started'],
      ['/concepts', 'Concepts'],
      ['/steps', 'Steps'],
      ['/reference', 'Reference'],
      ['/faq', 'Questions'],
    ])}</ul></nav>
<main class="document" role="main"><div class="section" id="s${n}"><h1>${escapeHtml(title)}<a class="headerlink" href="#s${n}">¶</a></h1>
      ${paragraphs(text)}
<div class="highlight"><pre>${escapeHtml(code)}</pre></div></div></main></div>
<footer>Built from the sources. ${link('/edit', 'Edit this page')}</footer>`,
  });
}

/** Bare HTML around a body, for the odd pages. */
export const bare = ({ title = 'Untitled', lang, charset, body }) => page({ title, lang, charset, body });
export const asParagraphs = paragraphs;
