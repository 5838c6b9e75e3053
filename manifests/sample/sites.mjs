// 0-sites.warc.gz: prose and our own texts as sites serve them, each page with its request and metadata, as CommonCrawl
// stores them.
import { blog, docs, forum, library, news, shop } from './furniture.mjs';
import { announcements, documentation, products, threads } from './own-texts.mjs';
import { passages } from './prose.mjs';
import { capture, kept, SampleFile, warcinfo } from './writer.mjs';

/** Author, title, year and text of a passage. */
export const passage = (slug) => {
  const [, author, title, year, text] = passages.find(([name]) => name === slug);
  return { author, title, year, text };
};

export async function sites() {
  const file = new SampleFile('0-sites.warc.gz');
  await warcinfo(file);
  const layouts = [
    ['news', 'https://news.example/books/', news],
    ['blog', 'https://blog.example/2024/', blog],
    ['library', 'https://library.example/read/', library],
  ];
  for (const [n, [slug, author, title, year, text]] of passages.entries()) {
    const [name, base, layout] = layouts[n % layouts.length];
    const gulliver = slug === 'gulliver';
    await capture(
      file,
      `${base}${slug}`,
      layout({ title, author, year, text, n }),
      gulliver
        ? { expect: 'dedupe-minhash/near-duplicate', why: 'a longer copy stands in 2-trouble, and the longest is kept' }
        : kept(`prose in the furniture of a ${name} site`),
      { alone: false },
    );
  }
  for (const [n, [title, author, text]] of announcements.entries()) {
    await capture(file, `https://courier.example/local/${n}`, news({ title, author, text, n: n + 50 }), kept('a news story of our own'), { alone: false });
  }
  for (const [n, [title, text, code]] of documentation.entries()) {
    await capture(file, `https://docs.example/concepts/${n}.html`, docs({ title, text, code, n }), kept('a documentation page'), { alone: false });
  }
  for (const [n, [title, posts]] of threads.entries()) {
    await capture(file, `https://board.example/viewtopic.php?t=${40 + n}`, forum({ title, posts, n }), kept('a forum thread'), { alone: false });
  }
  for (const [n, [title, price, text, specs, reviews]] of products.entries()) {
    await capture(file, `https://shop.example/product/${n}`, shop({ title, price, text, specs, reviews, n }), kept('a product page with a description'), {
      alone: false,
    });
  }
  return file;
}
