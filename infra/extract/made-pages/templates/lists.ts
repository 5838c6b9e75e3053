// Mailing lists, news groups, link sites and trackers: what one writes is main, what the software says about it is not.
import { ALL, template, type Template } from '../template.js';
import { type Kit, M, N, Q, escapeHtml, times } from '../kit.js';
import { code, codeLine, page, post } from '../page.js';

const count = (k: Kit): number => k.pick([1, 2, 3, 5, 8, 14]);

/** A mail as people send it: a quoted part, an answer, a signature; lines broken at 70. */
function mail(k: Kit, answer = k.chance(60)): { text: string; sig: string } {
  const fold = (text: string, prefix: string) =>
    text
      .replace(/(.{50,68}) /g, '$1\n')
      .split('\n')
      .map((line) => prefix + line)
      .join('\n');
  const parts: string[] = [];
  if (answer)
    parts.push(
      `On ${k.date().short}, ${k.name()} wrote:\n${k.maybe(30, () => `${fold(k.say('talk', 1), '&gt; &gt; ')}\n&gt;\n`)}${fold(k.say('talk', k.int(1, 3)), '&gt; ')}`,
    );
  parts.push(...k.paras('talk', k.int(1, 5)).map((p) => fold(p, '')));
  if (k.chance(25))
    parts.push(
      code(k)
        .split('\n')
        .map((l) => `    ${l}`)
        .join('\n'),
    );
  if (answer && k.chance(40)) parts.push(fold(k.say('talk', 1), '&gt; '), fold(k.say('talk', 1), ''));
  parts.push(k.one('thanks'));
  return {
    text: parts.join('\n\n'),
    sig: k.maybe(50, () => `\n\n-- \n${k.name()}\n${escapeHtml('<')}${k.good().toLowerCase().replace(/ /g, '')}.example&gt;\n`),
  };
}

function pipermail(k: Kit): string {
  const title = `[${k.good().split(' ')[0]}-dev] ${k.one('threads')}`;
  const nav = `<ul><li>Previous message: <a href="000${k.int(100, 999)}.html">${title}</a></li><li>Next message: <a href="000${k.int(100, 999)}.html">${k.one('threads')}</a></li><li><b>Messages sorted by:</b> <a href="date.html#1">[ date ]</a> <a href="thread.html#1">[ thread ]</a> <a>[ subject ]</a> <a>[ author ]</a></li></ul>`;
  const m = mail(k);
  return page(k, title, {
    doctype: '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">',
    bodyAttributes: 'bgcolor="#ffffff"',
    body: `<h1 ${Q}>${title}</h1><b>${k.name()}</b> <a href="mailto:x%40y.example" title="${title}">x at y.example</a><br><i>${k.date().short} CET</i><p>${nav}<hr><!--beginarticle--><pre ${M}>${m.text}${m.sig}</pre>${k.maybe(25, () => `<pre>-------------- next part --------------\nA non-text attachment was scrubbed...\nName: signature.asc\nType: application/pgp-signature\nSize: 195 bytes\n</pre>`)}<!--endarticle--><hr><p>${nav}<hr><a href="http://lists.example/mailman/listinfo/x">More information about the ${k.good().split(' ')[0]}-dev mailing list</a><br>`,
  });
}

function hyperkitty(k: Kit): string {
  const title = k.one('threads');
  const one = (i: number) =>
    `<div class="email${i ? '' : ' email-first'}"><div id="m${i}" class="email-header"><div class="gravatar-wrapper"><img class="gravatar"></div><div class="email-author-info"><div class="email-author"><span class="name">${k.name()}</span></div></div><div class="email-date right"><div class="time"><span title="Sender's time">${k.date().short}</span></div></div></div><div class="email-body" ${M}>${times(k.int(1, 4), () => `<p>${k.para('talk')}</p>`)}${k.maybe(40, () => `<div class="quoted-switch" ${N}><a>...</a></div><div class="quoted-text">${k.say('talk', 2)}</div>`)}</div><div class="email-info"><span class="right"><a class="attachments"></a></span><ul class="list-inline"><li><a class="reply">${k.word('reply')}</a></li><li><a>0</a></li><li><a>0</a></li></ul></div></div>`;
  return page(k, `${title} - ${k.good()} - lists.example`, {
    body: `<nav class="navbar navbar-default"><div class="container"><a class="navbar-brand">lists.example</a><ul><li><a>Sign In</a></li><li><a>Sign Up</a></li></ul></div></nav><div class="modal" id="keyboard-shortcuts"><h4>Keyboard Shortcuts</h4><h3>Thread View</h3><ul><li><code>j</code>: Next unread message</li><li><code>k</code>: Previous unread message</li></ul></div><div class="container"><div class="row"><div class="d-none col-md-2"><div class="months-list"><a class="thread-list-nav">List overview</a><ul>${times(k.int(3, 14), () => `<li class="panel"><a>${k.int(2014, 2023)}</a><ul><li><a>December</a></li><li><a>November</a></li></ul></li>`)}</ul></div></div><div id="thread-content" class="col-md-8"><div class="thread-header"><a class="thread-title"></a><h3 ${Q}>${title}</h3></div><div class="row"><div class="col-tn"><span>${k.int(1, 30)} participants</span> <span>${k.int(1, 60)} comments</span></div></div>${one(0)}<p class="thread-email-count">${k.int(1, 9)} comments</p><div class="replies">${times(count(k), (i) => `<div class="odd">${one(i + 1)}</div>`)}</div></div><div id="thread-overview-info" class="col-md-2"><div>${k.int(1, 3000)} days inactive</div><div>${k.int(2, 30)} days old</div><a>${k.word('share')}</a></div></div></div><footer class="footer"><p class="text-muted"><img alt="HyperKitty"> Powered by <a>HyperKitty</a> version 1.3.5.</p></footer>`,
  });
}

function mhonarc(k: Kit): string {
  const title = k.one('threads');
  const nav = `[<a href="msg1.html">Date Prev</a>][<a>Date Next</a>][<a>Thread Prev</a>][<a>Thread Next</a>][<a href="mail1.html">Date Index</a>][<a>Thread Index</a>]`;
  const m = mail(k);
  return page(k, title, {
    head: '<!-- MHonArc v2.6.18 -->',
    body: `<!--X-Body-Begin--><!--X-TopPNI--><hr>${nav}<!--X-TopPNI-End--><h1 ${Q}>${title}</h1><hr><!--X-Head-of-Message--><ul><li><em>To</em>: <a href="mailto:x@DOMAIN.HIDDEN">x@xxxxxxxx</a></li><li><em>Subject</em>: ${title}</li><li><em>From</em>: ${k.name()} &lt;<a>y@xxxxxxx</a>&gt;</li><li><em>Date</em>: ${k.date().short} +0200</li>${k.maybe(50, () => '<li><em>User-agent</em>: Mutt/1.5.20 (2009-06-14)</li>')}</ul><!--X-Head-of-Message-End--><hr><pre ${M}>${m.text}${m.sig}</pre><!--X-Body-of-Message-End--><hr><ul><li><strong>Follow-Ups</strong>:<ul>${times(k.int(1, 3), () => `<li><strong><a>Re: ${title}</a></strong><ul><li><em>From:</em> ${k.name()}</li></ul></li>`)}</ul></li></ul><hr><ul><li>Prev by Date: <strong><a>${k.one('threads')}</a></strong></li><li>Next by Date: <strong><a>${k.one('threads')}</a></strong></li><li>Index(es):<ul><li><a><strong>Date</strong></a></li><li><a><strong>Thread</strong></a></li></ul></li></ul>`,
  });
}

function usenet(k: Kit): string {
  const title = k.one('threads');
  return page(k, `${title} - comp.example.misc`, {
    body: `<div class="top"><a href="/">Usenet archive</a> | <a>comp</a> | <a>comp.example.misc</a></div><h2 ${Q}>${title}</h2><div class="adbox">${k.word('ad')}</div>${times(
      count(k),
      (i) => {
        const m = mail(k, i > 0);
        return `<div class="article"><table class="hdr"><tr><td>From:</td><td>${k.name()} &lt;x@y.invalid&gt;</td></tr><tr><td>Newsgroups:</td><td>comp.example.misc</td></tr><tr><td>Date:</td><td>${k.date().short} GMT</td></tr><tr><td>Message-ID:</td><td>&lt;${k.int(100000, 999999)}@news.example&gt;</td></tr></table><pre class="body" ${M}>${m.text}${m.sig}</pre><div class="act"><a>Reply</a> <a>Show headers</a></div></div>`;
      },
    )}<div class="foot"><a>Previous thread</a> <a>Next thread</a><br>Archive generated by usenet2html</div>`,
  });
}

function redditOld(k: Kit): string {
  const title = k.one('threads');
  const comment = (depth: number): string =>
    `<div class="thing id-t1 noncollapsed comment"><p class="parent"><a name="c"></a></p><div class="midcol unvoted"><div class="arrow up login-required"></div></div><div class="entry unvoted"><p class="tagline"><a class="expand">[–]</a><a class="author may-blank">${k.user()}</a><span class="userattrs"></span> <span class="score unvoted">${k.int(1, 900)} points</span> <time class="live-timestamp">${k.date().ago}</time> &nbsp;<a class="numchildren">(${k.int(0, 9)} children)</a></p><form class="usertext"><div class="usertext-body may-blank-within md-container"><div class="md" ${M}>${post(k, 'p', { quote: (_w, t) => `<blockquote><p>${t}</p></blockquote>`, code: (t) => `<pre><code>${t}</code></pre>` })}</div></div></form><ul class="flat-list buttons"><li class="first"><a class="bylink">permalink</a></li><li class="comment-save-button"><a>save</a></li><li class="report-button"><a>report</a></li><li class="reply-button"><a>reply</a></li></ul></div><div class="child">${depth < 4 ? times(k.pick([0, 0, 1, 1, 2]), () => `<div class="sitetable listing">${comment(depth + 1)}</div>`) : k.maybe(30, () => `<span class="morecomments"><a class="button">load more comments <span class="gray">&nbsp;(${k.int(2, 9)} replies)</span></a></span>`)}</div><div class="clearleft"></div></div>`;
  return page(k, `${title} : ${k.one('forums')}`, {
    bodyAttributes: 'class="comments-page single-page"',
    body: `<div id="header" role="banner"><a tabindex="1" href="#content" id="jumpToContent">jump to content</a><div id="sr-header-area"><div class="width-clip"><div class="dropdown srdrop"><span class="selected title">my subreddits</span></div><ul class="flat-list sr-bar">${times(14, () => `<li><a class="choice">${k.one('kinds')}</a></li>`)}</ul></div></div><div id="header-bottom-left"><span class="pagename redditname"><a>${k.one('forums')}</a></span><ul class="tabmenu"><li class="selected"><a class="choice">comments</a></li><li><a>other discussions (1)</a></li></ul></div><div id="header-bottom-right"><span class="user">Want to join? <a class="login-required">Log in</a> or <a>sign up</a> in seconds.</span></div></div><div class="side"><div class="spacer"><form id="search"><input placeholder="search"></form></div><div class="spacer"><div class="linkinfo"><div class="date"><span>this post was submitted on &nbsp;</span><time>${k.date().long}</time></div><div class="score"><span class="number">${k.number()}</span> <span class="word">points</span> (${k.int(60, 99)}% upvoted)</div></div></div><div class="titlebox"><h1 class="hover redditname"><a>${k.one('forums')}</a></h1><span class="subscribers"><span class="number">${k.number()}</span> readers</span><form class="usertext"><div class="md"><p>${k.say('company', 2)}</p><h3>${k.word('rules')}</h3><ol>${times(k.int(3, 7), () => `<li>${k.say('legal', 1)}</li>`)}</ol></div></form></div></div><a name="content"></a><div class="content" role="main"><div id="siteTable" class="sitetable linklisting"><div class="thing link self"><div class="midcol unvoted"><div class="score unvoted">${k.number()}</div></div><div class="entry unvoted"><div class="top-matter"><p class="title" ${Q}><a class="title may-blank">${title}</a> <span class="domain">(<a>self.${k.one('kinds')}</a>)</span></p><p class="tagline">submitted <time>${k.date().ago}</time> by <a class="author">${k.user()}</a></p></div><div class="expando"><form class="usertext"><div class="usertext-body"><div class="md" ${M}>${post(k, 'p', {}, true)}</div></div></form></div><ul class="flat-list buttons"><li class="first"><a class="bylink comments">${k.int(3, 300)} comments</a></li><li class="share"><a>share</a></li><li><a>save</a></li><li><a>hide</a></li><li><a>report</a></li></ul></div></div></div><div class="commentarea"><div class="panestack-title"><span class="title">all ${k.int(3, 300)} comments</span></div><div class="menuarea"><div class="spacer"><span class="dropdown-title lightdrop">sorted by: </span><div class="dropdown"><span class="selected">best</span></div></div></div><div class="sitetable nestedlisting">${times(k.int(2, 7), () => comment(0))}</div></div></div><div class="footer-parent"><div class="footer rounded"><div class="col"><ul class="flat-vert title"><li class="flat-vert title">about</li><li><a>blog</a></li><li><a>advertising</a></li></ul></div></div><p class="bottommenu">Use of this site constitutes acceptance of our <a>User Agreement</a>. © 2023 ${k.good()} inc. ${k.word('rights')}</p></div>`,
  });
}

function redditNew(k: Kit): string {
  const title = k.one('threads');
  const comment = (depth: number): string =>
    `<div class="_3sf33-9rVAO_v4y0pIW_CH" style="padding-left:${16 * depth}px"><div class="Comment t1_x P8SGAKMtRxNwlmLz1zdJu"><div class="_3tw__eCCe7j-epNCKGXUKk"><button aria-label="upvote"></button></div><div class="_1DooEIX-1Nj5rweIc5cw_E"><div class="_1FQY_ZtZFcXtG3cR3"><div><a class="wM6scouPXXsFDSZmZPHRo">${k.user()}</a></div><span class="_3yx4Dn0W3Yunucf5sVJeFU">·</span><a class="_3yx4Dn0W3Yunucf5sVJeFU">${k.date().ago}</a></div><div><div class="_1qeIAgB0cPwnLhDF9XSiJM" ${M}><div class="_292iotee39Lmt0MkQZ2hPV RichTextJSON-root">${times(k.int(1, 3), () => `<p class="_1qeIAgB0cPwnLhDF9XSiJM">${k.chance(30) ? k.one('short') : k.para('talk')}</p>`)}</div></div></div><div class="_3KgrO85L1p9wQbgwG27q4y"><div class="_1rZYMD_4xY3gRcSS3p8ODO">${k.int(-3, 400)}</div><button>Reply</button><button>Share</button><button>Report</button></div></div></div></div>${depth < 3 ? times(k.pick([0, 0, 1, 2]), () => comment(depth + 1)) : ''}`;
  return page(k, `${title} : ${k.one('forums')}`, {
    body: `<div id="2x-container"><div class="subredditvars-r-x"><div tabindex="-1"><header data-redditstyle="true" class="_1tI68pPnLBjR1iHcL7vsee"><a aria-label="Home"></a><form role="search"><input></form><div><button>Log In</button><button>Sign Up</button></div></header><div class="_1VP69d9lk-Wk9zokOaylL"><div class="_3ozFtOe6WpJEMUtxDOIvtU"><div class="_31N0dvxfpsO6Ur5AKx4O5d"><div class="_1OVBBWLtHoSPfGCRaPzpTf"><div class="_23h0-EcaBUorIHC-JZyh6J"><div class="_1E9mcoVn4MYnuBQSVDt1gC">${k.int(1, 900)}</div></div><div data-test-id="post-content" class="Post"><div class="cZPZhMe-UCZ8htPodMyJ5"><span class="_2fCzxBE1dlMh4OFc7B3Dun">Posted by</span><a>u/${k.user()}</a><span>${k.date().ago}</span></div><div class="_2FCtq-QzlfuN-SwVMUZMM3"><h1 class="_eYtD2XCVieq6emjKBH3m" ${Q}>${title}</h1></div><div class="_3xX726aBn29LDbsDtzr_6E"><div class="_292iotee39Lmt0MkQZ2hPV RichTextJSON-root" ${M}>${k.p('talk', k.int(1, 4))}</div></div><div class="_1hwEKkB_38tIoal6fcdrt9"><span>${k.int(2, 300)} comments</span><button>Share</button><button>Save</button><button>Hide</button></div></div></div><div class="_1UoeAeSRhOKSNdY_h3iS1O"><div class="_3h3JUh6QWZtpsJ3o">Sort by: Best</div>${times(k.int(2, 8), () => comment(0))}<button>View ${k.int(3, 90)} more replies</button></div></div><div class="_3Kd8DQpBIsbr5E1JcrMFTY"><div data-testid="subreddit-sidebar"><h2>About Community</h2><div>${k.say('company', 2)}</div><div>Created ${k.date().long}</div><div>${k.number()} Members</div><div>${k.int(9, 900)} Online</div></div><div><h2>r/x ${k.word('rules')}</h2>${times(4, (i) => `<div><div>${i + 1}.</div><div>${k.say('legal', 1)}</div></div>`)}</div><div><h2>More posts</h2>${times(4, () => `<div><a>${k.one('threads')}</a><span>${k.int(9, 900)} points · ${k.int(2, 90)} comments</span></div>`)}</div></div></div></div></div></div></div>`,
  });
}

function hackerNews(k: Kit): string {
  const title = k.one('headlines');
  const comment = (i: number, depth: number) =>
    `<tr class="athing comtr" id="${3000 + i}"><td><table border="0"><tr><td class="ind" indent="${depth}"><img src="s.gif" height="1" width="${depth * 40}"></td><td valign="top" class="votelinks"><center><a><div class="votearrow" title="upvote"></div></a></center></td><td class="default"><div style="margin-top:2px; margin-bottom:-10px;"><span class="comhead"><a class="hnuser">${k.user()}</a> <span class="age"><a>${k.date().ago}</a></span> <span class="navs"> | <a>parent</a> | <a>next</a> <a class="togg clicky">[–]</a></span></span></div><br><div class="comment"><div class="commtext c00" ${M}>${k.chance(20) ? `<i>&gt; ${k.say('talk', 1)}</i><p>` : ''}${k.paras('talk', k.int(1, 5)).join('<p>')}</div><div class="reply"><p><font size="1"><u><a>reply</a></u></font></div></div></td></tr></table></td></tr>`;
  return page(k, `${title} | News`, {
    htmlAttributes: 'op="item"',
    body: `<center><table id="hnmain" border="0" cellpadding="0" cellspacing="0" width="85%" bgcolor="#f6f6ef"><tr><td bgcolor="#ff6600"><table border="0" width="100%"><tr><td style="width:18px"><a><img></a></td><td><span class="pagetop"><b class="hnname"><a>News</a></b><a>new</a> | <a>past</a> | <a>comments</a> | <a>ask</a> | <a>show</a> | <a>jobs</a> | <a>submit</a></span></td><td style="text-align:right"><span class="pagetop"><a>login</a></span></td></tr></table></td></tr><tr id="pagespace" style="height:10px"></tr><tr><td><table class="fatitem" border="0"><tr class="athing" id="1"><td align="right" valign="top" class="title"><span class="rank"></span></td><td valign="top" class="votelinks"></td><td class="title" ${Q}><span class="titleline"><a href="https://story.example/">${title}</a><span class="sitebit comhead"> (<a><span class="sitestr">story.example</span></a>)</span></span></td></tr><tr><td colspan="2"></td><td class="subtext"><span class="subline"><span class="score">${k.int(3, 900)} points</span> by <a class="hnuser">${k.user()}</a> <span class="age"><a>${k.date().ago}</a></span> | <a>hide</a> | <a>past</a> | <a>favorite</a> | <a>${k.int(3, 300)}&nbsp;comments</a></span></td></tr>${k.maybe(40, () => `<tr style="height:2px"></tr><tr><td colspan="2"></td><td><div class="toptext" ${M}>${k.paras('talk', 2).join('<p>')}</div></td></tr>`)}<tr style="height:10px"></tr><tr><td colspan="2"></td><td><form><textarea></textarea><br><br><input type="submit" value="add comment"></form></td></tr></table><br><br><table border="0" class="comment-tree">${times(k.pick([2, 6, 15, 30]), (i) => comment(i, k.pick([0, 0, 1, 1, 2, 3])))}</table><br><br></td></tr><tr><td><img><table width="100%"><tr><td bgcolor="#ff6600"></td></tr></table><br><center><span class="yclinks"><a>Guidelines</a> | <a>FAQ</a> | <a>Lists</a> | <a>API</a> | <a>Security</a> | <a>Legal</a> | <a>Contact</a></span><br><br><form>Search: <input></form></center></td></tr></table></center>`,
  });
}

function githubIssue(k: Kit): string {
  const title = k.one('threads');
  const body = (first: boolean) =>
    post(
      k,
      'p',
      {
        quote: (_w, t) => `<blockquote><p dir="auto">${t}</p></blockquote>`,
        code: (t) =>
          `<div class="highlight highlight-source-shell notranslate position-relative overflow-auto" dir="auto"><pre>${t}</pre><div class="zeroclipboard-container" ${N}><clipboard-copy></clipboard-copy></div></div>`,
      },
      first,
    );
  const one = (i: number) =>
    `<div class="js-timeline-item js-timeline-progressive-focus-container"><div class="TimelineItem js-comment-container"><div class="avatar-parent-child TimelineItem-avatar"><a><img class="avatar"></a></div><div class="timeline-comment-group js-minimizable-comment-group"><div class="timeline-comment unminimized-comment comment"><div class="timeline-comment-header clearfix d-flex"><div class="timeline-comment-actions flex-shrink-0"><details class="details-overlay details-reset"><summary class="timeline-comment-action Link--secondary"></summary><details-menu class="dropdown-menu"><clipboard-copy class="dropdown-item">Copy link</clipboard-copy></details-menu></details></div><div class="d-none d-sm-flex">${k.maybe(30, () => '<span class="Label">Member</span>')}</div><h3 class="f5 text-normal"><strong><a class="author Link--primary">${k.user()}</a></strong> commented <a class="Link--secondary"><relative-time class="no-wrap">${k.date().long}</relative-time></a></h3></div><div class="edit-comment-hide"><task-lists><table class="d-block user-select-contain"><tbody class="d-block"><tr class="d-block"><td class="d-block comment-body markdown-body js-comment-body" ${M}>${body(i === 0)}</td></tr></tbody></table></task-lists><div class="pr-review-reactions"><div class="comment-reactions">${k.maybe(40, () => `<button class="social-reaction-summary-item"><g-emoji>👍</g-emoji> <span>${k.int(1, 30)}</span></button>`)}</div></div></div></div></div></div></div>${k.maybe(30, () => `<div class="js-timeline-item"><div class="TimelineItem"><div class="TimelineItem-badge"></div><div class="TimelineItem-body"><a class="author">${k.user()}</a> added the <a class="IssueLabel">${k.pick(['bug', 'help wanted', 'question'])}</a> label <relative-time>${k.date().long}</relative-time></div></div></div>`)}`;
  return page(k, `${title} · Issue #${k.int(9, 9999)} · team/${k.good()}`, {
    bodyAttributes: 'class="logged-out env-production page-responsive"',
    body: `<div class="position-relative js-header-wrapper"><a href="#start-of-content" class="show-on-focus">Skip to content</a><header class="Header-old header-logged-out" role="banner"><nav><ul><li>Product</li><li>Solutions</li><li>Open Source</li><li><a>Pricing</a></li></ul></nav><div class="HeaderMenu-link-wrap"><a>Sign in</a><a>Sign up</a></div></header></div><div id="start-of-content"></div><div class="application-main"><main id="js-repo-pjax-container"><div id="repository-container-header"><div class="d-flex"><strong><a>team</a></strong><span>/</span><strong><a>${k.good()}</a></strong><span class="Label">Public</span></div><ul class="pagehead-actions"><li><a class="btn-sm btn">Notifications</a></li><li><a>Fork <span class="Counter">${k.number()}</span></a></li><li><a>Star <span>${k.number()}</span></a></li></ul><nav class="UnderlineNav"><ul><li><a><span>Code</span></a></li><li><a><span>Issues</span> <span class="Counter">${k.int(3, 900)}</span></a></li><li><a>Pull requests</a></li><li><a>Actions</a></li></ul></nav></div><div class="js-check-all-container"><div id="show_issue"><div id="partial-discussion-header" class="gh-header"><div class="gh-header-show"><div class="gh-header-actions"><a class="btn btn-primary">New issue</a></div><h1 class="gh-header-title" ${Q}><bdi class="js-issue-title markdown-title">${title}</bdi> <span class="f1-light">#${k.int(9, 9999)}</span></h1></div><div class="d-flex"><span class="State State--${k.pick(['open', 'merged'])}">${k.pick(['Open', 'Closed'])}</span><div class="flex-auto"><a class="author">${k.user()}</a> opened this issue <relative-time>${k.date().long}</relative-time> · ${k.int(0, 40)} comments</div></div></div><div class="Layout"><div class="Layout-main"><h2 class="sr-only">Comments</h2><div class="js-discussion">${times(count(k), one)}</div><div class="discussion-timeline-actions"><div class="flash mt-3"><a class="btn">Sign up for free</a> <strong>to join this conversation on GitHub</strong>. Already have an account? <a>Sign in to comment</a></div></div></div><div class="Layout-sidebar"><div id="partial-discussion-sidebar">${['Assignees', 'Labels', 'Projects', 'Milestone', 'Development'].map((l) => `<div class="discussion-sidebar-item"><div class="discussion-sidebar-heading">${l}</div><span>${k.pick(['None yet', 'No one assigned', 'No milestone'])}</span></div>`).join('')}<div>${k.int(2, 9)} participants</div></div></div></div></div></div></main></div><footer class="footer"><ul><li>© 2023 GitHub, Inc.</li><li><a>Terms</a></li><li><a>Privacy</a></li><li><a>Status</a></li></ul></footer>`,
  });
}

function gitlabIssue(k: Kit): string {
  const title = k.one('threads');
  const note = () =>
    `<li class="timeline-entry note note-wrapper note-comment"><div class="timeline-avatar gl-float-left"><a><img></a></div><div class="timeline-content"><div class="note-header"><div class="note-header-info"><a class="author-name-link"><span class="note-header-author-name gl-font-weight-bold">${k.name()}</span></a> <span class="text-nowrap author-username"><span class="note-headline-light">@${k.user()}</span></span> <span class="note-headline-light note-headline-meta">· <a><time>${k.date().ago}</time></a></span></div><div class="note-actions"><span class="user-access-role">${k.pick(['Developer', 'Maintainer', 'Author'])}</span></div></div><div class="note-body"><div class="note-text md" ${M}>${post(
      k,
      'p',
      {
        code: (t) =>
          `<div class="gl-relative markdown-code-block"><pre class="code highlight"><code>${t
            .split('\n')
            .map((l) => `<span class="line">${l}</span>`)
            .join('\n')}</code></pre></div>`,
      },
    )}</div></div></div></li>`;
  return page(k, `${title} (#${k.int(1, 999)}) · Issues · team / ${k.good()} · GitLab`, {
    bodyAttributes: 'class="ui-indigo tab-width-8 gl-browser-generic" data-page="projects:issues:show"',
    body: `<header class="header-logged-out"><a class="gl-sr-only">Skip to content</a><nav><ul><li><a>About GitLab</a></li><li><a>Pricing</a></li><li><a>Explore</a></li></ul><a>Sign in</a></nav></header><div class="layout-page"><aside class="super-sidebar"><ul>${['Manage', 'Plan', 'Code', 'Build', 'Deploy', 'Operate', 'Monitor', 'Analyze'].map((l) => `<li><button>${l}</button></li>`).join('')}</ul></aside><div class="content-wrapper"><div class="top-bar-fixed"><nav class="breadcrumbs"><ul><li><a>team</a></li><li><a>${k.good()}</a></li><li><a>Issues</a></li><li>#${k.int(1, 999)}</li></ul></nav></div><main class="content" id="content-body"><div class="issue-details"><div class="detail-page-header"><span class="badge">${k.pick(['Open', 'Closed'])}</span> Issue created <time>${k.date().long}</time> by <a>${k.name()}</a></div><div class="detail-page-description content-block"><h1 class="title gl-font-size-h-display" ${Q}>${title}</h1><div class="description"><div class="md" ${M}>${post(k, 'p', {}, true)}</div></div></div><div class="js-edited">Edited <time>${k.date().long}</time> by ${k.name()}</div><div class="js-related-merge-requests"></div></div><div class="issuable-discussion"><h4>Activity</h4><ul class="main-notes-list timeline">${times(count(k), () => `<li class="note system-note timeline-entry"><div class="note-header"><a>${k.name()}</a> added <span class="gl-label">${k.pick(['bug', 'feature', 'wontfix'])}</span> label</div></li>${note()}`)}</ul><div class="disabled-comment text-center">Please <a>register</a> or <a>sign in</a> to reply</div></div></main><aside class="right-sidebar"><div class="block assignee"><div class="title">Assignee</div><span>None</span></div><div class="block labels"><div class="title">Labels</div></div><div class="block">Milestone</div><div>Due date</div><div>Confidentiality</div><div>${k.int(1, 9)} Participants</div></aside></div></div>`,
  });
}

function bugzilla(k: Kit): string {
  const title = k.one('threads');
  const one = (i: number) =>
    `<div id="c${i}" class="bz_comment${i ? '' : ' bz_first_comment'}"><div class="${i ? 'bz_comment_head' : 'bz_first_comment_head'}"><span class="bz_comment_number"><a href="#c${i}">${i ? `Comment ${i}` : 'Description'}</a></span> <span class="bz_comment_user"><span class="vcard"><span class="fn">${k.name()}</span></span></span> <span class="bz_comment_time">${k.date().short} UTC</span></div><pre class="bz_comment_text" id="comment_text_${i}" ${M}>${k.maybe(25, () => `<span class="quote">(In reply to comment #${k.int(0, 9)})\n&gt; ${k.say('talk', 1)}</span>\n\n`)}${k.paras('talk', k.int(1, 4)).join('\n\n')}${k.maybe(25, () => `\n\n${code(k)}`)}</pre></div>`;
  const row = (a: string, b: string) => `<tr><th class="field_label"><a>${a}:</a></th><td>${b}</td></tr>`;
  return page(k, `${k.int(1000, 99999)} – ${title}`, {
    bodyAttributes: 'class="bugzilla-example-org bz_bug yui-skin-sam"',
    body: `<div id="header"><div id="banner"></div><div id="titles"><span id="title">Bugzilla – Bug ${k.int(1000, 99999)}</span><span id="subtitle">${title}</span><span id="information">Last modified: ${k.date().short} UTC</span></div><div id="common_links"><ul class="links"><li><a>Home</a></li><li><span class="separator">| </span><a>New</a></li><li><span>| </span><a>Browse</a></li><li>| <a>Search</a></li><li>| <a>Log In</a></li></ul></div></div><div id="bugzilla-body"><form id="changeform"><div class="bz_alias_short_desc_container edit_form"><a><b>Bug ${k.int(1000, 99999)}</b></a> <span id="summary_container">- <span id="short_desc_nonedit_display" >${title}</span></span></div><table class="edit_form"><tr><td id="bz_show_bug_column_1"><table>${row('Status', k.pick(['NEW', 'RESOLVED FIXED', 'CONFIRMED']))}${row('Product', k.good())}${row('Component', k.one('headings'))}${row('Version', 'trunk')}${row('Hardware', 'PC Linux')}${row('Importance', 'P3 normal')}${row('Assignee', k.name())}</table></td><td id="bz_show_bug_column_2"><table>${row('Reported', `${k.date().short} by ${k.name()}`)}${row('Modified', k.date().short)}${row('CC List', `${k.int(1, 9)} users`)}</table></td></tr></table><table id="attachment_table"><tr id="a0"><th colspan="2">Attachments</th></tr><tr><td><a>patch</a> <span class="bz_attach_extra_info">(${k.int(1, 90)} KB, patch)<br>${k.date().short}, ${k.name()}</span></td><td><a>Details</a> | <a>Diff</a></td></tr><tr class="bz_attach_footer"><td colspan="2"><a>Add an attachment</a> (proposed patch, testcase, etc.)</td></tr></table><div class="bz_section_additional_comments"><fieldset><legend>Note</legend> You need to <a>log in</a> before you can comment on or make changes to this bug.</fieldset></div><table class="bz_comment_table"><tr><td>${times(count(k), one)}</td></tr></table></form></div><div id="footer"><ul class="related_actions"><li><a>Format For Printing</a></li><li> - <a>XML</a></li><li> - <a>Clone This Bug</a></li><li> - <a>Top of page</a></li></ul></div>`,
  });
}

function trac(k: Kit): string {
  const title = k.one('threads');
  return page(k, `#${k.int(10, 9999)} (${title}) – ${k.good()}`, {
    body: `<div id="banner"><div id="header"><a id="logo"><img alt="${k.good()}"></a></div><form id="search"><label>Search:</label></form><div id="metanav" class="nav"><ul><li class="first"><a>Login</a></li><li><a>Help/Guide</a></li><li><a>About Trac</a></li><li><a>Preferences</a></li></ul></div></div><div id="mainnav" class="nav"><ul>${['Wiki', 'Timeline', 'Roadmap', 'Browse Source', 'View Tickets', 'Search'].map((l) => `<li><a>${l}</a></li>`).join('')}</ul></div><div id="main"><div id="ctxtnav" class="nav"><h2>Context Navigation</h2><ul><li><span>&larr; <a>Previous Ticket</a></span></li><li class="last"><span><a>Next Ticket</a> &rarr;</span></li></ul></div><div id="content" class="ticket"><div id="ticket" class="trac-content"><div class="date"><p>Opened <a class="timeline">${k.int(2, 12)} years ago</a></p><p>Last modified <a>${k.date().ago}</a></p></div><h2><a class="trac-id">#${k.int(10, 9999)}</a> <span class="trac-status"><a>closed</a></span> <span class="trac-type"><a>defect</a></span></h2><h1 id="trac-ticket-title" class="searchable" ${Q}><span class="summary">${title}</span></h1><table class="properties">${[
      ['Reported by', k.user()],
      ['Owned by', k.user()],
      ['Priority', 'normal'],
      ['Milestone', '1.0'],
      ['Component', k.one('headings')],
      ['Keywords', ''],
      ['Cc', ''],
    ]
      .map(([a, b]) => `<tr><th>${a}:</th><td class="searchable">${b}</td></tr>`)
      .join(
        '',
      )}</table><div class="description"><h3 id="comment:description">Description</h3><div class="searchable" ${M}>${k.p('talk', k.int(1, 4))}${k.maybe(40, () => `<pre class="wiki">${code(k)}</pre>`)}</div></div></div><div id="attachments"><h3 class="foldable">Attachments <span class="trac-count">(1)</span></h3><div class="attachments"><dl><dt><a>fix.diff</a> (${k.int(1, 9)}.${k.int(0, 9)} KB) - added by <span class="trac-author">${k.user()}</span> <a>${k.date().ago}</a>.</dt></dl></div></div><div id="changelog"><h3 class="foldable">Change History <span class="trac-count">(${k.int(1, 9)})</span></h3><div class="changes">${times(count(k), (i) => `<div class="change" id="trac-change-${i}"><h3 class="change"><span class="cnum"><a>comment:${i + 1}</a></span> <span class="date">Changed <a>${k.date().ago}</a> by <span class="trac-author">${k.user()}</span></span></h3>${k.maybe(40, () => `<ul class="changes"><li class="trac-field-status"><strong>Status:</strong> <span class="trac-field-old">new</span> → <span>assigned</span></li></ul>`)}<div class="comment searchable" ${M}>${k.p('talk', k.int(1, 2))}${k.maybe(20, () => `<blockquote class="citation"><p>${k.say('talk', 1)}</p></blockquote><p>${k.say('talk', 1)}</p>`)}</div></div>`)}</div></div><div id="help"><strong>Note:</strong> See <a>TracTickets</a> for help on using tickets.</div></div><div id="altlinks"><h3>Download in other formats:</h3><ul><li class="first"><a>RSS Feed</a></li><li><a>Comma-delimited Text</a></li></ul></div></div><div id="footer"><a id="tracpowered"></a><p class="left">Powered by <a><strong>Trac 1.0.13</strong></a><br>By <a>Edgewall Software</a>.</p><p class="right">${k.say('company', 1)}</p></div>`,
  });
}

/** IRC and chat logs, and paste sites: text that is nobody's prose. */
function paste(k: Kit): string {
  const chat = k.chance(50);
  const lines = k.int(12, 80);
  const body = chat
    ? `<div class="log" ${M}>${times(lines, () => `<div class="line"><span class="time">[${k.int(10, 23)}:${k.int(10, 59)}]</span> <span class="nick">&lt;${k.user()}&gt;</span> <span class="msg">${k.chance(40) ? k.one('short') : k.say('talk', 1)}</span></div>`)}</div>`
    : `<div class="source text"><ol>${times(lines, () => `<li class="li1"><div class="de1" ${M}>${codeLine(k)}</div></li>`)}</ol></div>`;
  return page(k, chat ? `#${k.good().toLowerCase()} log ${k.date().iso}` : `${k.one('threads')} - Paste`, {
    body: `<div class="header"><a class="logo">${k.good()}</a><a>new paste</a><a>API</a><a>tools</a><a>faq</a><a>${k.word('login')}</a></div><div class="content"><div class="info-bar"><h1 ${Q}>${chat ? `#${k.good().toLowerCase()}` : k.one('threads')}</h1><div class="info-bottom"><span class="username">${k.user()}</span><span class="date">${k.date().long}</span><span class="visits">${k.number()}</span><span class="expire">Never</span></div></div><div class="highlighted-code"><div class="top-buttons"><a>raw</a> <a>download</a> <a>clone</a> <a>embed</a> <a>${k.word('print')}</a> <a>${k.word('report')}</a></div>${body}</div></div><div class="sidebar"><div class="sidebar__title"><a>Public Pastes</a></div><ul>${times(7, () => `<li><a>${k.one('threads')}</a><div class="details">${k.int(2, 59)} min ago | ${k.int(1, 9)}.${k.int(10, 99)} KB</div></li>`)}</ul></div><div class="footer"><a>create new paste</a> / <a>syntax languages</a> / <a>archive</a> / <a>privacy statement</a></div>`,
  });
}

export const lists: Template[] = [
  template('pipermail', 'forum', ['en', 'de', 'en', 'fr'], 6, (k) => `/pipermail/dev/2012-May/00${k.int(1000, 9999)}.html`, pipermail),
  template('hyperkitty', 'forum', ['en', 'ru'], 4, (k) => `/archives/list/dev@lists.example/thread/${k.int(100000, 999999)}/`, hyperkitty),
  template('mhonarc', 'forum', ['en', 'es', 'en'], 4, (k) => `/archive/html/dev/msg0${k.int(1000, 9999)}.html`, mhonarc),
  template('usenet', 'forum', ['en', 'de'], 4, (k) => `/comp.example.misc/thread/${k.int(1000, 9999)}`, usenet),
  template('reddit-old', 'forum', ALL, 6, (k) => `/r/workshop/comments/${k.int(1000, 9999)}/${k.slug()}/`, redditOld),
  template('reddit-new', 'forum', ['en', 'es', 'en'], 5, (k) => `/r/workshop/comments/${k.int(1000, 9999)}/${k.slug()}/`, redditNew, { hashable: true }),
  template('hacker-news', 'forum', ['en'], 5, (k) => `/item?id=${k.int(100000, 999999)}`, hackerNews),
  template('github-issue', 'forum', ['en', 'zh', 'en'], 5, (k) => `/team/kiln/issues/${k.int(1, 9999)}`, githubIssue),
  template('gitlab-issue', 'forum', ['en', 'fr'], 4, (k) => `/team/kiln/-/issues/${k.int(1, 999)}`, gitlabIssue),
  template('bugzilla', 'forum', ['en', 'ru'], 4, (k) => `/show_bug.cgi?id=${k.int(1000, 99999)}`, bugzilla),
  template('trac', 'forum', ['en', 'de'], 4, (k) => `/ticket/${k.int(1, 9999)}`, trac),
  template('paste-and-logs', 'other', ['en', 'de', 'ru'], 5, (k) => `/${k.int(100000, 999999)}`, paste),
];
