// Articles with what real sites hang on them: comment systems, recipe plugins, slide shows, endless scrolling, interviews.
import { ALL, EUROPE, template, type Template } from '../template.js';
import { C, type Kit, M, N, Q, times } from '../kit.js';
import { page } from '../page.js';

const related = (k: Kit): string =>
  k.pick([
    () => `<div class="related-posts"><h3>${k.word('related')}</h3><ul>${times(k.int(3, 6), () => `<li><a>${k.one('headlines')}</a></li>`)}</ul></div>`,
    () =>
      `<div class="jp-relatedposts"><h3 class="jp-relatedposts-headline"><em>${k.word('related')}</em></h3>${times(3, () => `<div class="jp-relatedposts-post"><h4 class="jp-relatedposts-post-title"><a>${k.one('headlines')}</a></h4><p class="jp-relatedposts-post-excerpt">${k.say('news', 1)}</p><p class="jp-relatedposts-post-date">${k.date().long}</p></div>`)}</div>`,
    () =>
      `<div id="taboola-below-article">${times(k.int(4, 8), () => `<div class="trc_spotlight_item"><span class="video-title">${k.say('product', 1)}</span><span class="branding">${k.good()}</span></div>`)}</div>`,
    () => '',
  ])();
const share = (k: Kit): string =>
  k.pick([
    '',
    `<div class="sharedaddy sd-sharing-enabled"><h3 class="sd-title">${k.word('share')}:</h3><ul><li><a><span>Click to share on Twitter (Opens in new window)</span></a></li><li><a><span>Facebook</span></a></li></ul></div>`,
    `<div class="addtoany_share_save_container"><a>Facebook</a><a>Email</a><a>${k.word('share')}</a></div>`,
  ]);
const sections = (k: Kit, n: number): string => times(n, () => `<h2>${k.one('headings')}</h2>\n${k.p('news', k.int(1, 4))}`);
const figure = (k: Kit): string => `<figure class="wp-block-image"><img src="x.jpg" alt=""><figcaption ${Q}>${k.say('news', 1)}</figcaption></figure>`;
/** An article's body with figures, adverts, pulled quotes and links to other articles between its paragraphs. */
const body = (k: Kit, n: number): string => {
  const parts = k.paras('news', n).map((t) => `<p>${k.chance(30) ? k.inline(t) : t}</p>`);
  const between = [
    () => figure(k),
    () => `<div class="ad-slot" ${N}><span>${k.word('ad')}</span></div>`,
    () => `<p class="read-more-inline" ${N}><strong><a>${k.word('readMore')}: ${k.one('headlines')}</a></strong></p>`,
    () => `<blockquote class="pullquote" ${Q}><p>${k.say('news', 1)}</p></blockquote>`,
    () => `<h2>${k.one('headings')}</h2>`,
    () => `<ul>${times(k.int(2, 5), () => `<li>${k.say('news', 1)}</li>`)}</ul>`,
    () => `<blockquote><p>${k.say('news', 2)}</p></blockquote>`,
  ];
  return parts.map((p, i) => (i > 0 && k.chance(30) ? k.pick(between)() + p : p)).join('\n');
};
const chrome = (k: Kit, inner: string, aside: string): string =>
  `<div class="site"><header class="site-header"><a class="logo" href="/">${k.good()}</a><nav class="main-nav"><ul>${times(k.int(4, 9), () => `<li><a>${k.one('headings')}</a></li>`)}</ul></nav></header><div class="breadcrumbs"><a>${k.word('home')}</a> › <a>${k.one('forums')}</a></div><div class="wrap"><main>${inner}</main>${aside}</div><footer class="site-footer"><p>${k.say('company', 1)}</p><ul>${times(5, () => `<li><a>${k.one('headings')}</a></li>`)}</ul><p>© ${k.good()} ${k.word('rights')}</p></footer></div>`;
const rail = (k: Kit): string =>
  `<aside class="sidebar"><div class="widget"><h3>${k.word('popular')}</h3><ol>${times(5, () => `<li><a>${k.one('headlines')}</a></li>`)}</ol></div>${k.maybe(50, () => `<div class="widget newsletter"><h3>${k.word('newsletter')}</h3><p>${k.say('company', 1)}</p></div>`)}</aside>`;

const commentSystems: ((k: Kit, n: number) => string)[] = [
  (k, n) =>
    `<div id="comments" class="comments-area"><h2 class="comments-title">${n} ${k.word('comments')}</h2><ol class="comment-list">${times(n, (i) => `<li id="comment-${i}" class="comment even thread-even depth-1"><article class="comment-body"><footer class="comment-meta"><div class="comment-author vcard"><img class="avatar"><b class="fn">${k.user()}</b> <span class="says">${k.word('says')}</span></div><div class="comment-metadata"><a><time>${k.date().short}</time></a> <span class="edit-link"><a>${k.word('edit')}</a></span></div></footer><div class="comment-content" ${C}>${k.p('comment', k.int(1, 2))}</div><div class="reply"><a class="comment-reply-link">${k.word('reply')}</a></div></article></li>`)}</ol><div id="respond" class="comment-respond"><h3 id="reply-title">${k.word('leaveComment')}</h3><form id="commentform"><p class="comment-notes">${k.say('legal', 1)}</p><p><label>${k.word('comments')}</label><textarea></textarea></p><p><label>Name *</label></p><p><label>E-Mail *</label></p><input type="submit"></form></div></div>`,
  (k, n) =>
    `<section id="disqus_thread"><div id="layout"><div class="nav nav-primary"><ul><li><a>${n} Comments</a></li><li><a>${k.good()}</a></li><li><a>Login</a></li></ul></div><div class="nav-secondary"><a>Recommend</a><a>Sort by Best</a></div><div id="posts"><ul id="post-list" class="post-list">${times(n, () => `<li class="post"><div class="post-content"><header class="comment__header"><span class="post-byline"><span class="author publisher-anchor-color"><a>${k.user()}</a></span></span><span class="post-meta"><a class="time-ago">${k.date().ago}</a></span></header><div class="post-body-inner"><div class="post-message-container"><div class="post-message" ${C}>${k.p('comment', 1)}</div></div></div><footer><menu><li class="voting"><a class="vote-up"><span class="count">${k.int(0, 30)}</span></a></li><li class="reply"><a>Reply</a></li><li><a>Share ›</a></li></menu></footer></div></li>`)}</ul><div class="load-more"><a class="btn">Load more comments</a></div></div></div></section>`,
  (k, n) =>
    `<div class="widget Blog"><a name="comments"></a><h4>${n} comments:</h4><div class="comments-content"><ol id="top-ra">${times(n, (i) => `<li class="comment" id="c${i}"><div class="avatar-image-container"><img></div><div class="comment-block"><div class="comment-header"><cite class="user"><a>${k.user()}</a></cite><span class="icon user"></span><span class="datetime secondary-text"><a>${k.date().short}</a></span></div><p class="comment-content" ${C}>${k.say('comment', k.int(1, 3))}</p><span class="comment-actions secondary-text"><a class="comment-reply">Reply</a><a>Delete</a></span></div></li>`)}</ol></div><p class="comment-footer"><a>Post a Comment</a></p></div>`,
  (k, n) =>
    `<div class="user-comments"><div class="head"><b>${k.word('comments')} (${n})</b><a>${k.word('login')}</a><p>${k.say('legal', 1)}</p></div>${times(n, () => `<div class="js-comment thread-item"><div class="thread-item__head"><a>${k.user()}</a>, ${k.date().short}</div><div class="thread-item__body" ${C}>${k.maybe(30, () => `<b>${k.one('short')}</b><br><br>`)}${k.say('comment', k.int(1, 4))}</div><div class="thread-item__foot"><a>${k.word('report')}</a> <a>${k.word('reply')}</a> <span>+${k.int(0, 90)}</span></div></div>`)}<a class="more">${k.word('showMore')}</a></div>`,
  (k, n) =>
    `<ol class="commentlist">${times(n, (i) => `<li class="${i % 2 ? 'alt' : ''}" id="comment-${i}"><cite><a rel="external nofollow">${k.user()}</a></cite> Says: <br><small class="commentmetadata"><a>${k.date().short}</a></small><div ${C}><p>${k.para('comment')}</p></div></li>`)}</ol><h3 id="respond">${k.word('leaveComment')}</h3><form><p><label><small>Name (required)</small></label></p><p><label><small>Mail (will not be published) (required)</small></label></p></form>`,
  (k, n) =>
    `<div class="fb-comments"><div class="_4k-6">${n} comments</div><div>Sort by Top</div><div>Add a comment...</div>${times(n, () => `<div class="UFIComment"><a class="UFICommentActorName">${k.name()}</a><div class="_4q1v">${k.pick(['Works at Home', 'Top fan', 'University of Somewhere'])}</div><div class="_30o4" ${C}><span>${k.para('comment')}</span></div><div><a>Like</a> · <a>Reply</a> · ${k.int(0, 30)} · ${k.date().ago}</div></div>`)}<div>Facebook Comments Plugin</div></div>`,
];

function commented(k: Kit): string {
  const title = k.one('headlines');
  const inner = `<article class="post hentry" itemscope itemtype="http://schema.org/Article"><header class="entry-header"><h1 class="entry-title" ${Q}>${title}</h1><div class="entry-meta"><span class="author vcard">${k.word('by')} <a>${k.name()}</a></span> <time>${k.date().long}</time></div></header><div class="entry-content" itemprop="articleBody" ${M}>${body(k, k.int(3, 14))}</div>${share(k)}<footer class="entry-footer"><span class="cat-links">${k.word('categories')}: <a>${k.one('forums')}</a></span></footer></article>${k.maybe(50, () => `<div class="author-box"><h4>${k.name()}</h4><p>${k.say('company', 1)}</p></div>`)}${related(k)}${commentSystems[k.n % commentSystems.length]!(k, k.pick([1, 2, 5, 12, 25]))}<nav class="post-navigation"><a rel="prev">${k.word('previous')}: ${k.one('headlines')}</a></nav>`;
  return page(k, `${title} – ${k.good()}`, {
    bodyAttributes: 'class="post-template-default single single-post postid-7"',
    body: chrome(
      k,
      inner,
      k.maybe(70, () => rail(k)),
    ),
  });
}

function recipe(k: Kit): string {
  const title = k.one('headlines');
  const foods = () => k.one('foods');
  const n = k.int(4, 12);
  const plugins: (() => string)[] = [
    () =>
      `<div id="recipe"></div><div id="wprm-recipe-container-1" class="wprm-recipe-container" data-recipe-id="1"><div class="wprm-recipe wprm-recipe-template-basic"><div class="wprm-container-float-right"><div class="wprm-recipe-image"><img></div><a class="wprm-recipe-print wprm-recipe-link">${k.word('print')}</a><a class="wprm-recipe-pin">Pin Recipe</a></div><h2 class="wprm-recipe-name wprm-block-text-bold" ${M}>${title}</h2><div class="wprm-recipe-rating"><div class="wprm-recipe-rating-details"><span>5</span> from <span>${k.int(2, 90)}</span> votes</div></div><div class="wprm-recipe-summary wprm-block-text-normal" ${M}><span>${k.say('news', 1)}</span></div><div class="wprm-recipe-times-container" ${Q}><div class="wprm-recipe-block-container wprm-recipe-prep-time-container"><span class="wprm-recipe-details-label">${k.word('prepTime')} </span><span class="wprm-recipe-time">${k.int(5, 60)} min</span></div></div><div class="wprm-recipe-ingredients-container" ${M}><h3 class="wprm-recipe-header wprm-recipe-ingredients-header">${k.word('ingredients')}</h3><div class="wprm-recipe-ingredient-group"><ul class="wprm-recipe-ingredients">${times(n, () => `<li class="wprm-recipe-ingredient"><span class="wprm-checkbox-container"></span><span class="wprm-recipe-ingredient-name">${foods()}</span></li>`)}</ul></div></div><div class="wprm-unit-conversion-container"><a>US Customary</a> - <a>Metric</a></div><div class="wprm-recipe-instructions-container" ${M}><h3 class="wprm-recipe-header">${k.word('method')}</h3><div class="wprm-recipe-instruction-group"><ul class="wprm-recipe-instructions">${times(k.int(3, 8), () => `<li class="wprm-recipe-instruction"><div class="wprm-recipe-instruction-text"><span>${k.one('steps')}</span></div></li>`)}</ul></div></div>${k.maybe(50, () => `<div class="wprm-recipe-notes-container" ${M}><h3>${k.word('note')}</h3><div class="wprm-recipe-notes">${k.say('comment', 1)}</div></div>`)}${k.maybe(50, () => `<div class="wprm-nutrition-label-container" ${Q}><span>Calories: ${k.int(90, 900)}kcal</span> | <span>Carbohydrates: ${k.int(3, 90)}g</span></div>`)}<div class="wprm-call-to-action"><span class="wprm-call-to-action-header">Tried this recipe?</span><span class="wprm-call-to-action-text-container">Mention <a>@${k.user()}</a>!</span></div></div></div>`,
    () =>
      `<span class="tasty-recipes-jump-target"></span><div class="tasty-recipes tasty-recipes-has-image"><header class="tasty-recipes-entry-header"><h2 class="tasty-recipes-title" ${M}>${title}</h2><hr><div class="tasty-recipes-rating"><p><span class="rating-label"><span class="average">4.9</span> from <span class="count">${k.int(3, 300)}</span> reviews</span></p></div><div class="tasty-recipes-details" ${Q}><ul><li class="author"><span class="tasty-recipes-label">Author:</span> <a>${k.name()}</a></li><li class="total-time"><span>Total Time:</span> <span>${k.int(10, 90)} min</span></li><li class="yield">${k.int(2, 8)} ${k.word('servings')}</li></ul></div><div class="tasty-recipes-buttons"><div class="tasty-recipes-button-wrap"><a class="button tasty-recipes-print-button">${k.word('print')} Recipe</a></div></div></header><div class="tasty-recipes-entry-content"><div class="tasty-recipes-description" ${M}><p>${k.say('news', 1)}</p></div><div class="tasty-recipes-ingredients"><div class="tasty-recipes-ingredients-header"><h3 ${M}>${k.word('ingredients')}</h3><button>Copy to clipboard</button><span class="tasty-recipes-units-scale-container"><span>Scale</span><button>1x</button><button>2x</button></span></div><div data-tasty-recipes-customization="body-color.color" ${M}><ul>${times(n, () => `<li data-tr-ingredient-checkbox=""><span>${foods()}</span></li>`)}</ul></div></div><div class="tasty-recipes-instructions"><h3 ${M}>${k.word('method')}</h3><label class="tasty-recipes-cook-mode"><span>Cook Mode</span> <span>Prevent your screen from going dark</span></label><div ${M}><ol>${times(k.int(3, 8), () => `<li>${k.one('steps')}</li>`)}</ol></div></div></div><footer class="tasty-recipes-entry-footer"><h3>Did you make this recipe?</h3><p>Share a photo and tag us — we can't wait to see what you've made!</p></footer></div>`,
    () =>
      `<section id="mv-creation-1" class="mv-create-card mv-recipe-card"><div class="mv-create-wrapper"><header class="mv-create-header"><h2 class="mv-create-title mv-create-title-primary" ${M}>${title}</h2><form class="mv-create-print-form"><button class="mv-create-button mv-create-print-button">${k.word('print')}</button></form><div class="mv-create-times" ${Q}><div class="mv-create-time"><em class="mv-time-label">${k.word('prepTime')} </em> <span>${k.int(5, 90)} minutes</span></div></div><div class="mv-create-description" ${M}><p>${k.say('news', 1)}</p></div></header><div class="mv-create-ingredients" ${M}><h3 class="mv-create-ingredients-title">${k.word('ingredients')}</h3><ul>${times(n, () => `<li> ${foods()} </li>`)}</ul></div><div class="mv-create-instructions" ${M}><h3>${k.word('method')}</h3><ol>${times(k.int(3, 7), () => `<li>${k.one('steps')}</li>`)}</ol></div><div class="mv-create-nutrition" ${Q}><h6>Nutrition Information:</h6><span>Calories: ${k.int(90, 900)}</span></div><footer class="mv-create-footer"><div class="mv-create-copy">© ${k.name()}</div><div>Did you make this recipe?</div><p>Please leave a comment on the blog or share a photo on <a>Pinterest</a></p></footer></div></section>`,
    () =>
      `<div id="zlrecipe-container-1" class="zlrecipe-container-border"><div class="zlrecipe-print-link"><a class="butn-link">${k.word('print')}</a></div><div class="item b-b"><div id="zlrecipe-title" ${M}>${title}</div></div><div class="zlmeta zlclear" ${Q}><p id="zlrecipe-prep-time">${k.word('prepTime')} <span>${k.int(5, 60)} minutes</span></p><p>${k.word('servings')}: ${k.int(2, 8)}</p></div><div ${M}><p id="zlrecipe-ingredients" class="h-4 strong">${k.word('ingredients')}</p><ul id="zlrecipe-ingredients-list">${times(n, () => `<li class="ingredient">${foods()}</li>`)}</ul><p id="zlrecipe-instructions" class="h-4 strong">${k.word('method')}</p><ol id="zlrecipe-instructions-list">${times(k.int(3, 7), () => `<li class="instruction">${k.one('steps')}</li>`)}</ol></div><div class="zl-linkback">Schema/Recipe SEO Data Markup by <a>Yummly</a></div></div>`,
    () =>
      `<div ${M}><h3>${k.word('ingredients')}</h3><p>${times(n, foods, '<br>')}</p><h3>${k.word('method')}</h3>${times(k.int(3, 7), () => `<p>${k.one('steps')}</p>`)}</div>`,
  ];
  const inner = `<article class="post hentry"><h1 class="entry-title" ${Q}>${title}</h1><p class="entry-meta"><time>${k.date().long}</time> ${k.word('by')} <a>${k.name()}</a> <a class="comments">${k.int(1, 90)} ${k.word('comments')}</a></p><div class="wprm-jump"><a>Jump to Recipe</a> - <a>${k.word('print')} Recipe</a></div>${k.maybe(40, () => `<div class="affiliate-disclosure"><em>${k.say('legal', 1)}</em></div>`)}<div class="entry-content"><div ${M}>${body(k, k.int(1, 7))}</div>${plugins[k.n % plugins.length]!()}${share(k)}</div></article>${related(k)}${k.maybe(70, () => commentSystems[k.int(0, commentSystems.length - 1)]!(k, k.int(1, 8)))}`;
  return page(k, `${title} - ${k.good()}`, {
    head: k.chance(60) ? '<script type="application/ld+json">{"@context":"https://schema.org/","@type":"Recipe","name":"x"}</script>' : '',
    bodyAttributes: 'class="single single-post recipe"',
    body: chrome(k, inner, rail(k)),
  });
}

function slideshow(k: Kit): string {
  const title = k.one('headlines');
  const slides = k.int(4, 20);
  const inner = `<article><h1 ${Q}>${slides} – ${title}</h1><p class="dek" ${M}>${k.say('news', 1)}</p><div class="byline">${k.word('by')} ${k.name()}</div><div class="gallery slideshow carousel">${times(slides, (i) => `<div class="slide gallery-slide" id="slide-${i}"><div class="slide-count">${i + 1} / ${slides}</div><figure><img><div class="credit">${k.pick(['Photo: ', '© ', ''])}${k.name()}</div></figure><h2 class="slide-title" ${M}>${k.one('kinds')}</h2><div class="slide-caption" ${M}><p>${k.say('news', k.int(1, 3))}</p></div>${k.maybe(25, () => `<a class="shop-now">${k.word('buy')} ${k.price()}</a>`)}<div class="slide-ad">${k.word('ad')}</div></div>`)}</div><button class="prev">${k.word('previous')}</button><button class="next">${k.word('next')}</button></article>${related(k)}`;
  return page(k, title, {
    body: chrome(
      k,
      inner,
      k.maybe(40, () => rail(k)),
    ),
  });
}

/** The second article below is another page's. */
function endless(k: Kit): string {
  const one = (first: boolean) =>
    `<article class="article-container" data-url="/x/${k.slug()}"><header><div class="kicker">${k.one('forums')}</div><h1 class="headline" ${first ? Q : N}>${k.one('headlines')}</h1><p class="standfirst" ${first ? M : N}>${k.say('news', 1)}</p><div class="byline">${k.name()} · <time>${k.date().long}</time></div></header><div class="article-body" ${first ? M : N}>${first ? body(k, k.int(4, 10)) : k.p('news', k.int(4, 10))}</div><div class="tags"><a>${k.one('forums')}</a></div></article>`;
  return page(k, k.one('headlines'), {
    body: chrome(
      k,
      `${one(true)}${related(k)}<div class="infinite-scroll">${k.maybe(60, () => `<div class="up-next">${k.word('next')}</div>`)}${times(k.int(1, 2), () => one(false), '<hr>')}</div>`,
      k.maybe(50, () => rail(k)),
    ),
    head: '<meta property="og:type" content="article">',
  });
}

function interview(k: Kit): string {
  const style = k.n % 3;
  const who = k.name();
  const qa = () =>
    style === 0
      ? `<p><strong>${k.one('asks')}</strong></p>${k.p('talk', k.int(1, 2))}`
      : style === 1
        ? `<p class="q"><b>${k.good()}:</b> ${k.one('asks')}</p><p class="a"><b>${who}:</b> ${k.para('talk')}</p>`
        : `<dt>${k.one('asks')}</dt><dd>${k.para('talk')}</dd>`;
  const list = times(k.int(5, 18), qa);
  const inner = `<article><h1 ${Q}>${k.one('headlines')}</h1><div class="meta">${k.date().long} | ${k.int(1, 9)} ${k.word('comments')}</div><div class="content" ${M}><p class="intro"><em>${k.say('news', 2)}</em></p>${style === 2 ? `<dl>${list}</dl>` : list}</div>${share(k)}</article>${related(k)}`;
  return page(k, k.one('headlines'), { body: chrome(k, inner, rail(k)) });
}

function verses(k: Kit): string {
  const lyrics = k.chance(50);
  const stanzas = () => times(k.int(2, 6), () => times(k.int(3, 4), () => k.one('verses'), '<br>\n'), '<br>\n<br>\n');
  const title = k.one('headlines');
  return page(k, `${title} ${lyrics ? 'Lyrics' : ''}`, {
    body: lyrics
      ? `<nav class="navbar"><a class="logo">${k.good()}Lyrics</a><div class="az">${'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
          .split('')
          .map((l) => `<a class="btn btn-menu">${l}</a>`)
          .join(
            '',
          )}</div><form><input></form></nav><div class="container main-page"><div class="row"><div class="col-xs-2"></div><div class="col-xs-12 col-lg-8 text-center"><div class="div-share noprint"><a>${k.word('print')}</a></div><div class="lyricsh"><h2><b><a>${k.name()} Lyrics</a></b></h2></div><div class="ringtone"></div><b ${Q}>"${title}"</b><br><br><div ${M}>${stanzas()}</div><br><br><div class="noprint"><form>Submit Corrections</form></div><div class="smt"><small>Writer(s): ${k.name()}</small></div><div class="panel album-panel noprint">album: <b>"${k.one('headlines')}"</b> (${k.int(1970, 2020)})<br>${times(k.int(5, 12), () => `<div class="listalbum-item"><a>${k.one('headlines')}</a></div>`)}</div></div></div></div><footer><nav><a>Request Lyrics</a> | <a>Privacy Policy</a></nav><div>All lyrics are property and copyright of their owners.</div></footer>`
      : `<div class="top"><a>${k.good()} Poems</a><a>Poets</a><a>Explore</a><a>${k.word('login')}</a></div><div class="poem"><h1 ${Q}>${title}</h1><span class="by">${k.word('by')} <a>${k.name()}</a></span><div class="o-poem isActive" ${M}>${times(k.int(6, 24), () => `<div style="text-indent: -1em; padding-left: 1em;">${k.one('verses')}<br></div>`)}</div><div class="notes"><h4>${k.word('note')}</h4><p>${k.say('legal', 1)}</p></div></div><div class="related"><h3>More Poems by ${k.name()}</h3>${times(4, () => `<a>${k.one('headlines')}</a>`)}</div><div class="rate">Rate this poem: <a>☆</a></div><div class="foot">${k.word('about')} | ${k.word('contact')}</div>`,
  });
}

function photoGallery(k: Kit): string {
  const inner = `<div class="gallery-page"><h1 ${Q}>${k.one('headlines')}</h1>${k.maybe(70, () => `<div class="intro" ${M}><p>${k.say('news', 2)}</p></div>`)}<div class="gallery gallery-columns-3">${times(k.int(5, 24), () => `<dl class="gallery-item"><dt class="gallery-icon landscape"><a><img></a></dt><dd class="wp-caption-text gallery-caption" ${M}>${k.chance(50) ? k.say('news', 1) : k.one('headlines')}</dd></dl>`)}</div><p class="exif">f/8, 1/${k.int(60, 500)} s</p><div class="album-nav"><a>${k.word('previous')}</a><a>${k.word('next')}</a></div></div>`;
  return page(k, k.one('headlines'), {
    body: chrome(
      k,
      inner,
      k.maybe(30, () => rail(k)),
    ),
  });
}

/** An article of the platform age: hashed names, no meaning in tags, buttons between paragraphs. */
function platform(k: Kit): string {
  const title = k.one('headlines');
  const para = (t: string) => `<p id="${k.int(1000, 9999)}" class="pw-post-body-paragraph nf ng gv nh b">${t}</p>`;
  return page(k, `${title} | by ${k.name()} | ${k.good()}`, {
    head: '<meta property="og:type" content="article"><meta property="al:android:app_name" content="Medium">',
    body: `<div id="root"><div class="a b c"><div class="d e f g h"><a>Open in app</a><a>Sign up</a><a>Sign in</a><div><a>${k.good()}</a><input placeholder="Search"><a>Write</a></div></div><div class="l"><article><div class="l"><section><div><div class="gn go gp gq gr"><div><h1 class="pw-post-title" ${Q}>${title}</h1><h2 class="pw-subtitle-paragraph" ${M}>${k.say('news', 1)}</h2></div><div class="speechify-ignore"><div><a>${k.name()}</a><span>·</span><button>Follow</button></div><div><span>${k.int(3, 15)} min read</span><span>·</span><span>${k.date().long}</span></div><div><div>${k.int(3, 900)}</div><div>${k.int(1, 40)}</div><button>Listen</button><button>Share</button></div></div><div ${M}>${k
      .paras('news', k.int(4, 14))
      .map((t) => para(k.inline(t)))
      .join(
        `${k.maybe(60, () => `<figure><img><figcaption ${Q}>${k.say('news', 1)}</figcaption></figure>`)}`,
      )}<h1 class="ob oc">${k.one('headings')}</h1>${k.paras('news', 3).map(para).join('')}<pre class="oh oi"><span class="ok">${k.maybe(40, () => 'let a = 1;')}</span></pre></div></div></div></section></div></article><div class="tags"><a>${k.one('forums')}</a><a>${k.one('kinds')}</a></div><div><button>${k.int(3, 900)}</button><button>${k.int(1, 40)}</button></div><div><h2>Written by ${k.name()}</h2><div>${k.number()} Followers</div><div>${k.say('company', 1)}</div><button>Follow</button></div><div><h2>More from ${k.name()}</h2>${times(4, () => `<div><h2>${k.one('headlines')}</h2><h3>${k.say('news', 1)}</h3><div>${k.int(2, 12)} min read</div></div>`)}</div><div><a>Help</a><a>Status</a><a>About</a><a>Careers</a><a>Privacy</a><a>Terms</a></div></div></div></div>`,
  });
}

/** A small site: the article stands in a table, or in a div of nothing but <br>. */
function oldArticle(k: Kit): string {
  const title = k.one('headlines');
  const text = k.chance(60)
    ? k.paras('news', k.int(3, 12)).join('<br><br>\n')
    : k
        .paras('news', k.int(3, 12))
        .map((t) => `<p align="justify"><font face="Verdana" size="2">${t}</font></p>`)
        .join('\n');
  return page(k, title, {
    doctype: '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">',
    body: `<table width="780" align="center" cellpadding="0" cellspacing="0"><tr><td colspan="3" bgcolor="#003366"><font color="#ffffff" size="5">${k.good()}</font></td></tr><tr><td width="140" valign="top"><font size="1">${times(k.int(5, 16), () => `&#187; <a>${k.one('headings')}</a><br>`)}</font></td><td valign="top"><font size="4"><b ${Q}>${title}</b></font><br><br><font size="1">${k.date().long}, ${k.name()}</font><br><br><div ${M}>${text}</div><br><a>${k.word('print')}</a> | <a href="javascript:history.back()">${k.word('previous')}</a>${k.maybe(40, () => `<hr><b>${k.word('related')}</b><br>${times(4, () => `<a>${k.one('headlines')}</a><br>`)}`)}</td><td width="150" valign="top" bgcolor="#eeeeee"><font size="1"><b>${k.word('news')}</b><br>${times(k.int(3, 8), () => `${k.date().iso}<br><a>${k.one('headlines')}</a><br>${k.say('news', 1)}<br><br>`)}</font></td></tr><tr><td colspan="3" align="center"><font size="1">© ${k.good()} | <a>${k.word('contact')}</a></font></td></tr></table>`,
  });
}

function longRead(k: Kit): string {
  const title = k.one('headlines');
  const inner = `<article itemscope><h1 itemprop="headline" ${Q}>${title}</h1><p class="lede" ${M}>${k.say('news', 1)}</p><div class="info"><span itemprop="author">${k.name()}</span><time>${k.date().long}</time></div>${k.maybe(50, () => `<nav class="toc"><p>${k.word('contents')}</p><ol>${times(4, () => `<li><a>${k.one('headings')}</a></li>`)}</ol></nav>`)}<div itemprop="articleBody" ${M}>${body(k, 3)}${sections(k, k.int(3, 8))}<h2 ${Q}>${k.word('note')}</h2><ol class="footnotes" ${Q}>${times(k.int(1, 6), () => `<li>${k.say('news', 1)} <a href="#fnref">↩</a></li>`)}</ol></div>${share(k)}</article>${related(k)}`;
  return page(k, title, {
    head: '<meta property="og:type" content="article">',
    body: chrome(
      k,
      inner,
      k.maybe(40, () => rail(k)),
    ),
  });
}

const dated = (k: Kit): string => `/20${k.int(10, 23)}/0${k.int(1, 9)}/${k.slug()}/`;
export const articles: Template[] = [
  template('commented-article', 'article', ALL, 12, dated, commented),
  template('recipe-plugins', 'recipe', EUROPE, 10, (k) => `/recipes/${k.slug()}/`, recipe),
  template('slideshow', 'article', ['en', 'fr', 'es'], 5, (k) => `/gallery/${k.slug()}`, slideshow),
  template('endless-scroll', 'article', ALL, 8, dated, endless, { hashable: true }),
  template('interview', 'article', EUROPE, 6, dated, interview),
  template('verses', 'article', ALL, 8, (k) => `/lyrics/${k.slug()}.html`, verses),
  template('photo-gallery', 'article', ['en', 'de', 'ja', 'fr'], 5, (k) => `/album/${k.slug()}/`, photoGallery),
  template('platform-article', 'article', ['en', 'zh', 'es', 'en'], 6, (k) => `/@user/${k.slug()}-${k.int(100000, 999999)}`, platform, { hashable: true }),
  template('old-article', 'article', ALL, 8, (k) => `/artikel/${k.int(10, 999)}.htm`, oldArticle),
  template('long-read', 'article', EUROPE, 5, dated, longRead),
];
