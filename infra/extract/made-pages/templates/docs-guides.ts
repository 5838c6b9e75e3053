// Guides: what Sphinx, MkDocs, Docusaurus, mdBook, GitBook, VitePress, Docsy, just-the-docs and ReadMe make of prose.
import { ALL, EUROPE, template, type Template } from '../template.js';
import { type Kit, M, N, times } from '../kit.js';
import { page } from '../page.js';
import { body, type DocsMarkup, highlighted, identifier, matter, outline, signature, tree, typeName } from './docs-parts.js';

const sphinxMarkup = (k: Kit, newer: boolean): DocsMarkup => ({
  code: (text) =>
    `<div class="highlight-${k.pick(['default', 'python3', 'console'])} notranslate"><div class="highlight"><pre><span></span>${highlighted(k, text)}\n</pre></div></div>`,
  note: (title, text) => `<div class="admonition note"><p class="${newer ? 'admonition-title' : 'first admonition-title'}">${title}</p>${text}</div>`,
  heading: (level, text, id) => `<h${level}>${text}<a class="headerlink" href="#${id}" title="Permalink to this heading">¶</a></h${level}>`,
  table: (head, rows) =>
    `<table class="docutils align-default"><thead><tr class="row-odd">${head.map((h) => `<th class="head"><p>${h}</p></th>`).join('')}</tr></thead><tbody>${rows.map((r, i) => `<tr class="row-${i % 2 ? 'odd' : 'even'}">${r.map((c) => `<td><p>${c}</p></td>`).join('')}</tr>`).join('')}</tbody></table>`,
});
const sphinxApi = (k: Kit): string =>
  times(
    k.int(1, 6),
    () =>
      `<dl class="py ${k.pick(['function', 'class', 'method'])}"><dt class="sig sig-object py" id="x.${identifier(k)}"><span class="sig-prename descclassname"><span class="pre">kiln.</span></span><span class="sig-name descname"><span class="pre">${signature(k)}</span></span><a class="reference internal" href="_modules/x.html" ><span class="viewcode-link"><span class="pre">[source]</span></span></a><a class="headerlink" href="#x">¶</a></dt><dd><p>${k.para('docs')}</p><dl class="field-list simple"><dt class="field-odd">Parameters</dt><dd class="field-odd"><ul class="simple"><li><p><strong>${identifier(k)}</strong> (<em>${typeName(k)}</em>) – ${k.say('docs', 1)}</p></li></ul></dd><dt class="field-even">Returns</dt><dd class="field-even"><p>${k.say('docs', 1)}</p></dd></dl></dd></dl>`,
  );
function sphinxBody(k: Kit): { title: string; html: string; sections: { id: string; title: string }[] } {
  const o = outline(k);
  const newer = k.chance(60);
  const html = body(k, o, sphinxMarkup(k, newer), (inner, id) =>
    newer ? `<section id="${id}">${inner}</section>` : `<div class="section" id="${id}">${inner}</div>`,
  );
  return { title: o.title, html: k.chance(40) ? html + sphinxApi(k) : html, sections: o.sections };
}
const sphinxHead =
  '<script src="_static/documentation_options.js"></script><script src="_static/doctools.js"></script><link rel="stylesheet" href="_static/pygments.css">';
const toc = (sections: { id: string; title: string }[], link = 'reference internal'): string =>
  `<ul>${sections.map((s) => `<li><a class="${link}" href="#${s.id}">${s.title}</a></li>`).join('\n')}</ul>`;
const ref = (text: string): string => `<a class="reference internal" href="x.html">${text}</a>`;

function alabaster(k: Kit): string {
  const b = sphinxBody(k);
  const related = `<div class="related" role="navigation" aria-label="related navigation"><h3>Navigation</h3><ul><li class="right" style="margin-right: 10px"><a href="genindex.html" title="General Index" accesskey="I">index</a></li><li class="right"><a href="x.html">next</a> |</li><li class="nav-item nav-item-0"><a href="index.html">${k.good()} documentation</a> &#187;</li><li class="nav-item nav-item-this"><a>${b.title}</a></li></ul></div>`;
  const classic = k.chance(40);
  return page(k, `${b.title} — ${k.good()} documentation`, {
    head: sphinxHead,
    body: `${classic ? related : ''}<div class="document"><div class="documentwrapper"><div class="bodywrapper"><div class="body" role="main" ${M}>${b.html.replace(/(<a class="(?:headerlink|reference internal)"[^>]*>)/g, '$1')}</div></div></div>
<div class="sphinxsidebar" role="navigation" aria-label="main navigation"><div class="sphinxsidebarwrapper"><h1 class="logo"><a href="index.html">${k.good()}</a></h1>${k.maybe(60, () => `<p class="blurb">${k.say('company', 1)}</p>`)}<h3>${k.chance(50) ? '<a href="index.html">Table of Contents</a>' : 'Navigation'}</h3>${tree(k, ref)}<div class="relations"><h3>Related Topics</h3><ul><li><a>Documentation overview</a><ul><li>Previous: <a title="previous chapter">${k.one('headings')}</a></li><li>Next: <a>${k.one('headings')}</a></li></ul></li></ul></div>${k.maybe(50, () => `<div role="note" aria-label="source link"><h3>This Page</h3><ul class="this-page-menu"><li><a rel="nofollow">Show Source</a></li></ul></div>`)}<div id="searchbox" role="search"><h3 id="searchlabel">Quick search</h3><div class="searchformwrapper"><form class="search"><input type="text" name="q"><input type="submit" value="Go"></form></div></div></div></div><div class="clearer"></div></div>${classic ? related : ''}
<div class="footer">&copy;${k.int(2012, 2023)}, ${k.name()}. | Powered by <a href="http://sphinx-doc.org/">Sphinx ${k.int(2, 7)}.1.2</a> &amp; <a>Alabaster 0.7.13</a> | <a rel="nofollow">Page source</a></div>`,
  });
}

function readTheDocs(k: Kit): string {
  const b = sphinxBody(k);
  return page(k, `${b.title} — ${k.good()} 2.${k.n} documentation`, {
    head: sphinxHead,
    bodyAttributes: 'class="wy-body-for-nav"',
    body: `<div class="wy-grid-for-nav"><nav data-toggle="wy-nav-shift" class="wy-nav-side"><div class="wy-side-scroll"><div class="wy-side-nav-search"><a href="index.html" class="icon icon-home"> ${k.good()}</a><div class="version">${k.int(1, 4)}.${k.int(0, 9)}</div><div role="search"><form id="rtd-search-form" class="wy-form"><input type="text" name="q" placeholder="Search docs"></form></div></div><div class="wy-menu wy-menu-vertical" data-spy="affix" role="navigation">${times(k.int(1, 3), () => `<p class="caption" role="heading"><span class="caption-text">${k.one('headings')}</span></p>${tree(k, (text) => `<a class="reference internal" href="x.html">${text}</a>`, 'ul class="current"')}`)}</div></div></nav>
<section data-toggle="wy-nav-shift" class="wy-nav-content-wrap"><nav class="wy-nav-top" aria-label="Mobile navigation menu"><i data-toggle="wy-nav-top" class="fa fa-bars"></i><a href="index.html">${k.good()}</a></nav><div class="wy-nav-content"><div class="rst-content"><div role="navigation" aria-label="Page navigation"><ul class="wy-breadcrumbs"><li><a href="index.html" class="icon icon-home" aria-label="Home"></a></li><li class="breadcrumb-item active">${b.title}</li><li class="wy-breadcrumbs-aside"><a href="https://git.example/x" class="fa fa-github"> ${k.word('editPage')}</a></li></ul><hr/></div><div role="main" class="document" itemscope><div itemprop="articleBody" ${M}>${b.html}</div></div>
<footer><div class="rst-footer-buttons" role="navigation" aria-label="Footer"><a href="p.html" class="btn btn-neutral float-left"><span class="fa fa-arrow-circle-left"></span> ${k.word('previous')}</a><a href="n.html" class="btn btn-neutral float-right">${k.word('next')} <span></span></a></div><hr/><div role="contentinfo"><p>&#169; Copyright ${k.int(2012, 2023)}, ${k.name()}. ${k.maybe(40, () => `<span class="lastupdated">Last updated on ${k.date().long}.</span>`)}</p></div>Built with <a href="https://www.sphinx-doc.org/">Sphinx</a> using a <a>theme</a> provided by <a href="https://readthedocs.org">Read the Docs</a>.</footer></div></div></section></div>${k.maybe(60, () => `<div class="rst-versions" data-toggle="rst-versions" role="note"><span class="rst-current-version"><span class="fa fa-book"> Read the Docs</span> v: latest <span class="fa fa-caret-down"></span></span><div class="rst-other-versions"><dl><dt>Versions</dt><dd><a>latest</a></dd><dd><a>stable</a></dd></dl><dl><dt>Downloads</dt><dd><a>pdf</a></dd></dl></div></div>`)}`,
  });
}

function furo(k: Kit): string {
  const b = sphinxBody(k);
  return page(k, `${b.title} - ${k.good()} documentation`, {
    head: sphinxHead,
    body: `<a class="skip-to-content muted-link" href="#furo-main-content">Skip to content</a><div class="page"><header class="mobile-header"><div class="header-left"><label class="nav-overlay-icon"><div class="visually-hidden">Toggle site navigation sidebar</div></label></div><div class="header-center"><a href="index.html"><div class="brand">${k.good()} documentation</div></a></div></header><aside class="sidebar-drawer"><div class="sidebar-container"><div class="sidebar-sticky"><a class="sidebar-brand" href="index.html"><span class="sidebar-brand-text">${k.good()} documentation</span></a><form class="sidebar-search-container"><input class="sidebar-search"></form><div class="sidebar-scroll"><div class="sidebar-tree">${tree(k, ref)}</div></div></div></div></aside><div class="main"><div class="content"><div class="article-container"><a href="#" class="back-to-top muted-link"><span>${k.word('toTop')}</span></a><div class="content-icon-container"></div><article role="main" id="furo-main-content" ${M}>${b.html}</article></div>
<footer><div class="related-pages"><a class="next-page" href="n.html"><div class="page-info"><div class="context"><span>Next</span></div><div class="title">${k.one('headings')}</div></div></a><a class="prev-page"><div class="page-info"><div class="context"><span>Previous</span></div><div class="title">${k.one('headings')}</div></div></a></div><div class="bottom-of-page"><div class="left-details"><div class="copyright">Copyright &#169; ${k.int(2018, 2024)}, ${k.name()}</div>Made with <a>Sphinx</a> and <a class="muted-link">@pradyunsg</a>'s <a>Furo</a></div></div></footer></div><aside class="toc-drawer"><div class="toc-sticky toc-scroll"><div class="toc-title-container"><span class="toc-title">${k.word('onThisPage')}</span></div><div class="toc-tree-container"><div class="toc-tree">${toc(b.sections)}</div></div></div></aside></div></div>`,
  });
}

function pydata(k: Kit): string {
  const b = sphinxBody(k);
  return page(k, `${b.title} — ${k.good()} v3 Manual`, {
    head: sphinxHead,
    bodyAttributes: 'data-bs-spy="scroll" data-bs-target=".bd-toc-nav" data-default-mode="auto"',
    body: `<a class="skip-link" href="#main-content">Skip to main content</a><nav class="bd-header navbar navbar-expand-lg bd-navbar"><div class="bd-header__inner bd-page-width"><div class="navbar-header-items__start"><a class="navbar-brand logo"><p class="title logo__title">${k.good()}</p></a></div><div class="navbar-header-items"><ul class="bd-navbar-elements navbar-nav">${times(5, () => `<li class="nav-item"><a class="nav-link nav-internal">${k.one('headings')}</a></li>`)}</ul></div></div></nav><div class="bd-container"><div class="bd-container__inner bd-page-width"><div class="bd-sidebar-primary bd-sidebar"><div class="sidebar-primary-items__start"><nav class="bd-docs-nav bd-links" aria-label="Section Navigation"><p class="bd-links__title" role="heading">Section Navigation</p><div class="bd-toc-item navbar-nav">${tree(k, ref)}</div></nav></div></div><main id="main-content" class="bd-main"><div class="bd-content"><div class="bd-article-container"><div class="bd-header-article"><ul class="bd-breadcrumbs"><li class="breadcrumb-item breadcrumb-home"><a class="nav-link"></a></li><li class="breadcrumb-item active">${b.title}</li></ul></div><article class="bd-article" role="main" ${M}>${b.html}</article>
<footer class="prev-next-footer"><div class="prev-next-area"><a class="left-prev"><div class="prev-next-info"><p class="prev-next-subtitle">previous</p><p class="prev-next-title">${k.one('headings')}</p></div></a><a class="right-next"><div class="prev-next-info"><p class="prev-next-subtitle">next</p><p class="prev-next-title">${k.one('headings')}</p></div></a></div></footer></div><div class="bd-sidebar-secondary bd-toc"><div class="sidebar-secondary-items sidebar-secondary__inner"><div class="sidebar-secondary-item"><div class="page-toc tocsection onthispage">${k.word('onThisPage')}</div><nav class="bd-toc-nav page-toc">${toc(b.sections, 'reference internal nav-link')}</nav></div><div class="sidebar-secondary-item"><div class="tocsection editthispage"><a>Edit on GitHub</a></div></div></div></div></div></main></div></div><footer class="bd-footer"><div class="bd-footer__inner"><div class="footer-items__start"><p class="copyright">© Copyright ${k.int(2012, 2024)}, ${k.good()} Developers.</p><p class="sphinx-version">Created using <a>Sphinx</a> 7.2.6.</p></div></div></footer>`,
  });
}

const mkdocsMarkup = (k: Kit, material: boolean): DocsMarkup => ({
  code: (text) =>
    material
      ? `<div class="highlight"><pre><span></span><code>${highlighted(k, text)}\n</code></pre></div>`
      : `<pre><code class="language-py">${text}\n</code></pre>`,
  note: (title, text) =>
    k.chance(30) && material
      ? `<details class="note"><summary>${title}</summary>${text}</details>`
      : `<div class="admonition note"><p class="admonition-title">${title}</p>${text}</div>`,
  heading: (level, text, id) =>
    `<h${level} id="${id}">${text}${material ? `<a class="headerlink" href="#${id}" title="Permanent link">&para;</a>` : ''}</h${level}>`,
});

function mkdocsReadTheDocs(k: Kit): string {
  const o = outline(k);
  return page(k, `${o.title} - ${k.good()}`, {
    head: '<meta name="generator" content="mkdocs-1.4.2">',
    bodyAttributes: 'class="wy-body-for-nav" role="document"',
    body: `<div class="wy-grid-for-nav"><nav data-toggle="wy-nav-shift" class="wy-nav-side stickynav"><div class="wy-side-scroll"><div class="wy-side-nav-search"><a href="." class="icon icon-home"> ${k.good()}</a><div role="search"><form><input type="text" placeholder="Search docs"></form></div></div><div class="wy-menu wy-menu-vertical"><ul class="current"><li class="toctree-l1 current"><a class="reference internal current" href="./">${o.title}</a>${toc(o.sections)}</li></ul>${tree(k, ref)}</div></div></nav><section class="wy-nav-content-wrap"><nav class="wy-nav-top" role="navigation"><i class="fa fa-bars"></i><a href=".">${k.good()}</a></nav><div class="wy-nav-content"><div class="rst-content"><div role="navigation"><ul class="wy-breadcrumbs"><li><a href="." class="icon icon-home"></a> &raquo;</li><li class="breadcrumb-item active">${o.title}</li><li class="wy-breadcrumbs-aside"><a class="icon icon-github"> Edit on GitHub</a></li></ul><hr/></div><div role="main" class="document"><div class="section" itemprop="articleBody" ${M}>${body(k, o, mkdocsMarkup(k, false))}</div></div><footer><div class="rst-footer-buttons"><a class="btn btn-neutral float-left"><span class="icon icon-circle-arrow-left"></span> ${k.word('previous')}</a><a class="btn btn-neutral float-right">${k.word('next')}</a></div><hr/><div role="contentinfo"><p>${k.maybe(50, () => k.word('rights'))}</p></div>Built with <a href="https://www.mkdocs.org/">MkDocs</a> using a <a>theme</a> provided by <a>Read the Docs</a>.</footer></div></div></section></div><div class="rst-versions" role="note"><span class="rst-current-version"><span><a class="fa fa-github"> GitHub</a></span> <span><a>&laquo; Previous</a></span> <span><a>Next &raquo;</a></span></span></div>`,
  });
}

function mkdocsMaterial(k: Kit): string {
  const o = outline(k);
  const nav = (level: number): string =>
    `<ul class="md-nav__list">${times(k.int(3, 8), () => `<li class="md-nav__item"><a href="../" class="md-nav__link"><span class="md-ellipsis">${k.one('headings')}</span></a>${level === 0 ? k.maybe(30, () => `<nav class="md-nav" data-md-level="1"><label class="md-nav__title">${k.one('headings')}</label>${nav(1)}</nav>`) : ''}</li>`)}</ul>`;
  const tocList = `<label class="md-nav__title" for="__toc"><span class="md-nav__icon md-icon"></span>${k.word('contents')}</label><ul class="md-nav__list">${o.sections.map((s) => `<li class="md-nav__item"><a href="#${s.id}" class="md-nav__link"><span class="md-ellipsis">${s.title}</span></a></li>`).join('')}</ul>`;
  return page(k, `${o.title} - ${k.good()}`, {
    head: '<meta name="generator" content="mkdocs-1.5.3, mkdocs-material-9.4.6">',
    bodyAttributes: 'dir="ltr" data-md-color-scheme="default" data-md-color-primary="indigo"',
    body: `<input class="md-toggle" type="checkbox" id="__drawer"><div data-md-component="skip"><a href="#top" class="md-skip">Skip to content</a></div>${k.maybe(30, () => `<div data-md-component="announce"><aside class="md-banner"><div class="md-banner__inner md-grid md-typeset">${k.say('company', 1)}</div></aside></div>`)}<header class="md-header" data-md-component="header"><nav class="md-header__inner md-grid"><a class="md-header__button md-logo"></a><div class="md-header__title"><div class="md-header__ellipsis"><div class="md-header__topic"><span class="md-ellipsis">${k.good()}</span></div><div class="md-header__topic" data-md-component="header-topic"><span class="md-ellipsis">${o.title}</span></div></div></div><div class="md-search" role="dialog"><div class="md-search__inner"><form><input class="md-search__input" placeholder="${k.word('search')}"></form><div class="md-search__output"><div class="md-search-result"><div class="md-search-result__meta">Initializing search</div><ol class="md-search-result__list"></ol></div></div></div></div><div class="md-header__source"><a class="md-source"><div class="md-source__repository">team/${k.good()}</div></a></div></nav>${k.maybe(50, () => `<nav class="md-tabs"><ul class="md-tabs__list">${times(4, () => `<li class="md-tabs__item"><a class="md-tabs__link">${k.one('headings')}</a></li>`)}</ul></nav>`)}</header>
<div class="md-container" data-md-component="container"><main class="md-main"><div class="md-main__inner md-grid"><div class="md-sidebar md-sidebar--primary"><div class="md-sidebar__scrollwrap"><div class="md-sidebar__inner"><nav class="md-nav md-nav--primary"><label class="md-nav__title">${k.good()}</label>${nav(0)}<nav class="md-nav md-nav--secondary">${tocList}</nav></nav></div></div></div><div class="md-sidebar md-sidebar--secondary"><div class="md-sidebar__scrollwrap"><nav class="md-nav md-nav--secondary">${tocList}</nav></div></div><div class="md-content" data-md-component="content"><article class="md-content__inner md-typeset"><a href="https://git.example/edit" title="${k.word('editPage')}" class="md-content__button md-icon"></a><div ${M}>${body(k, o, mkdocsMarkup(k, true))}</div>${k.maybe(40, () => `<hr><div class="md-source-file"><small>Last update: <span class="git-revision-date-localized-plugin">${k.date().long}</span></small></div>`)}${k.maybe(30, () => `<form class="md-feedback" name="feedback"><fieldset><legend class="md-feedback__title">${k.word('wasHelpful')}</legend><div class="md-feedback__note">Thanks for your feedback!</div></fieldset></form>`)}</article></div></div></main>
<footer class="md-footer"><nav class="md-footer__inner md-grid"><a class="md-footer__link md-footer__link--prev"><div class="md-footer__title"><span class="md-footer__direction">${k.word('previous')}</span><div class="md-ellipsis">${k.one('headings')}</div></div></a><a class="md-footer__link md-footer__link--next"><div class="md-footer__title"><span class="md-footer__direction">${k.word('next')}</span><div class="md-ellipsis">${k.one('headings')}</div></div></a></nav><div class="md-footer-meta md-typeset"><div class="md-copyright"><div class="md-copyright__highlight">Copyright &copy; ${k.int(2018, 2024)} ${k.name()}</div>Made with <a>Material for MkDocs</a></div></div></footer></div>`,
  });
}

function docusaurus(k: Kit): string {
  const o = outline(k);
  const markup: DocsMarkup = {
    code: (text) =>
      `<div class="language-bash codeBlockContainer_Ckt0 theme-code-block">${k.maybe(30, () => `<div class="codeBlockTitle_Ktv7">${identifier(k)}.js</div>`)}<div class="codeBlockContent_biex"><pre tabindex="0" class="prism-code language-bash codeBlock_bY9V thin-scrollbar"><code class="codeBlockLines_e6Vv">${text
        .split('\n')
        .map((line) => `<span class="token-line" style="color:#393A34"><span class="token plain">${line}</span><br></span>`)
        .join(
          '',
        )}</code></pre><div class="buttonGroup__atx"><button type="button" aria-label="Copy code to clipboard" class="clean-btn"><span class="copyButtonIcons_eSgA"></span></button></div></div></div>`,
    note: (title, text) =>
      `<div class="theme-admonition theme-admonition-note admonition_xJq3 alert alert--secondary"><div class="admonitionHeading_Gvgb"><span class="admonitionIcon_Rf37"></span>${title}</div><div class="admonitionContent_BuS1">${text}</div></div>`,
    heading: (level, text, id) =>
      level === 1
        ? `<header><h1>${text}</h1></header>`
        : `<h${level} class="anchor anchorWithStickyNavbar_LWe7" id="${id}">${text}<a href="#${id}" class="hash-link" aria-label="Direct link">​</a></h${level}>`,
  };
  return page(k, `${o.title} | ${k.good()}`, {
    htmlAttributes:
      'dir="ltr" class="docs-wrapper docs-doc-page docs-version-current plugin-docs plugin-id-default docs-doc-id-intro" data-has-hydrated="false"',
    head: '<meta name="generator" content="Docusaurus v2.4.1">',
    bodyAttributes: 'class="navigation-with-keyboard"',
    body: `<div id="__docusaurus"><div role="region" aria-label="Skip to main content"><a class="skipToContent_fXgn" href="#__docusaurus_skipToContent_fallback">Skip to main content</a></div>${k.maybe(25, () => `<div class="announcementBar_mb4j" role="banner"><div class="content_knG7 announcementBarContent_xLdY">${k.say('company', 1)}</div></div>`)}<nav aria-label="Main" class="navbar navbar--fixed-top"><div class="navbar__inner"><div class="navbar__items"><a class="navbar__brand"><b class="navbar__title text--truncate">${k.good()}</b></a><a class="navbar__item navbar__link navbar__link--active">Docs</a><a class="navbar__item navbar__link">Blog</a></div><div class="navbar__items navbar__items--right"><a class="navbar__item navbar__link">GitHub</a><div class="searchBox_ZlJk"></div></div></div></nav><div id="__docusaurus_skipToContent_fallback" class="main-wrapper mainWrapper_z2l0 docsWrapper_BCFX"><div class="docPage__5DB"><aside class="theme-doc-sidebar-container docSidebarContainer_b6E3"><div class="sidebarViewport_Xe31"><nav aria-label="Docs sidebar" class="menu thin-scrollbar menu_SIkG">${tree(k, (text) => `<a class="menu__link" href="/docs/x">${text}</a>`, 'ul class="theme-doc-sidebar-menu menu__list"')}</nav></div></aside><main class="docMainContainer_gTbr"><div class="container padding-top--md padding-bottom--lg"><div class="row"><div class="col docItemCol_VOVn"><div class="docItemContainer_Djhp"><article><nav class="theme-doc-breadcrumbs breadcrumbsContainer_Z_bl"><ul class="breadcrumbs"><li class="breadcrumbs__item"><a class="breadcrumbs__link"></a></li><li class="breadcrumbs__item"><span class="breadcrumbs__link">${k.one('headings')}</span></li></ul></nav>${k.maybe(40, () => `<span class="theme-doc-version-badge badge badge--secondary">Version: ${k.int(1, 5)}.x</span>`)}<div class="tocCollapsible_ETCw theme-doc-toc-mobile tocMobile_ITEo"><button type="button" class="clean-btn tocCollapsibleButton_TO0P">${k.word('onThisPage')}</button></div><div class="theme-doc-markdown markdown" ${M}>${body(k, o, markup)}</div>
<footer class="theme-doc-footer docusaurus-mt-lg">${k.maybe(40, () => `<div class="theme-doc-footer-tags-row row"><div class="col"><b>Tags:</b><ul class="tags_jXut"><li class="tag_QGVx"><a class="tag_zVej">${k.good()}</a></li></ul></div></div>`)}<div class="theme-doc-footer-edit-meta-row row"><div class="col"><a class="theme-edit-this-page">${k.word('editPage')}</a></div><div class="col lastUpdated_vwxv">${k.maybe(40, () => `<span class="theme-last-updated">${k.word('lastUpdated')} <b><time>${k.date().long}</time></b> by <b>${k.user()}</b></span>`)}</div></div></footer></article><nav class="pagination-nav docusaurus-mt-lg" aria-label="Docs pages"><a class="pagination-nav__link pagination-nav__link--prev"><div class="pagination-nav__sublabel">${k.word('previous')}</div><div class="pagination-nav__label">${k.one('headings')}</div></a><a class="pagination-nav__link pagination-nav__link--next"><div class="pagination-nav__sublabel">${k.word('next')}</div><div class="pagination-nav__label">${k.one('headings')}</div></a></nav></div></div><div class="col col--3"><div class="tableOfContents_bqdL thin-scrollbar theme-doc-toc-desktop"><ul class="table-of-contents table-of-contents__left-border">${o.sections.map((s) => `<li><a href="#${s.id}" class="table-of-contents__link toc-highlight">${s.title}</a></li>`).join('')}</ul></div></div></div></div></main></div></div>
<footer class="footer footer--dark"><div class="container container-fluid"><div class="row footer__links">${times(3, () => `<div class="col footer__col"><div class="footer__title">${k.one('headings')}</div><ul class="footer__items clean-list"><li class="footer__item"><a class="footer__link-item">${k.one('headings')}</a></li><li><a>Stack Overflow</a></li></ul></div>`)}</div><div class="footer__bottom text--center"><div class="footer__copyright">Copyright © 2023 ${k.good()}, Inc. Built with Docusaurus.</div></div></div></footer></div>`,
  });
}

function mdbook(k: Kit): string {
  const o = outline(k);
  const markup: DocsMarkup = {
    code: (text) => `<pre><code class="language-rust">${text}\n</code></pre>`,
    note: (title, text) => `<blockquote>${text.replace('<p>', `<p><strong>${title}</strong>: `)}</blockquote>`,
    heading: (level, text, id) => `<h${level} id="${id}"><a class="header" href="#${id}">${text}</a></h${level}>`,
    table: (head, rows) =>
      `<div class="table-wrapper"><table><thead><tr>${head.map((h) => `<th>${h}</th>`).join('')}</tr></thead><tbody>${rows.map((r) => `<tr>${r.map((c) => `<td>${c}</td>`).join('')}</tr>`).join('')}</tbody></table></div>`,
  };
  let n = 0;
  return page(k, `${o.title} - ${k.good()} Book`, {
    htmlAttributes: 'class="light" dir="ltr"',
    head: '<!-- Book generated using mdBook -->',
    body: `<!-- Provide site root to javascript --><div id="body-container"><nav id="sidebar" class="sidebar" aria-label="Table of contents"><div class="sidebar-scrollbox"><ol class="chapter"><li class="chapter-item affix "><a href="foreword.html">${k.one('headings')}</a></li>${times(k.int(5, 14), () => `<li class="chapter-item expanded "><a href="c.html"><strong aria-hidden="true">${++n}.</strong> ${k.one('headings')}</a></li>${k.maybe(25, () => `<li><ol class="section"><li class="chapter-item expanded "><a href="s.html"><strong aria-hidden="true">${n}.1.</strong> ${k.one('headings')}</a></li></ol></li>`)}`)}</ol></div></nav><div id="page-wrapper" class="page-wrapper"><div class="page"><div id="menu-bar-hover-placeholder"></div><div id="menu-bar" class="menu-bar sticky"><div class="left-buttons"><button id="theme-toggle" class="icon-button"></button><ul id="theme-list" class="theme-popup" aria-label="Themes" role="menu"><li role="none"><button role="menuitem" class="theme" id="light">Light</button></li><li role="none"><button class="theme" id="rust">Rust</button></li><li><button class="theme" id="ayu">Ayu</button></li></ul></div><h1 class="menu-title">${k.good()} Book</h1><div class="right-buttons"><a href="print.html" title="Print this book"><i id="print-button" class="fa fa-print"></i></a></div></div><div id="search-wrapper" class="hidden"><div id="searchresults-outer" class="searchresults-outer hidden"><div id="searchresults-header"></div></div></div>
<div id="content" class="content"><main ${M}>${body(k, o, markup)}</main><nav class="nav-wrapper" aria-label="Page navigation"><a rel="prev" href="p.html" class="mobile-nav-chapters previous" title="Previous chapter"><i class="fa fa-angle-left"></i></a><a rel="next" href="n.html" class="mobile-nav-chapters next"><i></i></a></nav></div></div></div></div>`,
  });
}

function vitepress(k: Kit): string {
  const o = outline(k);
  const old = k.chance(40); // VuePress 1
  const markup: DocsMarkup = {
    code: (text) =>
      `<div class="language-bash ${old ? 'extra-class' : 'vp-adaptive-theme'}">${old ? '' : `<button title="Copy Code" class="copy"></button><span class="lang" ${N}>sh</span>`}<pre class="${old ? 'language-bash' : 'shiki'}"><code>${
        old
          ? text
          : text
              .split('\n')
              .map((l) => `<span class="line"><span style="color:#A6ACCD">${l}</span></span>`)
              .join('\n')
      }</code></pre></div>`,
    note: (title, text) => `<div class="tip custom-block"><p class="custom-block-title">${title.toUpperCase()}</p>${text}</div>`,
    heading: (level, text, id) =>
      old
        ? `<h${level} id="${id}"><a href="#${id}" class="header-anchor">#</a> ${text}</h${level}>`
        : `<h${level} id="${id}" tabindex="-1">${text} <a class="header-anchor" href="#${id}" aria-label="Permalink">​</a></h${level}>`,
  };
  const links = (cls: string) =>
    times(
      k.int(4, 10),
      () =>
        `<div class="VPSidebarItem level-1 is-link"><div class="item"><div class="indicator"></div><a class="${cls}" href="/guide/x"><p class="text">${k.one('headings')}</p></a></div></div>`,
    );
  if (old)
    return page(k, `${o.title} | ${k.good()}`, {
      head: '<meta name="generator" content="VuePress 1.9.7">',
      body: `<div id="app" data-server-rendered="true"><div class="theme-container"><header class="navbar"><div class="sidebar-button"></div><a href="/" class="home-link router-link-active"><span class="site-name">${k.good()}</span></a><div class="links"><div class="search-box"><input></div><nav class="nav-links can-hide"><div class="nav-item"><a class="nav-link">Guide</a></div><div class="nav-item"><a class="nav-link">Config</a></div></nav></div></header><div class="sidebar-mask"></div><aside class="sidebar"><nav class="nav-links"></nav><ul class="sidebar-links">${times(k.int(2, 4), () => `<li><section class="sidebar-group depth-0"><p class="sidebar-heading"><span>${k.one('headings')}</span></p><ul class="sidebar-links sidebar-group-items">${times(4, () => `<li><a class="sidebar-link">${k.one('headings')}</a></li>`)}</ul></section></li>`)}</ul></aside><main class="page"><div class="theme-default-content content__default" ${M}>${body(k, o, markup)}</div><footer class="page-edit"><div class="edit-link"><a>${k.word('editPage')}</a></div><div class="last-updated"><span class="prefix">${k.word('lastUpdated')}:</span> <span class="time">${k.date().short}</span></div></footer><div class="page-nav"><p class="inner"><span class="prev">← <a class="prev">${k.one('headings')}</a></span> <span class="next"><a>${k.one('headings')}</a> →</span></p></div></main></div></div>`,
    });
  return page(k, `${o.title} | ${k.good()}`, {
    head: '<meta name="generator" content="VitePress v1.0.0-rc.4">',
    body: `<div id="app"><div class="Layout"><span tabindex="-1"></span><a href="#VPContent" class="VPSkipLink visually-hidden"> Skip to content </a><header class="VPNav"><div class="VPNavBar has-sidebar"><div class="container"><div class="title"><a class="title" href="/">${k.good()}</a></div><div class="content"><div class="content-body"><nav class="VPNavBarMenu menu"><a class="VPLink link VPNavBarMenuLink">Guide</a><a class="VPLink link">Reference</a></nav><div class="VPFlyout VPNavBarExtra extra"><div class="menu"><div class="VPMenu"><div class="group"><div class="item appearance"><p class="label">Appearance</p></div></div></div></div></div></div></div></div></div></header><div class="VPLocalNav"><button class="menu"><span class="menu-text">${k.word('menu')}</span></button><div class="VPLocalNavOutlineDropdown"><button>Return to top</button></div></div><aside class="VPSidebar"><nav class="nav" id="VPSidebarNav"><span class="visually-hidden">Sidebar Navigation</span><div class="group"><section class="VPSidebarItem level-0 has-active"><div class="item" role="button"><h2 class="text">${k.one('headings')}</h2></div><div class="items">${links('VPLink link link')}</div></section></div></nav></aside><div class="VPContent has-sidebar" id="VPContent"><div class="VPDoc has-sidebar has-aside"><div class="container"><div class="aside"><div class="aside-container"><div class="aside-content"><div class="VPDocAsideOutline"><div class="content"><div class="outline-title" role="heading">${k.word('onThisPage')}</div><nav><span class="visually-hidden">Table of Contents for current page</span><ul class="root">${o.sections.map((s) => `<li><a class="outline-link" href="#${s.id}">${s.title}</a></li>`).join('')}</ul></nav></div></div></div></div></div><div class="content"><div class="content-container"><main class="main"><div class="vp-doc _guide_x" ${M}><div>${body(k, o, markup)}</div></div></main><footer class="VPDocFooter"><div class="edit-info"><div class="edit-link"><a class="VPLink link edit-link-button">${k.word('editPage')}</a></div><div class="last-updated"><p class="VPLastUpdated">${k.word('lastUpdated')}: <time></time></p></div></div><nav class="prev-next"><div class="pager"><a class="VPLink pager-link prev"><span class="desc">Previous page</span><span class="title">${k.one('headings')}</span></a></div><div class="pager"><a class="VPLink pager-link next"><span class="desc">Next page</span><span class="title">${k.one('headings')}</span></a></div></nav></footer></div></div></div></div></div></div></div>`,
  });
}

function docsy(k: Kit): string {
  const o = outline(k);
  const markup: DocsMarkup = {
    code: (text) =>
      `<div class="highlight"><pre tabindex="0" style="background-color:#f8f8f8"><code class="language-sh" data-lang="sh">${text
        .split('\n')
        .map((l) => `<span style="display:flex;"><span>${l}\n</span></span>`)
        .join('')}</code></pre></div>`,
    note: (title, text) => `<div class="alert alert-primary" role="alert"><h4 class="alert-heading">${title}</h4>${text}</div>`,
    heading: (level, text, id) =>
      level === 1
        ? `<h1>${text}</h1><div class="lead">${k.say('docs', 1)}</div>`
        : `<h${level} id="${id}">${text}<a class="td-heading-self-link" href="#${id}" aria-label="Heading self-link"></a></h${level}>`,
  };
  return page(k, `${o.title} | ${k.good()}`, {
    head: '<meta name="generator" content="Hugo 0.110.0">',
    bodyAttributes: 'class="td-page"',
    body: `<header><nav class="js-navbar-scroll navbar navbar-expand navbar-dark flex-column flex-md-row td-navbar"><a class="navbar-brand" href="/"><span class="navbar-brand__name">${k.good()}</span></a><div class="td-navbar-nav-scroll"><ul class="navbar-nav mt-2"><li class="nav-item"><a class="nav-link active"><span class="active">Documentation</span></a></li><li class="nav-item"><a class="nav-link"><span>Blog</span></a></li><li class="nav-item dropdown"><a class="nav-link dropdown-toggle">Versions</a><div class="dropdown-menu"><a class="dropdown-item">v1.${k.int(10, 28)}</a><a class="dropdown-item">v1.${k.int(1, 9)}</a></div></li></ul></div></nav></header><div class="container-fluid td-outer"><div class="td-main"><div class="row flex-xl-nowrap"><aside class="col-12 col-md-3 td-sidebar d-print-none"><div id="td-sidebar-menu" class="td-sidebar__inner"><nav id="td-section-nav" class="collapse td-sidebar-nav">${tree(k, (text) => `<a href="/docs/x/" class="align-left pl-0 td-sidebar-link td-sidebar-link__page"><span>${text}</span></a>`, 'ul class="td-sidebar-nav__section pr-md-3 ul-0"')}</nav></div></aside><aside class="d-none d-xl-block col-xl-2 td-sidebar-toc d-print-none"><div class="td-page-meta ml-2 pb-1"><a class="td-page-meta--view">View page source</a><a class="td-page-meta--edit">${k.word('editPage')}</a><a>Create child page</a><a>Create documentation issue</a><a>Print entire section</a></div><div class="td-toc"><nav id="TableOfContents">${toc(o.sections)}</nav></div></aside><main class="col-12 col-md-9 col-xl-8 pl-md-5" role="main"><nav aria-label="breadcrumb" class="td-breadcrumbs"><ol class="breadcrumb"><li class="breadcrumb-item"><a>Documentation</a></li><li class="breadcrumb-item active">${o.title}</li></ol></nav><div class="td-content" ><div ${M}>${body(k, o, markup)}</div>${k.maybe(60, () => `<div class="d-print-none"><h2 class="feedback--title">Feedback</h2><p class="feedback--question">${k.word('wasHelpful')}</p><button class="btn btn-primary">${k.word('yes')}</button><button>${k.word('no')}</button><p class="feedback--response">Glad to hear it! Please <a>tell us how we can improve</a>.</p></div>`)}<div class="td-page-meta__lastmod">Last modified ${k.date().long}: <a>Fix typo (${k.int(1000000, 9999999)})</a></div></div></main></div></div><footer class="td-footer row d-print-none"><div class="col-6 text-end"><span class="ms-1">&copy; 2023 The ${k.good()} Authors All Rights Reserved</span></div></footer></div>`,
  });
}

function justTheDocs(k: Kit): string {
  const o = outline(k);
  const markup: DocsMarkup = {
    code: (text) =>
      `<div class="language-yaml highlighter-rouge"><div class="highlight"><pre class="highlight"><code>${highlighted(k, text)}\n</code></pre></div></div>`,
    note: (title, text) => text.replace('<p>', `<p class="note-title">${title}</p><p class="note">`),
    heading: (level, text, id) =>
      `<h${level} id="${id}"> <a href="#${id}" class="anchor-heading" aria-labelledby="${id}"><svg viewBox="0 0 16 16"></svg></a> ${text} </h${level}>`,
    table: (head, rows) =>
      `<div class="table-wrapper"><table><thead><tr>${head.map((h) => `<th style="text-align: left">${h}</th>`).join('')}</tr></thead><tbody>${rows.map((r) => `<tr>${r.map((c) => `<td>${c}</td>`).join('')}</tr>`).join('')}</tbody></table></div>`,
  };
  return page(k, `${o.title} | ${k.good()}`, {
    head: '<meta name="generator" content="Jekyll v4.3.2">',
    body: `<a class="skip-to-main" href="#main-content">Skip to main content</a><div class="side-bar"><div class="site-header" role="banner"><a href="/" class="site-title lh-tight"> ${k.good()} </a></div><nav aria-label="Main" id="site-nav" class="site-nav"><ul class="nav-list">${times(k.int(4, 12), () => `<li class="nav-list-item"><a href="/x" class="nav-list-link">${k.one('headings')}</a></li>`)}</ul></nav><footer class="site-footer"> This site uses <a>Just the Docs</a>, a documentation theme for Jekyll. </footer></div><div class="main" id="top"><div id="main-header" class="main-header"><div class="search" role="search"><div class="search-input-wrap"><input class="search-input"><label class="search-label"><span class="sr-only">Search ${k.good()}</span></label></div></div><nav aria-label="Auxiliary" class="aux-nav"><ul class="aux-nav-list"><li class="aux-nav-list-item"><a class="site-button"> ${k.good()} on GitHub </a></li></ul></nav></div><div class="main-content-wrap"><nav aria-label="Breadcrumb" class="breadcrumb-nav"><ol class="breadcrumb-nav-list"><li class="breadcrumb-nav-list-item"><a>${k.one('headings')}</a></li><li class="breadcrumb-nav-list-item"><span>${o.title}</span></li></ol></nav><div id="main-content" class="main-content"><main ${M}>${body(k, o, markup)}</main><hr><footer>${k.maybe(50, () => `<p><a href="#top" id="back-to-top">${k.word('toTop')}</a></p>`)}<p class="text-small text-grey-dk-100 mb-0">Copyright &copy; ${k.int(2017, 2023)} ${k.name()}. Distributed by an <a>MIT license.</a></p>${k.maybe(40, () => `<p class="text-small">Page last modified: <span class="d-inline-block">${k.date().long}</span>.</p>`)}</footer></div></div></div>`,
  });
}

function gitbook(k: Kit): string {
  const o = outline(k);
  const old = k.chance(50);
  const markup: DocsMarkup = {
    code: (text) =>
      (old
        ? `<pre><code class="lang-bash">${text}\n</code></pre>`
        : `<div class="group/codeblock grid grid-flow-col mx-auto w-full"><button class="group-hover/codeblock:opacity-[1] text-xs">Copy</button><pre class="overflow-auto border rounded-md"><code class="min-w-full">${text
            .split('\n')
            .map((l) => `<span class="highlight-line"><span class="highlight-line-content">${l}</span></span>`)
            .join('\n')}</code></pre></div>`
      ).replace('<button', `<button ${N}`),
    note: (_title, text) => `<div class="hint bg-info/3 rounded-md"><div class="hint-content">${text}</div></div>`,
    heading: (level, text, id) =>
      level === 1 && !old
        ? `<header class="max-w-3xl mx-auto mb-6"><h1 class="text-4xl font-bold">${text}</h1><p class="text-lg text-dark/7">${k.say('docs', 1)}</p></header>`
        : `<h${level} id="${id}">${text}</h${level}>`,
  };
  if (old)
    return page(k, `${o.title} · GitBook`, {
      head: '<meta name="generator" content="GitBook 3.2.3">',
      body: `<div class="book"><div class="book-summary"><div id="book-search-input" role="search"><input type="text" placeholder="Type to search"></div><nav role="navigation"><ul class="summary">${times(k.int(5, 14), (i) => `<li class="chapter " data-level="1.${i}"><a href="x.html">${k.one('headings')}</a></li>`)}<li class="divider"></li><li><a href="https://www.gitbook.com" class="gitbook-link">Published with GitBook</a></li></ul></nav></div><div class="book-body"><div class="body-inner"><div class="book-header" role="navigation"><h1><i class="fa fa-circle-o-notch fa-spin"></i><a href="." >${o.title}</a></h1></div><div class="page-wrapper" tabindex="-1" role="main"><div class="page-inner"><div id="book-search-results"><div class="search-noresults"><section class="normal markdown-section" ${M}>${body(k, o, markup)}</section></div><div class="search-results"><div class="has-results"><h1 class="search-results-title"><span class='search-results-count'></span> results matching "<span class='search-query'></span>"</h1><ul class="search-results-list"></ul></div><div class="no-results"><h1 class="search-results-title">No results matching "<span class='search-query'></span>"</h1></div></div></div></div></div></div><a href="p.html" class="navigation navigation-prev"><i></i></a></div></div>`,
    });
  return page(k, `${o.title} | ${k.good()}`, {
    body: `<div class="flex flex-col"><header class="sticky top-0"><div class="flex gap-4"><a class="group/headerlogo"><div class="text-base/tight font-semibold">${k.good()} Docs</div></a><div class="search"><button><span>Search...</span><span>Ctrl K</span></button></div></div></header><div class="scroll-nojump"><div class="flex flex-col lg:flex-row"><aside class="relative group flex flex-col"><div class="lg:ml-3"><ul class="flex flex-1 flex-col gap-y-0.5">${times(k.int(5, 12), () => `<li class="flex flex-col"><a class="group/toclink relative flex flex-row justify-between">${k.one('headings')}</a></li>`)}</ul></div><div class="sticky bottom-0"><a>Powered by GitBook</a></div></aside><div class="flex-1 flex flex-row"><main class="flex-1 max-w-screen-2xl py-8"><div ${M}>${body(k, o, markup)}</div><div class="flex flex-col md:flex-row mt-6 gap-2"><a class="group text-sm p-2.5"><span class="flex flex-col"><span class="text-xs">Previous</span><span>${k.one('headings')}</span></span></a><a><span class="text-xs">Next</span><span>${k.one('headings')}</span></a></div><div class="flex flex-row mt-6"><p class="text-sm">Last updated <time>${k.date().ago}</time></p><div><p>Was this helpful?</p></div></div></main><aside class="group/aside hidden xl:flex"><div><div class="text-xs">On this page</div><ul>${o.sections.map((s) => `<li><a href="#${s.id}">${s.title}</a></li>`).join('')}</ul><div><button><span>Export as PDF</span></button></div></div></aside></div></div></div></div>`,
  });
}

function readme(k: Kit): string {
  const o = outline(k);
  const markup: DocsMarkup = {
    code: (text) =>
      `<div class="CodeTabs CodeTabs_initial theme-light"><div class="CodeTabs-toolbar" ${N}><button type="button">cURL</button><button>Python</button></div><div class="CodeTabs-inner"><pre><button class="rdmd-code-copy fa"></button><code class="rdmd-code lang-shell theme-light">${text}</code></pre></div></div>`,
    note: (title, text) =>
      `<blockquote class="callout callout_info" theme="📘"><h3 class="callout-heading"><span class="callout-icon">📘</span><p>${title}</p></h3>${text}</blockquote>`,
    heading: (level, text, id) =>
      level === 1
        ? ''
        : `<h${level} class="heading heading-${level} header-scroll"><div class="heading-anchor anchor waypoint" id="${id}"></div><div class="heading-text">${text}</div><a class="heading-anchor-icon fa fa-anchor" href="#${id}"></a></h${level}>`,
    table: (head, rows) =>
      `<div class="rdmd-table"><div class="rdmd-table-inner"><table><thead><tr>${head.map((h) => `<th>${h}</th>`).join('')}</tr></thead><tbody>${rows.map((r) => `<tr>${r.map((c) => `<td>${c}</td>`).join('')}</tr>`).join('')}</tbody></table></div></div>`,
  };
  const api = k.chance(40);
  const params = (): string =>
    times(
      k.int(2, 8),
      () =>
        `<div class="Param3s7rNoAz8N18"><div class="Param-left1CBjDKzTfzYK"><div class="Param-header3aAZGt0LLuFB"><label class="Param-name1VJK0r">${identifier(k)}</label><div class="Param-type">${typeName(k)}</div>${k.maybe(40, () => '<div class="Param-required1ndF0G4GTZDU">required</div>')}</div><div class="Param-description1YYbCaPPZSsq"><p>${k.say('docs', 1)}</p></div></div></div>`,
    );
  return page(k, o.title, {
    bodyAttributes: 'class="body-none theme-line header-overlay-mode"',
    body: `<div id="ssr-top"></div><div id="ssr-main"><div class="App ContentWithOwlbotx4PaFDoA1KMz"><header class="rm-Header"><div class="rm-Header-top"><div class="rm-Container"><a class="rm-Logo"></a><div class="rm-Header-right"><a class="Button">Dashboard</a></div></div></div><div class="Header-bottom"><nav class="rm-Header-bottom-link"><a class="rm-Header-link">Guides</a><a class="rm-Header-link">API Reference</a><a>Changelog</a><button class="rm-SearchToggle"><div>Search</div></button></nav></div></header><main class="rm-${api ? 'ReferenceMain' : 'Guides'}" id="Explorer"><div class="rm-Container rm-Container_flex"><nav aria-label="Pages" class="rm-Sidebar hub-sidebar"><div class="hub-sidebar-content">${times(k.int(2, 4), () => `<section class="Sidebar-listWrapper rm-Sidebar-section"><h2 class="Sidebar-headingTRQyOa2pk0gh rm-Sidebar-heading">${k.one('headings')}</h2><ul class="rm-Sidebar-list">${times(k.int(2, 6), () => `<li><a class="Sidebar-link2Dsha-r rm-Sidebar-link"><span>${k.one('headings')}</span>${api ? '<span class="rm-APIMethod APIMethod_get">get</span>' : ''}</a></li>`)}</ul></section>`)}</div></nav><article class="rm-Article"><header id="content-head" class="rm-Guides-header"><div class="row clearfix"><div class="col-xs-9"><h1 ${M}>${o.title}</h1><div class="excerpt"><div class="markdown-body" ${M}><p>${k.say('docs', 1)}</p></div></div></div><div class="col-xs-3"><a class="btn suggest-edits"><i></i><span>Suggest Edits</span></a></div></div></header><div id="content-container"><section class="content-body grid-75"><div class="rm-Markdown markdown-body" ${M}>${api ? `<p>${k.para('docs')}</p>` : body(k, o, markup)}</div>${api ? `<div class="APISectionHeader3LN_-QIR0m7x"><div class="APISectionHeader-heading" ${M}>Query Params</div></div><div class="Form1gzBD" ${M}>${params()}</div><div class="APIResponse"><div ${M}>Responses</div><div class="IconWrapper" ${M}>200 ${k.say('docs', 1)}</div></div>` : ''}<div class="UpdatedAt"><p class="DateLine">Updated <!-- -->${k.date().ago}<!-- --> </p></div><hr class="NextStepsDivider">${k.maybe(50, () => `<div class="markdown-body next-steps"><div><p>What’s Next</p></div><ul><li><a>${k.one('headings')}</a></li></ul></div>`)}<div class="PageThumbs-helpful">Did this page help you?<button>Yes</button><button>No</button></div></section><section class="content-toc grid-25"><nav><ul class="toc-list"><li><a class="tocHeader">Table of Contents</a></li>${o.sections.map((s) => `<li class="toc-children"><a href="#${s.id}">${s.title}</a></li>`).join('')}</ul></nav></section></div></article></div></main></div></div>`,
  });
}

function learnLike(k: Kit): string {
  const o = outline(k);
  const markup: DocsMarkup = {
    code: (text) =>
      `<div class="code-header" ${N}><span class="language">Bash</span><button class="action"><span>Copy</span></button></div><pre tabindex="0" class="has-inner-focus"><code class="lang-bash">${text}\n</code></pre>`,
    note: (title, text) => `<div class="NOTE alert is-info"><p><span class="docon"></span> ${title}</p>${text}</div>`,
    heading: (level, text, id) => `<h${level} id="${id}" class="heading-anchor">${text}</h${level}>`,
  };
  return page(k, `${o.title} | ${k.good()} Learn`, {
    head: '<meta property="og:type" content="website">',
    body: `<div class="header-holder has-default-focus"><a href="#main" class="skip-to-main-link">Skip to main content</a><div hidden id="cookie-consent-holder"></div><div id="unsupported-browser" hidden><div class="column"><p>This browser is no longer supported.</p><p>Upgrade to take advantage of the latest features, security updates, and technical support.</p></div></div><div class="nav-bar" role="navigation"><a class="nav-bar-brand">${k.good()}</a><ul class="nav-bar-nav">${times(5, () => `<li class="nav-bar-item"><a class="nav-bar-link"><span>${k.one('headings')}</span></a></li>`)}</ul></div></div><div class="mainContainer uhf-container has-top-padding" data-bi-name="body"><div class="columns has-large-gaps"><div id="left-container" class="left-container column is-one-third"><nav id="affixed-left-container"><div class="toc">${tree(k, (text) => `<a class="tree-item">${text}</a>`)}</div></nav></div><section class="primary-holder column is-two-thirds"><div class="columns"><div id="main-column" class="column is-full"><main id="main" role="main" class="content"><div id="article-header" class="background-color-body"><nav id="article-header-breadcrumbs"><ul class="breadcrumbs"><li><a>Learn</a></li><li><a>${k.one('headings')}</a></li></ul></nav><div id="article-header-page-actions"><button><span class="visually-hidden">Table of contents</span></button><button><span>Read in English</span></button></div></div><div><div class="content">${k.maybe(1, () => '')}<div ${M}>${body(k, { ...o, sections: [] }, markup).split('\n')[0]}</div><div class="display-flex"><ul class="metadata page-metadata"><li>Article</li><li class="visibility-hidden-visual-diff"><time>${k.date().iso}</time></li><li class="contributors-holder"><button class="link-button">${k.int(1, 20)} contributors</button></li></ul></div><nav id="center-doc-outline" class="doc-outline is-hidden-tablet"><h2 id="ms--in-this-article" class="title is-6">In this article</h2><ol>${o.sections.map((s) => `<li><a href="#${s.id}">${s.title}</a></li>`).join('')}</ol></nav><div ${M}>${k.p('docs', 2)}${o.sections.map((s) => `${markup.heading(2, s.title, s.id)}${matter(k, markup)}`).join('\n')}</div></div></div><div class="feedback-section"><h2 class="title is-3">Feedback</h2><div class="display-flex"><p>${k.word('wasHelpful')}</p><div class="buttons"><button>${k.word('yes')}</button><button>${k.word('no')}</button></div></div></div></main></div></div></section><div class="right-container column is-4-desktop"><h3>${k.word('onThisPage')}</h3><h3 class="title">Additional resources</h3><ul>${times(3, () => `<li><a>${k.one('headings')}</a></li>`)}</ul></div></div></div>`,
  });
}

const url = (k: Kit): string => `/en/latest/${k.slug()}.html`;
export const docsGuides: Template[] = [
  template('sphinx-alabaster', 'documentation', EUROPE, 6, url, alabaster),
  template('sphinx-rtd', 'documentation', ALL, 7, url, readTheDocs),
  template('sphinx-furo', 'documentation', ['en', 'en', 'de'], 4, url, furo),
  template('sphinx-pydata', 'documentation', ['en', 'ja'], 4, url, pydata),
  template('mkdocs-readthedocs', 'documentation', ['en', 'fr'], 4, (k) => `/${k.slug()}/`, mkdocsReadTheDocs),
  template('mkdocs-material', 'documentation', ALL, 7, (k) => `/${k.slug()}/`, mkdocsMaterial),
  template('docusaurus', 'documentation', ['en', 'zh', 'en', 'fr'], 6, (k) => `/docs/${k.slug()}`, docusaurus, { hashable: false }),
  template('mdbook', 'documentation', ['en', 'ru', 'en'], 5, (k) => `/book/ch0${k.int(1, 9)}-${k.slug()}.html`, mdbook),
  template('vitepress', 'documentation', ['en', 'zh', 'en'], 6, (k) => `/guide/${k.slug()}.html`, vitepress),
  template('docsy', 'documentation', ['en', 'es'], 4, (k) => `/docs/${k.slug()}/`, docsy),
  template('just-the-docs', 'documentation', ['en', 'de'], 4, (k) => `/docs/${k.slug()}`, justTheDocs),
  template('gitbook', 'documentation', ['en', 'ja', 'zh'], 6, (k) => `/${k.slug()}`, gitbook, { hashable: true }),
  template('readme-io', 'documentation', ['en', 'en', 'es'], 5, (k) => `/${k.chance(50) ? 'docs' : 'reference'}/${k.slug()}`, readme),
  template('learn-like', 'documentation', EUROPE, 5, (k) => `/${k.lang}-${k.lang}/library/${k.slug()}`, learnLike),
];
