// References and wikis: Doxygen, Javadoc, rustdoc, godoc, DocBook, man pages, Texinfo, MediaWiki, DokuWiki, Confluence.
import { ALL, EUROPE, template, type Template } from '../template.js';
import { type Kit, M, N, Q, times } from '../kit.js';
import { code, codeLine, page } from '../page.js';
import { body, type DocsMarkup, identifier, matter, outline, plainTable, signature, tree, typeName } from './docs-parts.js';

const method = (k: Kit): string =>
  `${k.pick(['open', 'read', 'flush', 'insert', 'count', 'merge', 'parse', 'clear'])}${k.pick(['', 'All', 'Next', 'Into', 'Rows'])}`;
const className = (k: Kit): string => k.pick(['RowReader', 'KilnPlan', 'PathList', 'TokenStream', 'BoundedQueue', 'ShelfIndex', 'LineBuffer', 'RateLimit']);

function doxygen(k: Kit): string {
  const name = className(k);
  const members = Array.from({ length: k.int(2, 9) }, () => [method(k), typeName(k), identifier(k)] as const);
  const memitem = ([m, type, arg]: readonly [
    string,
    string,
    string,
  ]) => `<a id="a0"></a><h2 class="memtitle"><span class="permalink"><a href="#a0">&#9670;&#160;</a></span>${m}()</h2>
<div class="memitem"><div class="memproto"><table class="mlabels"><tr><td class="mlabels-left"><table class="memname"><tr><td class="memname">${type} ${name}::${m} </td><td>(</td><td class="paramtype">const ${type} &amp;&#160;</td><td class="paramname"><em>${arg}</em></td><td>)</td><td></td></tr></table></td><td class="mlabels-right"><span class="mlabels"><span class="mlabel">inline</span></span></td></tr></table></div><div class="memdoc"><p>${k.para('docs')}</p><dl class="params"><dt>Parameters</dt><dd><table class="params"><tr><td class="paramname">${arg}</td><td>${k.say('docs', 1)}</td></tr></table></dd></dl><dl class="section return"><dt>Returns</dt><dd>${k.say('docs', 1)}</dd></dl>${k.maybe(
    30,
    () =>
      `<div class="fragment">${code(k)
        .split('\n')
        .map((l, i) => `<div class="line"><a name="l${i}"></a><span class="lineno">${i + 1}</span>${l}</div>`)
        .join('')}</div>`,
  )}</div></div>`;
  return page(k, `${k.good()}: ${name} Class Reference`, {
    head: '<meta name="generator" content="Doxygen 1.9.1"/><link href="doxygen.css" rel="stylesheet" type="text/css" />',
    body: `<div id="top"><div id="titlearea"><table cellspacing="0" cellpadding="0"><tbody><tr style="height: 56px;"><td id="projectalign"><div id="projectname">${k.good()} &#160;<span id="projectnumber">${k.int(1, 4)}.${k.int(0, 9)}</span></div><div id="projectbrief">${k.say('company', 1)}</div></td></tr></tbody></table></div><div id="main-nav"><ul class="sm sm-dox">${['Main Page', 'Related Pages', 'Namespaces', 'Classes', 'Files'].map((l) => `<li><a href="x.html"><span>${l}</span></a></li>`).join('')}</ul></div><div id="nav-path" class="navpath"><ul><li class="navelem"><b>kiln</b></li><li class="navelem"><a class="el" href="c.html">${name}</a></li></ul></div></div>
<div class="header"><div class="summary"><a href="#pub-methods">Public Member Functions</a> &#124; <a href="c-members.html">List of all members</a></div><div class="headertitle" ${M}><div class="title">${name} Class Reference</div></div></div>
<div class="contents"><div ${M}><p>${k.say('docs', 1)} <a href="#details">More...</a></p><p><code>#include &lt;${name.toLowerCase()}.h&gt;</code></p></div>${k.maybe(50, () => `<div class="dynheader">Inheritance diagram for ${name}:</div><div class="dyncontent"><div class="center"><img src="c.png" alt=""/></div></div>`)}<div ${M}><table class="memberdecls"><tr class="heading"><td colspan="2"><h2 class="groupheader"><a name="pub-methods"></a>Public Member Functions</h2></td></tr>${members.map(([m, type, arg]) => `<tr class="memitem:a0"><td class="memItemLeft" align="right" valign="top">${type}&#160;</td><td class="memItemRight" valign="bottom"><a class="el" href="c.html#a0">${m}</a> (const ${type} &amp;${arg})</td></tr><tr class="memdesc:a0"><td class="mdescLeft">&#160;</td><td class="mdescRight">${k.say('docs', 1)} <a href="c.html#a0">More...</a><br /></td></tr><tr class="separator:a0"><td class="memSeparator" colspan="2">&#160;</td></tr>`).join('\n')}</table><a name="details"></a><h2 class="groupheader">Detailed Description</h2><div class="textblock"><p>${k.para('docs')}</p></div><h2 class="groupheader">Member Function Documentation</h2>${members.map(memitem).join('\n')}<hr/>The documentation for this class was generated from the following file:<ul><li>src/<a class="el">${name.toLowerCase()}.h</a></li></ul></div></div>
<div id="nav-path-2" class="navpath"><ul><li class="footer">Generated on ${k.date().long} for ${k.good()} by <a href="https://www.doxygen.org/index.html">doxygen</a> 1.9.1</li></ul></div>`,
  });
}

function javadoc(k: Kit): string {
  const name = className(k);
  const members = Array.from({ length: k.int(2, 10) }, () => [method(k), typeName(k), identifier(k)] as const);
  const era = k.n % 3; // frames of old, 8, 17
  const nav = (where: string) =>
    era === 0
      ? `<table border="0" width="100%" cellpadding="1" cellspacing="0" summary=""><tr><td colspan="2" bgcolor="#EEEEFF" class="NavBarCell1"><a name="navbar_${where}_firstrow"></a><table border="0"><tr align="center">${['Overview', 'Package', '<b>Class</b>', 'Use', 'Tree', 'Deprecated', 'Index', 'Help'].map((l) => `<td bgcolor="#EEEEFF" class="NavBarCell1">&nbsp;<a href="x.html"><font class="NavBarFont1">${l}</font></a>&nbsp;</td>`).join('')}</tr></table></td></tr><tr><td class="NavBarCell2"><font size="-2">&nbsp;<a>PREV CLASS</a>&nbsp; <a>NEXT CLASS</a></font></td><td class="NavBarCell2"><font size="-2"><a><b>FRAMES</b></a> &nbsp; <a><b>NO FRAMES</b></a></font></td></tr><tr><td class="NavBarCell3"><font size="-2">SUMMARY:&nbsp;NESTED&nbsp;|&nbsp;FIELD&nbsp;|&nbsp;<a>CONSTR</a>&nbsp;|&nbsp;<a>METHOD</a></font></td></tr></table><hr>`
      : `<div class="${where}Nav"><a name="navbar.${where}"></a><div class="skipNav"><a href="#skip.navbar.${where}" title="Skip navigation links">Skip navigation links</a></div><ul class="navList" title="Navigation">${['Overview', 'Package', 'Class', 'Use', 'Tree', 'Deprecated', 'Index', 'Help'].map((l) => `<li${l === 'Class' ? ' class="navBarCell1Rev"' : ''}>${l === 'Class' ? l : `<a href="x.html">${l}</a>`}</li>`).join('\n')}</ul></div><div class="subNav"><ul class="navList"><li><a>Prev&nbsp;Class</a></li><li><a>Next&nbsp;Class</a></li></ul><ul class="navList"><li><a>Frames</a></li><li><a>No&nbsp;Frames</a></li></ul><div><ul class="subNavList"><li>Summary:&nbsp;</li><li>Nested&nbsp;|&nbsp;</li><li>Field&nbsp;|&nbsp;</li><li><a>Method</a></li></ul></div></div>`;
  const about = `<p>${k.para('docs')}</p>${k.maybe(50, () => `<pre>${code(k)}</pre>`)}${k.maybe(40, () => `<p>${k.para('docs')}</p>`)}`;
  const detail = ([m, type, arg]: readonly [string, string, string]) =>
    era === 0
      ? `<a name="${m}()"></a><h3>${m}</h3><pre>public ${type} <b>${m}</b>(${type}&nbsp;${arg})</pre><dl><dd>${k.para('docs')}</dd><dd><dl><dt><b>Parameters:</b></dt><dd><code>${arg}</code> - ${k.say('docs', 1)}</dd><dt><b>Returns:</b></dt><dd>${k.say('docs', 1)}</dd></dl></dd></dl><hr>`
      : `<ul class="blockList"><li class="blockList"><h4>${m}</h4><pre class="methodSignature">public&nbsp;${type}&nbsp;${m}&#8203;(${type}&nbsp;${arg})</pre><div class="block">${k.para('docs')}</div><dl><dt><span class="paramLabel">Parameters:</span></dt><dd><code>${arg}</code> - ${k.say('docs', 1)}</dd><dt><span class="returnLabel">Returns:</span></dt><dd>${k.say('docs', 1)}</dd></dl></li></ul>`;
  const summary =
    era === 0
      ? `<table border="1" width="100%" cellpadding="3" cellspacing="0" summary=""><tr bgcolor="#CCCCFF" class="TableHeadingColor"><th align="left" colspan="2"><font size="+2"><b>Method Summary</b></font></th></tr>${members.map(([m, type, arg]) => `<tr bgcolor="white" class="TableRowColor"><td align="right" valign="top" width="1%"><font size="-1"><code>&nbsp;${type}</code></font></td><td><code><b><a href="#${m}">${m}</a></b>(${type}&nbsp;${arg})</code><br>&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;${k.say('docs', 1)}</td></tr>`).join('')}</table>`
      : `<ul class="blockList"><li class="blockList"><h3>Method Summary</h3><table class="memberSummary"><caption><span>All Methods</span><span class="tabEnd">&nbsp;</span></caption><tr><th class="colFirst">Modifier and Type</th><th class="colLast">Method and Description</th></tr>${members.map(([m, type, arg], i) => `<tr class="${i % 2 ? 'rowColor' : 'altColor'}"><td class="colFirst"><code>${type}</code></td><td class="colLast"><code><span class="memberNameLink"><a href="#${m}">${m}</a></span>(${type}&nbsp;${arg})</code><div class="block">${k.say('docs', 1)}</div></td></tr>`).join('\n')}</table></li></ul>`;
  const bottom = `<p class="legalCopy"><small>Copyright &#169; ${k.int(1999, 2021)} ${k.name()}. All rights reserved.</small></p>`;
  return page(k, `${name} (${k.good()} API)`, {
    head: '<!-- Generated by javadoc -->',
    body:
      era === 0
        ? `${nav('top')}<div ${M}><h2><font size="-1">org.kiln.core</font><br>Class ${name}</h2><pre>java.lang.Object\n  <img src="inherit.gif" alt="extended by"><b>org.kiln.core.${name}</b></pre><hr><dl><dt><pre>public class <b>${name}</b><br>extends Object</pre></dt></dl>${about}<hr>${summary}${members.map(detail).join('\n')}</div>${nav('bottom')}<font size="-1">${bottom}</font>`
        : `<noscript><div>JavaScript is disabled on your browser.</div></noscript>${era === 2 ? `<div class="flex-box"><header role="banner" class="flex-header">${nav('top')}<div class="nav-list-search"><label>SEARCH:</label><input value="search"></div></header><div class="flex-content"><main role="main" ${M}>` : `${nav('top')}<div ${M}>`}<div class="header"><div class="sub-title"><span class="package-label-in-type">Package</span>&nbsp;<a>org.kiln.core</a></div><h2 title="Class ${name}" class="title">Class ${name}</h2></div><div class="contentContainer"><ul class="inheritance"><li>java.lang.Object</li><li><ul class="inheritance"><li>org.kiln.core.${name}</li></ul></li></ul><div class="description"><ul class="blockList"><li class="blockList"><hr><pre>public class <span class="typeNameLabel">${name}</span>\nextends Object</pre><div class="block">${about}</div></li></ul></div><div class="summary">${summary}</div><div class="details"><ul class="blockList"><li class="blockList"><h3>Method Detail</h3>${members.map(detail).join('\n')}</li></ul></div></div>${era === 2 ? `</main><footer role="contentinfo"><hr>${bottom}</footer></div></div>` : `</div>${nav('bottom')}${bottom}`}`,
  });
}

function rustdoc(k: Kit): string {
  const name = className(k);
  const members = Array.from({ length: k.int(2, 9) }, () => method(k).toLowerCase());
  return page(k, `${name} in kiln::core - Rust`, {
    head: '<meta name="generator" content="rustdoc">',
    bodyAttributes: 'class="rustdoc struct"',
    body: `<nav class="mobile-topbar"><button class="sidebar-menu-toggle">&#9776;</button></nav><nav class="sidebar"><div class="sidebar-crate"><h2><a href="../index.html">kiln</a><span class="version">0.${k.int(1, 9)}.${k.int(0, 9)}</span></h2></div><h2 class="location"><a href="#">${name}</a></h2><div class="sidebar-elems"><section><h3><a href="#implementations">Methods</a></h3><ul class="block method">${members.map((m) => `<li><a href="#method.${m}">${m}</a></li>`).join('')}</ul><h3><a>Trait Implementations</a></h3><ul class="block trait-implementation"><li><a>Clone</a></li><li><a>Debug</a></li></ul></section><h2><a href="index.html">In kiln::core</a></h2></div></nav><main><div class="width-limiter"><nav class="sub"><form class="search-form"><span></span><div id="sidebar-button" tabindex="-1"></div><input class="search-input" placeholder="Click or press ‘S’ to search"><div id="help-button" tabindex="-1"><a href="../help.html" title="help">?</a></div></form></nav><section id="main-content" class="content" ${M}><div class="main-heading"><h1>Struct <a href="../index.html">kiln</a>::<wbr><a href="index.html">core</a>::<wbr><a class="struct">${name}</a><button id="copy-path" title="Copy item path to clipboard"></button></h1><span class="out-of-band" ${N}><a class="src" href="../src/x.rs.html#1">source</a> · <button id="toggle-all-docs" title="collapse all docs">[<span>&#x2212;</span>]</button></span></div><pre class="rust item-decl"><code>pub struct ${name} {\n    pub ${identifier(k)}: usize,\n    <span class="comment">/* private fields */</span>\n}</code></pre><details class="toggle top-doc" open><summary class="hideme" ${N}><span>Expand description</span></summary><div class="docblock"><p>${k.para('docs')}</p><h2 id="examples"><a class="doc-anchor" href="#examples">§</a>Examples</h2><div class="example-wrap"><pre class="rust rust-example-rendered"><code>${code(k)}</code></pre></div></div></details><h2 id="implementations" class="section-header">Implementations<a href="#implementations" class="anchor">§</a></h2><div id="implementations-list"><details class="toggle implementors-toggle" open><summary><section id="impl" class="impl"><a href="#impl" class="anchor">§</a><h3 class="code-header">impl <a class="struct">${name}</a></h3></section></summary><div class="impl-items">${members.map((m) => `<details class="toggle method-toggle" open><summary><section id="method.${m}" class="method"><h4 class="code-header">pub fn <a href="#method.${m}" class="fn">${m}</a>(&amp;self, ${identifier(k)}: ${k.pick(['usize', '&amp;str', 'Path'])}) -&gt; Result&lt;u64&gt;</h4></section></summary><div class="docblock"><p>${k.para('docs')}</p>${k.maybe(25, () => `<h5><a class="doc-anchor">§</a>Panics</h5><p>${k.say('docs', 1)}</p>`)}</div></details>`).join('')}</div></details></div></section></div></main>`,
  });
}

function godoc(k: Kit): string {
  const fns = Array.from({ length: k.int(2, 8) }, () => method(k)).map((m) => m[0]!.toUpperCase() + m.slice(1));
  return page(k, `kiln package - example.com/kiln - Go Packages`, {
    body: `<header class="go-Header go-Header--full js-siteHeader"><div class="go-Header-inner"><nav class="go-Header-nav" aria-label="Site"><a class="go-Header-logoLink"><img alt="Go"></a><div class="skip-navigation-wrapper"><a class="skip-to-content-link" href="#main-content">Skip to Main Content</a></div><div class="go-Header-rightContent"><ul class="go-Header-menu">${['Why Go', 'Learn', 'Docs', 'Packages', 'Community'].map((l) => `<li class="go-Header-menuItem"><a href="#">${l}</a>${k.maybe(50, () => `<ul class="go-Header-submenu"><li><a>Case Studies</a><p>Common problems companies solve</p></li></ul>`)}</li>`).join('')}</ul></div></nav></div></header><main class="go-Main UnitLayout-main" id="main-content"><div class="go-Main-banner"></div><header class="go-Main-header js-mainHeader"><nav class="go-Main-headerBreadcrumb go-Breadcrumb"><ol><li><a>Discover Packages</a></li><li><a>example.com/kiln</a></li></ol></nav><div class="go-Main-headerContent"><div class="go-Main-headerTitle"><h1 class="UnitHeader-titleHeading" ${Q}>kiln</h1><span class="go-Chip go-Chip--inverted">package</span></div><div class="go-Main-headerDetails"><span class="go-Main-headerDetailItem"><a>Version: v1.${k.int(0, 30)}.${k.int(0, 9)}</a></span><span>Latest</span><span class="go-Main-headerDetailItem">Published: ${k.date().long}</span><span>License: <a>BSD-3-Clause</a></span><span><a>Imports: ${k.int(1, 30)}</a></span><span><a>Imported by: ${k.number()}</a></span></div></div></header><aside class="go-Main-aside js-mainAside"><div class="UnitMeta"><h2 class="go-textLabel">Details</h2><ul class="UnitMeta-details"><li><details class="go-Tooltip"><summary>Valid go.mod file</summary><p>${k.say('docs', 1)}</p></details></li></ul><h2 class="go-textLabel">Repository</h2><div class="UnitMeta-repo"><a>git.example/kiln</a></div></div></aside><nav class="go-Main-nav go-Main-nav--sticky js-mainNav"><div class="go-Main-navDesktop"><ul class="go-Tree"><li><a href="#pkg-overview">Overview</a></li><li><a>Index</a><ul>${fns.map((f) => `<li><a href="#${f}">func ${f}()</a></li>`).join('')}</ul></li><li><a>Source Files</a></li></ul></div></nav><article class="go-Main-article js-mainContent"><div class="UnitDoc"><h2 class="UnitDoc-title"><img alt="">Documentation <a href="#section-documentation">¶</a></h2><div class="Documentation js-documentation"><div class="Documentation-content js-docContent" ${M}><section class="Documentation-overview"><h3 class="Documentation-overviewHeader">Overview <a href="#pkg-overview">¶</a></h3><p>${k.para('docs')}</p><p>${k.para('docs')}</p><pre>${code(k)}</pre></section><section class="Documentation-index"><h3 id="pkg-index">Index <a>¶</a></h3><ul class="Documentation-indexList">${fns.map((f) => `<li class="Documentation-indexFunction"><a href="#${f}">func ${f}(r io.Reader) (int, error)</a></li>`).join('')}</ul></section><section class="Documentation-functions"><h3>Functions <a>¶</a></h3>${fns.map((f) => `<div class="Documentation-function"><h4 id="${f}" class="Documentation-functionHeader"><span>func <a class="Documentation-source">${f}</a> <a class="Documentation-idLink">¶</a></span></h4><div class="Documentation-declaration"><pre>func ${f}(r io.Reader) (int, error)</pre></div><p>${k.para('docs')}</p></div>`).join('')}</section></div></div></div><div class="UnitFiles"><h2 class="UnitFiles-title">Source Files <a>¶</a></h2><ul class="UnitFiles-fileList"><li><a>kiln.go</a></li><li><a>doc.go</a></li></ul></div></article></main><footer class="go-Footer"><div class="go-Footer-links">${times(4, () => `<div class="go-Footer-linkColumn"><a class="go-Footer-link">${k.one('headings')}</a><a>Use Cases</a></div>`)}</div></footer>`,
  });
}

function docbook(k: Kit): string {
  const o = outline(k);
  const markup: DocsMarkup = {
    code: (text) => `<pre class="screen">${text}</pre>`,
    note: (title, text) => `<div class="note" style="margin-left: 0.5in; margin-right: 0.5in;"><h3 class="title">${title}</h3>${text}</div>`,
    heading: (level, text, id) =>
      `<div class="titlepage"><div><div><h${level + 1} class="title"${level === 2 ? ' style="clear: both"' : ''}><a name="${id}"></a>${level > 1 ? `${k.int(1, 9)}.${level}. ` : ''}${text}</h${level + 1}></div></div></div>`,
    table: (head, rows) =>
      `<div class="table"><p class="title"><b>Table ${k.int(1, 9)}. ${k.one('headings')}</b></p><div class="table-contents">${plainTable(head, rows)}</div></div><br class="table-break" />`,
  };
  const nav = (where: string) =>
    `<div class="nav${where}"><table width="100%" summary="Navigation ${where}"><tr>${where === 'header' ? `<th colspan="3" align="center">${o.title}</th></tr><tr>` : ''}<td width="20%" align="left"><a accesskey="p" href="p.html">Prev</a> </td><${where === 'header' ? 'th' : 'td'} width="60%" align="center">${where === 'header' ? k.one('headings') : '<a accesskey="u" href="u.html">Up</a>'}</${where === 'header' ? 'th' : 'td'}><td width="20%" align="right"> <a accesskey="n" href="n.html">Next</a></td></tr>${where === 'footer' ? `<tr><td width="40%" align="left" valign="top">${k.one('headings')} </td><td align="center"><a accesskey="h" href="index.html">Home</a></td><td align="right"> ${k.one('headings')}</td></tr>` : ''}</table>${where === 'header' ? '<hr />' : ''}</div>`;
  return page(k, o.title, {
    doctype:
      '<?xml version="1.0" encoding="UTF-8" standalone="no"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">',
    head: '<meta name="generator" content="DocBook XSL Stylesheets V1.79.1" />',
    body: `${nav('header')}<div class="chapter" ${M}>${k.maybe(50, () => `<div class="toc" ${N}><p><strong>Table of Contents</strong></p><dl class="toc">${o.sections.map((s) => `<dt><span class="section"><a href="#${s.id}">${s.title}</a></span></dt>`).join('')}</dl></div>`)}${body(k, o, markup, (inner) => `<div class="section">${inner}</div>`)}</div><div class="navfooter"><hr /></div>${nav('footer')}`,
  });
}

function manPage(k: Kit): string {
  const name = identifier(k);
  const options = times(
    k.int(3, 12),
    () => `<dt><b>-${'abcdfhlnqrv'[k.int(0, 10)]}</b>, <b>--${identifier(k)}</b>${k.maybe(40, () => '=<i>N</i>')}</dt><dd>${k.say('docs', k.int(1, 2))}</dd>`,
  );
  if (k.chance(50))
    return page(k, `Man page of ${name.toUpperCase()}`, {
      body: `<div ${M}><h1>${name.toUpperCase()}</h1>Section: User Commands (1)<br>Updated: ${k.date().long}<br></div><a href="#index">Index</a> <a href="/cgi-bin/man/man2html">Return to Main Contents</a><hr><div ${M}><a name="lbAB">&nbsp;</a><h2>NAME</h2>${name} - ${k.say('docs', 1)}<a name="lbAC">&nbsp;</a><h2>SYNOPSIS</h2><b>${name}</b> [<i>OPTION</i>]... [<i>FILE</i>]...<a name="lbAD">&nbsp;</a><h2>DESCRIPTION</h2><p>${k.para('docs')}<p>${k.para('docs')}<dl compact>${options}</dl><h2>EXAMPLES</h2><pre>${code(k)}</pre><h2>AUTHOR</h2>Written by ${k.name()}.</div><p><hr><a name="index">&nbsp;</a><h2>Index</h2><dl><dt><a href="#lbAB">NAME</a><dd><dt><a href="#lbAC">SYNOPSIS</a><dd><dt><a href="#lbAD">DESCRIPTION</a><dd></dl><hr>This document was created by <a href="/cgi-bin/man/man2html">man2html</a>, using the manual pages.<br>Time: ${k.date().short}`,
    });
  return page(k, `${name}(1) - Linux manual page`, {
    body: `<div class="page-top"><a id="top_of_page"></a></div><div class="nav-bar"><table class="nav-table"><tr><td class="nav-cell"><p class="nav-text"><a href="../index.html">man7.example</a> &gt; Linux &gt; <a>man-pages</a></p></td><td class="training-cell"><p class="training-text"><a>${k.word('ad')}: ${k.say('company', 1)}</a></p></td></tr></table></div><hr class="nav-bar"><h1 ${M}>${name}(1) — Linux manual page</h1><table class="section-dir"><tr><td class="section-dir"><p class="section-dir"><a href="#NAME">NAME</a> | <a>SYNOPSIS</a> | <a>DESCRIPTION</a> | <a>SEE ALSO</a> | <a>COLOPHON</a></p></td></tr><tr><td><div class="man-search-box"><form><input type="search" placeholder="Search online pages"></form></div></td></tr></table><div ${M}><pre><span class="headline">${name.toUpperCase()}(1)                  User Commands                  ${name.toUpperCase()}(1)</span></pre><h2><a id="NAME"></a>NAME</h2><pre>       ${name} - ${k.say('docs', 1)}</pre><h2>DESCRIPTION</h2><pre>${times(k.int(2, 6), () => `       ${k.para('docs').replace(/(.{50,65}) /g, '$1\n       ')}`, '\n\n')}\n\n       <b>-a</b>, <b>--${identifier(k)}</b>\n              ${k.say('docs', 1)}\n</pre><h2>SEE ALSO</h2><pre>       <b>${identifier(k)}</b>(1), <b>${identifier(k)}</b>(5)</pre></div><p>Pages that refer to this page: <a>${identifier(k)}(1)</a>, <a>${identifier(k)}(8)</a></p><hr class="start-footer"><div class="footer"><table class="colophon-table"><tr><td class="pub-info"><p>HTML rendering created ${k.date().iso} by <a>${k.name()}</a>, author of <a>The Book</a>.</p></td></tr></table></div>`,
  });
}

function texinfo(k: Kit): string {
  const o = outline(k);
  const markup: DocsMarkup = {
    code: (text) => `<div class="example"><pre class="example">${text}\n</pre></div>`,
    note: (title, text) => `<blockquote><p><strong>${title}:</strong> </p>${text}</blockquote>`,
    heading: (level, text, id) => `<h${level + 2} class="${level === 1 ? 'chapter' : 'section'}" id="${id}">${k.int(1, 9)}.${level} ${text}</h${level + 2}>`,
  };
  const nav = `<div class="header"><p>Next: <a href="n.html" accesskey="n" rel="next">${k.one('headings')}</a>, Previous: <a accesskey="p" rel="prev">${k.one('headings')}</a>, Up: <a href="index.html" accesskey="u" rel="up">Top</a> &nbsp; [<a href="index.html#SEC_Contents" title="Table of contents" rel="contents">Contents</a>][<a title="Index" rel="index">Index</a>]</p></div><hr>`;
  return page(k, `${o.title} (${k.good()} Manual)`, {
    head: '<meta name="Generator" content="makeinfo">',
    body: `<a name="${o.title}"></a>${nav}<div ${M}>${body(k, o, markup)}</div>${k.maybe(60, () => `<table class="menu" border="0" cellspacing="0">${times(k.int(3, 7), () => `<tr><td align="left" valign="top">&bull; <a href="m.html" accesskey="1">${k.one('headings')}</a>:</td><td>&nbsp;&nbsp;</td><td align="left" valign="top">${k.say('docs', 1)}</td></tr>`)}</table>`)}<hr>${nav.replace('<hr>', '')}`,
  });
}

function mediawiki(k: Kit): string {
  const o = { ...outline(k), title: k.one(k.chance(50) ? 'headlines' : 'kinds') };
  const vector22 = k.chance(45);
  const kind = k.chance(65) ? 'news' : 'docs';
  const tocBox = `<div id="toc" class="toc" role="navigation" ${N}><div class="toctitle"><h2>${k.word('contents')}</h2></div><ul>${o.sections.map((s, i) => `<li class="toclevel-1 tocsection-${i}"><a href="#${s.id}"><span class="tocnumber">${i + 1}</span> <span class="toctext">${s.title}</span></a></li>`).join('')}</ul></div>`;
  const edit = `<span class="mw-editsection"><span class="mw-editsection-bracket">[</span><a href="/w/index.php?action=edit">${k.word('edit')}</a><span class="mw-editsection-bracket">]</span></span>`;
  const cite = (text: string) => (k.chance(40) ? `${text}<sup id="cite_ref-1" class="reference"><a href="#cite_note-1">[${k.int(1, 20)}]</a></sup>` : text);
  const wiki = (text: string) => (k.lang === 'ja' || k.lang === 'zh' ? text : text.replace(/ ([^\W\d_]{5,9}) /u, ' <a href="/wiki/$1" title="$1">$1</a> '));
  const p = (n: number) =>
    k
      .paras(kind, n)
      .map((t) => `<p>${cite(wiki(t))}\n</p>`)
      .join('\n');
  const infobox = k.maybe(
    60,
    () =>
      `<table class="infobox vcard" ${k.chance(50) ? M : Q}><tbody><tr><th colspan="2" class="infobox-above fn org">${o.title}</th></tr>${times(
        k.int(3, 8),
        () => {
          const [a, b] = k.one('specs').split(/[:：] ?| : /);
          return `<tr><th scope="row" class="infobox-label">${a}</th><td class="infobox-data">${b ?? k.good()}</td></tr>`;
        },
      )}</tbody></table>`,
  );
  const thumb = () =>
    k.maybe(
      40,
      () =>
        `<div class="thumb tright"><div class="thumbinner" style="width:222px;"><a href="/wiki/File:X.jpg" class="image"><img alt="" src="x.jpg" class="thumbimage"></a><div class="thumbcaption" ${Q}><div class="magnify"></div>${k.say('news', 1)}</div></div></div>`,
    );
  const sections = o.sections
    .map(
      (s) =>
        `<h2><span class="mw-headline" id="${s.id}">${s.title}</span>${edit}</h2>${k.maybe(25, () => `<div role="note" class="hatnote navigation-not-searchable" ${Q}>${k.one('headings')}: <a href="/wiki/x">${k.one('headlines')}</a></div>`)}${thumb()}${p(k.int(1, 4))}${k.maybe(25, () => `<ul>${times(k.int(3, 7), () => `<li>${wiki(k.say(kind, 1))}</li>`)}</ul>`)}${k.maybe(
          20,
          () =>
            plainTable(
              [k.word('date'), k.word('results')],
              Array.from({ length: k.int(3, 7) }, () => [String(k.int(1950, 2020)), k.number()]),
            ).replace('<table', '<table class="wikitable"'),
        )}`,
    )
    .join('\n');
  const content = `<div class="mw-parser-output" ${M}>${k.maybe(25, () => `<table class="box-More_citations_needed plainlinks metadata ambox ambox-content" role="presentation" ${N}><tbody><tr><td class="mbox-text"><div class="mbox-text-span">${k.say('legal', 1)}</div></td></tr></tbody></table>`)}${infobox}${p(k.int(1, 3))}${vector22 ? '' : tocBox}${sections}<h2 ${Q}><span class="mw-headline" id="References">${k.pick(['References', k.word('note')])}</span>${edit}</h2><div class="reflist" ${Q}><ol class="references">${times(k.int(2, 8), (i) => `<li id="cite_note-${i}"><span class="mw-cite-backlink"><b><a href="#cite_ref-${i}">^</a></b></span> <span class="reference-text"><cite class="citation web">${k.name()}. <a rel="nofollow" class="external text" href="https://news.example/x">"${k.one('headlines')}"</a>. ${k.date().long}.</cite></span></li>`)}</ol></div>${k.maybe(60, () => `<div role="navigation" class="navbox" ${N}><table class="nowraplinks navbox-inner"><tbody><tr><th class="navbox-title" colspan="2"><div class="navbar"><ul><li><a>v</a></li><li><a>t</a></li><li><a>e</a></li></ul></div><div>${k.one('headings')}</div></th></tr>${times(k.int(2, 4), () => `<tr><th class="navbox-group">${k.one('headings')}</th><td class="navbox-list navbox-odd hlist"><div><ul>${times(k.int(3, 9), () => `<li><a href="/wiki/x">${k.one('headlines')}</a></li>`)}</ul></div></td></tr>`)}</tbody></table></div>`)}</div>`;
  const cats = `<div id="catlinks" class="catlinks"><div id="mw-normal-catlinks" class="mw-normal-catlinks"><a href="/wiki/Categories">${k.word('categories')}</a>: <ul>${times(k.int(1, 6), () => `<li><a>${k.one('headings')}</a></li>`)}</ul></div></div>`;
  const foot = `<footer id="footer" class="mw-footer" role="contentinfo"><ul id="footer-info"><li id="footer-info-lastmod"> This page was last edited on ${k.date().long}, at 10:${k.int(10, 59)} (UTC).</li><li id="footer-info-copyright">${k.say('legal', 1)}</li></ul><ul id="footer-places"><li><a>${k.word('privacy')}</a></li><li><a>${k.word('about')}</a></li></ul><ul id="footer-icons"><li><a href="https://www.mediawiki.org/"><img alt="Powered by MediaWiki"></a></li></ul></footer>`;
  const portlet = (label: string, n: number) =>
    `<nav class="vector-menu mw-portlet vector-menu-portal portal" role="navigation"><h3 class="vector-menu-heading"><span>${label}</span></h3><div class="vector-menu-content"><ul class="vector-menu-content-list">${times(n, () => `<li class="mw-list-item"><a><span>${k.one('headings')}</span></a></li>`)}</ul></div></nav>`;
  const langs = `<ul>${['Deutsch', 'Français', 'Español', 'Русский', '日本語', '中文', 'Polski', 'Svenska']
    .slice(0, k.int(2, 8))
    .map((l) => `<li class="interlanguage-link"><a><span>${l}</span></a></li>`)
    .join('')}</ul>`;
  const head = '<meta name="generator" content="MediaWiki 1.39.3"/><script src="/w/load.php?lang=en&amp;modules=startup"></script>';
  const bodyAttributes = `class="skin-vector${vector22 ? '-2022' : ''} mediawiki ltr sitedir-ltr mw-hide-empty-elt ns-0 ns-subject page-X rootpage-X action-view"`;
  if (vector22)
    return page(k, `${o.title} - ${k.good()} Wiki`, {
      head,
      bodyAttributes,
      body: `<a class="mw-jump-link" href="#bodyContent">Jump to content</a><div class="vector-header-container"><header class="vector-header mw-header"><div class="vector-header-start"><nav class="vector-main-menu-landmark"><div class="vector-main-menu"><div>Main menu</div>${portlet('Navigation', 5)}${portlet('Contribute', 4)}</div></nav><a class="mw-logo"><span>${k.good()} Wiki</span></a></div><div class="vector-header-end"><form><input type="search"></form><nav class="vector-user-links"><a>Create account</a> <a>Log in</a></nav></div></header></div><div class="mw-page-container"><div class="mw-page-container-inner"><div class="vector-sticky-pinned-container"><nav id="mw-panel-toc" class="mw-table-of-contents-container vector-toc-landmark"><div class="vector-toc"><h2 class="vector-pinnable-header-label">${k.word('contents')}</h2><button>hide</button><ul class="vector-toc-contents" id="mw-panel-toc-list"><li><a><div class="vector-toc-text">(Top)</div></a></li>${o.sections.map((s, i) => `<li class="vector-toc-list-item vector-toc-level-1"><a class="vector-toc-link" href="#${s.id}"><div class="vector-toc-text"><span class="vector-toc-numb">${i + 1}</span>${s.title}</div></a></li>`).join('')}</ul></div></nav></div><div class="mw-content-container"><main id="content" class="mw-body"><header class="mw-body-header vector-page-titlebar"><h1 id="firstHeading" class="firstHeading mw-first-heading" ${M}><span class="mw-page-title-main">${o.title}</span></h1><div id="p-lang-btn" class="vector-dropdown mw-portlet mw-portlet-lang"><label>${k.int(3, 90)} languages</label><div>${langs}<div class="after-portlet"><a>Edit links</a></div></div></div></header><div class="vector-page-toolbar"><nav><ul><li class="selected"><a><span>Article</span></a></li><li><a><span>Talk</span></a></li><li><a>Read</a></li><li><a>Edit</a></li><li><a>View history</a></li></ul></nav></div><div id="bodyContent" class="vector-body"><div class="vector-body-before-content"><div id="siteSub" class="noprint">From ${k.good()} Wiki</div></div><div id="contentSub"></div><div id="mw-content-text" class="mw-body-content">${content}</div><div class="printfooter">Retrieved from "<a>https://wiki.example/index.php?oldid=${k.int(1000, 99999)}</a>"</div>${cats}</div></main></div><div class="mw-footer-container">${foot}</div></div></div>`,
    });
  return page(k, `${o.title} - ${k.good()} Wiki`, {
    head,
    bodyAttributes,
    body: `<div id="mw-page-base" class="noprint"></div><div id="mw-head-base" class="noprint"></div><div id="content" class="mw-body" role="main"><a id="top"></a><div id="siteNotice">${k.maybe(20, () => `<div>${k.say('company', 1)}</div>`)}</div><h1 id="firstHeading" class="firstHeading" ${M}>${o.title}</h1><div id="bodyContent" class="mw-body-content"><div id="siteSub" class="noprint">From ${k.good()} Wiki</div><div id="contentSub"></div><a class="mw-jump-link" href="#mw-head">Jump to navigation</a><a class="mw-jump-link" href="#searchInput">Jump to search</a><div id="mw-content-text" lang="en" dir="ltr" class="mw-content-ltr">${content}</div><div class="printfooter">Retrieved from "<a>https://wiki.example/index.php?title=X&amp;oldid=${k.int(1000, 99999)}</a>"</div>${cats}</div></div><div id="mw-navigation"><h2>Navigation menu</h2><div id="mw-head">${portlet('Personal tools', 2)}<div id="left-navigation">${portlet('Namespaces', 2)}</div><div id="right-navigation">${portlet('Views', 3)}<div id="p-search" role="search"><h3><label>${k.word('search')}</label></h3><form><input></form></div></div></div><div id="mw-panel"><div id="p-logo" role="banner"></div>${portlet('Navigation', k.int(4, 8))}${portlet('Tools', k.int(4, 8))}<nav class="portal" id="p-lang"><h3>In other languages</h3><div class="body">${langs}</div></nav></div></div>${foot}`,
  });
}

function dokuwiki(k: Kit): string {
  const o = outline(k);
  const markup: DocsMarkup = {
    code: (text) => `<pre class="code bash">${text}</pre>`,
    note: (title, text) => `<div class="noteclassic"><strong>${title}</strong> ${text.replace(/<\/?p>/g, '')}</div>`,
    heading: (level, text, id) => `<h${level} class="sectionedit${level}" id="${id}">${text}</h${level}>`,
    table: (head, rows) =>
      `<div class="table sectionedit4"><table class="inline"><thead><tr class="row0">${head.map((h) => `<th class="col0">${h}</th>`).join('')}</tr></thead>${rows.map((r) => `<tr class="row1">${r.map((c) => `<td class="col0">${c}</td>`).join('')}</tr>`).join('')}</table></div>`,
  };
  const text = body(k, o, markup, (inner, _id, level) =>
    level === 1
      ? inner
      : `<div class="level${level}">${inner}</div><div class='secedit editbutton_section' ${N}><form class="button btn_secedit"><div class="no"><button type="submit">Edit</button></div></form></div>`,
  );
  return page(k, `${o.title} [${k.good()}]`, {
    head: '<meta name="generator" content="DokuWiki"/>',
    body: `<div id="dokuwiki__site"><div id="dokuwiki__top" class="site dokuwiki mode_show tpl_dokuwiki hasSidebar"><div id="dokuwiki__header"><div class="pad group"><div class="headings group"><ul class="a11y skip"><li><a href="#dokuwiki__content">skip to content</a></li></ul><h1 class="logo"><a href="/doku.php?id=start"><span>${k.good()}</span></a></h1><p class="claim">${k.say('company', 1)}</p></div><div class="tools group"><div id="dokuwiki__usertools"><h3 class="a11y">User Tools</h3><ul><li class="action login"><a><span>Log In</span></a></li></ul></div><div id="dokuwiki__sitetools"><h3 class="a11y">Site Tools</h3><form class="search"><input class="edit"></form><ul><li><a>Recent Changes</a></li><li><a>Media Manager</a></li><li><a>Sitemap</a></li></ul></div></div><div class="breadcrumbs"><div class="trace"><span class="bchead">Trace:</span> <span class="bcsep">•</span> <span class="curid"><bdi><a>${o.title}</a></bdi></span></div></div></div></div><div class="wrapper group"><div id="dokuwiki__aside"><div class="pad aside include group"><h3 class="toggle">Sidebar</h3><div class="content"><div class="group">${tree(k, (t) => `<div class="li"><a class="wikilink1">${t}</a></div>`)}</div></div></div></div><div id="dokuwiki__content"><div class="pad group"><div class="pageId"><span>${k.slug()}</span></div><div class="page group" ${M}><div id="dw__toc" class="dw__toc" ${N}><h3 class="toggle">Table of Contents</h3><div><ul class="toc">${o.sections.map((s) => `<li class="level1"><div class="li"><a href="#${s.id}">${s.title}</a></div></li>`).join('')}</ul></div></div>${text}</div><div class="docInfo"><bdi>${k.slug()}.txt</bdi> · Last modified: ${k.date().short} by <bdi>${k.user()}</bdi></div></div></div><div id="dokuwiki__pagetools"><h3 class="a11y">Page Tools</h3><div class="tools"><ul><li class="source"><a><span>Show pagesource</span></a></li><li class="revs"><a><span>Old revisions</span></a></li><li><a><span>Backlinks</span></a></li><li class="top"><a><span>Back to top</span></a></li></ul></div></div></div><div id="dokuwiki__footer"><div class="pad"><div class="license">Except where otherwise noted, content on this wiki is licensed under the following license: <bdi><a rel="license">CC Attribution-Share Alike 4.0</a></bdi></div></div></div></div></div>`,
  });
}

function confluence(k: Kit): string {
  const o = outline(k);
  const markup: DocsMarkup = {
    code: (text) =>
      `<div class="code panel pdl conf-macro output-block" style="border-width: 1px;"><div class="codeContent panelContent pdl"><pre class="syntaxhighlighter-pre" data-syntaxhighlighter-params="brush: java">${text}</pre></div></div>`,
    note: (_t, text) =>
      `<div class="confluence-information-macro confluence-information-macro-note conf-macro output-block"><span class="aui-icon aui-icon-small"></span><div class="confluence-information-macro-body">${text}</div></div>`,
    heading: (level, text, id) => (level === 1 ? '' : `<h${level} id="${id}">${text}</h${level}>`),
    table: (head, rows) =>
      `<div class="table-wrap"><table class="confluenceTable"><tbody><tr>${head.map((h) => `<th class="confluenceTh">${h}</th>`).join('')}</tr>${rows.map((r) => `<tr>${r.map((c) => `<td class="confluenceTd"><p>${c}</p></td>`).join('')}</tr>`).join('')}</tbody></table></div>`,
  };
  return page(k, `${o.title} - ${k.good()} - Confluence`, {
    bodyAttributes: 'id="com-atlassian-confluence" class="theme-default aui-layout aui-theme-default"',
    body: `<ul id="assistive-skip-links" class="assistive"><li><a href="#title-heading">Skip to content</a></li><li><a>Skip to breadcrumbs</a></li><li><a>Skip to header menu</a></li><li><a>Skip to action menu</a></li></ul><div id="page"><div id="full-height-container"><div id="header-precursor"></div><header id="header" role="banner"><nav id="header-nav" class="aui-header" role="navigation"><div class="aui-header-primary"><span id="logo" class="aui-header-logo"><a><span class="aui-header-logo-text">${k.good()}</span></a></span><ul class="aui-nav"><li><a>Spaces</a></li></ul></div><div class="aui-header-secondary"><ul class="aui-nav"><li><form><input type="text" placeholder="Search"></form></li><li><a>Log in</a></li></ul></div></nav></header><div class="ia-splitter"><div class="ia-splitter-left"><div class="ia-fixed-sidebar"><div class="acs-side-bar-space-info"><div class="name"><a>${k.good()}</a></div></div><div class="acs-nav"><ul><li><a><span class="acs-nav-item-label">Pages</span></a></li><li><a>Blog</a></li></ul></div><div class="ia-secondary-content"><h5 class="ia-secondary-header-title"><span>Page tree</span></h5><div class="plugin_pagetree">${tree(k, (t) => `<div class="plugin_pagetree_children_content"><span class="plugin_pagetree_children_span"><a>${t}</a></span></div>`)}</div></div></div></div><div id="main" class="aui-page-panel"><div id="main-header"><div id="navigation" class="content-navigation view"><ul class="ajs-menu-bar"><li class="ajs-button"><a><span>Edit</span></a></li><li><a>A t tachments (${k.int(0, 9)})</a></li><li><a>Page History</a></li></ul></div><h1 id="title-heading" class="pagetitle" ${M}><span id="title-text"><a href="/x">${o.title}</a></span></h1></div><div id="content" class="page view"><div id="action-messages"></div><div class="page-metadata"><ul class="banner"><li class="page-metadata-modification-info">Created by <span class="author"><a class="url fn confluence-userlink">${k.name()}</a></span>, last modified on <a class="last-modified">${k.date().long}</a></li></ul></div><div id="main-content" class="wiki-content" ${M}>${k.maybe(50, () => `<div class="toc-macro client-side-toc-macro conf-macro output-block" ${N}><ul>${o.sections.map((s) => `<li><a href="#${s.id}">${s.title}</a></li>`).join('')}</ul></div>`)}${body(k, o, markup)}</div><div id="likes-and-labels-container"><div id="likes-section" class="no-print"><span class="like-summary">Be the first to like this</span></div><div id="labels-section" class="pageSection group"><div class="labels-section-content"><ul class="label-list"><li class="no-labels-message">No labels</li></ul></div></div></div>${k.maybe(40, () => `<div id="comments-section" class="pageSection group"><div class="section-header"><h2 class="section-title">1 Comment</h2></div><ol class="comment-threads top-level"><li class="comment-thread"><div class="comment"><h4 class="author"><a>${k.name()}</a></h4><div class="comment-content wiki-content" data-gold="C"><p>${k.para('comment')}</p></div><div class="comment-actions"><ul><li><a>${k.date().long}</a></li></ul></div></div></li></ol></div>`)}</div><div id="footer" role="contentinfo"><section class="footer-body"><ul id="poweredby"><li class="noprint">Powered by <a>Atlassian Confluence</a> <span>7.19.2</span></li><li><a>Report a bug</a></li><li><a>Atlassian News</a></li></ul></section></div></div></div></div></div>`,
  });
}

/** A parameter table and little else, in markup of nobody's. */
function apiTable(k: Kit): string {
  const rows = Array.from({ length: k.int(8, 40) }, () => [
    `<code>${identifier(k)}</code>`,
    typeName(k),
    k.pick(['required', 'optional', '–']),
    k.say('docs', 1),
  ]);
  return page(k, `${signature(k)} – ${k.good()} API`, {
    body: `<div class="wrapper"><div class="topnav"><a class="brand" href="/">${k.good()} API</a><a>Guides</a><a>Reference</a><a>Status</a><a>Sign in</a></div><div class="cols"><div class="leftmenu"><b>Endpoints</b>${times(k.int(8, 30), () => `<a href="/ref/x"><span class="verb">${k.pick(['GET', 'POST', 'PUT', 'DELETE'])}</span> /v1/${identifier(k)}</a>`)}</div><div class="doc"><div class="crumb"><a>Reference</a> / <a>${k.one('headings')}</a></div><div ${M}><h1>${k.one('headings')}</h1><p>${k.para('docs')}</p><div class="endpoint"><span class="verb">GET</span> <span class="url">/v1/${identifier(k)}/{id}</span></div><h2>Parameters</h2>${plainTable(['Name', 'Type', '', k.word('description')], rows)}<h2>Response</h2><pre>${code(k)}</pre><p>${k.say('docs', 2)}</p></div></div><div class="rightcol"><div class="codebox"><div class="tabs"><a class="on">curl</a><a>node</a><a>php</a></div><pre ${Q}>curl https://api.example/v1/${codeLine(k)}</pre></div></div></div><div class="foot">© ${k.good()} · <a>Terms</a> · <a>Privacy</a></div></div>`,
  });
}

/** A manual of the nineties: one long page in tables and <font>. */
function oldManual(k: Kit): string {
  const o = outline(k);
  const markup: DocsMarkup = {
    code: (text) => `<blockquote><pre>${text}</pre></blockquote>`,
    note: (title, text) => `<table border="1" width="80%"><tr><td><b>${title}:</b> ${text.replace(/<\/?p>/g, '')}</td></tr></table>`,
    heading: (level, text, id) => `<a name="${id}"></a><font size="+${4 - level}" color="#003366"><b>${text}</b></font><br><br>`,
  };
  return page(k, o.title, {
    doctype: '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2//EN">',
    bodyAttributes: 'bgcolor="#ffffff" text="#000000" link="#0000cc"',
    body: `<table border="0" width="100%" cellpadding="4"><tr><td bgcolor="#cccccc" colspan="2"><font size="+2">${k.good()}</font> <font size="-1">[ <a href="/">${k.word('home')}</a> | <a>${k.word('news')}</a> | <a>${k.word('faq')}</a> | <a>${k.word('contact')}</a> ]</font></td></tr><tr><td width="150" valign="top" bgcolor="#eeeeee"><font size="-1">${times(k.int(6, 16), () => `<a href="x.html">${k.one('headings')}</a><br>`)}</font></td><td valign="top"><div ${M}>${body(k, o, markup)}${matter(k, markup)}</div><hr><font size="-2"><a href="p.html">&lt;&lt; ${k.word('previous')}</a> | <a>${k.word('next')} &gt;&gt;</a><br>${k.word('lastUpdated')}: ${k.date().long}. <a href="mailto:x@manual.example">webmaster</a></font></td></tr></table>`,
  });
}

export const docsReference: Template[] = [
  template('doxygen', 'documentation', ['en', 'en', 'de'], 5, (k) => `/api/class${k.slug()}.html`, doxygen),
  template('javadoc', 'documentation', ['en'], 6, (k) => `/docs/api/org/kiln/core/${className(k)}.html`, javadoc),
  template('rustdoc', 'documentation', ['en'], 4, (k) => `/kiln/core/struct.${className(k)}.html`, rustdoc),
  template('godoc', 'documentation', ['en'], 3, () => '/example.com/kiln', godoc),
  template('docbook', 'documentation', EUROPE, 5, (k) => `/manual/${k.slug()}.html`, docbook),
  template('man-html', 'documentation', ['en', 'en', 'fr'], 6, (k) => `/man1/${identifier(k)}.1.html`, manPage),
  template('texinfo', 'documentation', ['en', 'es'], 4, (k) => `/manual/html_node/${k.slug()}.html`, texinfo),
  template('mediawiki', 'documentation', ALL, 10, (k) => `/wiki/${k.slug()}`, mediawiki),
  template('dokuwiki', 'documentation', ['en', 'de', 'fr'], 5, (k) => `/doku.php?id=${k.slug()}`, dokuwiki),
  template('confluence', 'documentation', ['en', 'de'], 4, (k) => `/display/KILN/${k.slug()}`, confluence),
  template('api-table', 'documentation', ['en', 'zh', 'en'], 5, (k) => `/ref/${k.slug()}`, apiTable, { hashable: true }),
  template('old-manual', 'documentation', ['en', 'ru', 'ja', 'de'], 5, (k) => `/docs/${k.slug()}.htm`, oldManual),
];
