// 2-trouble.warc.gz, middle part: pages that are read well and dropped, each for its own reason, and a few that only look so.
import { asParagraphs, bare, blog, library, listing, news } from './furniture.mjs';
import { at, oddPage, story } from './odd-pages.mjs';
import { passages, twoCities } from './prose.mjs';
import { passage } from './sites.mjs';
import { capture, kept } from './writer.mjs';

/** The same URL, the same text, nearly the same text. */
export async function copies(file) {
  const austen = passage('pride-and-prejudice');
  await capture(
    file,
    'https://news.example/books/pride-and-prejudice',
    news({ ...austen, n: 70, text: `${austen.text}\nThis page has been corrected since it was first printed.` }),
    {
      expect: 'dedupe-url/duplicate-url',
      why: 'the same URL was captured before, in 0-sites',
    },
  );
  await capture(file, 'https://library.example/read/origin-of-species#top', library({ ...passage('origin-of-species'), n: 2 }), {
    expect: 'dedupe-url/duplicate-url',
    why: 'the same URL but for its fragment',
  });
  const walden = passages.findIndex(([slug]) => slug === 'walden');
  await capture(file, 'https://mirror.example/walden', library({ ...passage('walden'), n: walden }), {
    expect: 'dedupe-exact/duplicate-text',
    why: 'the same text at another address',
  });
  const usher = passages.findIndex(([slug]) => slug === 'usher');
  const again = [news, blog, library][usher % 3];
  await capture(file, 'https://mirror.example/usher', again({ ...passage('usher'), n: usher }), {
    expect: 'dedupe-exact/duplicate-text',
    why: 'a mirror of the page',
  });
  const alice = passage('alice');
  await capture(
    file,
    'https://rabbit.example/alice',
    library({
      ...alice,
      n: 3,
      text: alice.text.replace('with pink eyes ran close by her', 'with red eyes ran close by her').replace('getting very tired', 'growing very tired'),
    }),
    {
      expect: 'dedupe-minhash/near-duplicate',
      why: 'a copy with a few other words, no longer than the first',
    },
  );
  const jane = passage('jane-eyre');
  await capture(file, 'https://rabbit.example/jane', library({ ...jane, n: 4, text: jane.text.replace('I was glad of it: ', '') }), {
    expect: 'dedupe-minhash/near-duplicate',
    why: 'a copy that lacks five words',
  });
  const gulliver = passage('gulliver');
  await capture(
    file,
    'https://rabbit.example/gulliver',
    library({ ...gulliver, n: 5, text: `${gulliver.text}\nIn the mean time I felt at least forty more of the same kind.` }),
    kept('the longest of two near copies, though it comes later'),
  );
}

/** A page for every rule that the recipe applies. */
export async function rules(file) {
  await capture(file, at('two-cities'), oddPage('c', twoCities, 'A Tale of Two Cities'), {
    expect: 'repetition/duplicate-5-gram-fraction',
    why: 'great prose, and yet more repeated words than the rules allow',
  });
  await capture(file, at('stuffing'), oddPage('s', Array.from({ length: 60 }, () => 'cheap watches').join(' '), 'cheap watches'), {
    expect: 'repetition/top-2-gram-fraction',
    why: 'keyword stuffing',
  });
  await capture(
    file,
    at('spam'),
    oddPage('m', 'Buy the best watches of the year and save money on every order that you place with us today. '.repeat(12), 'Best watches'),
    {
      expect: 'repetition/top-3-gram-fraction', // `the best watches`: 14 of the sentence's 74 letters
      why: 'one sentence, twelve times, in one line',
    },
  );
  await capture(
    file,
    at('repeated-lines'),
    oddPage(
      'l',
      Array.from({ length: 30 }, (_, n) =>
        n % 3 === 0
          ? `This is entry number ${n} of the list and it differs from the other ones.`
          : 'The server was not able to answer the request in time, so it has been put back.',
      ).join('\n'),
      'Log of the server',
    ),
    {
      expect: 'repetition/duplicate-line-fraction',
      why: 'a log: two lines of three are the same',
    },
  );
  await capture(
    file,
    at('boilerplate'),
    bare({
      title: 'Welcome',
      body: '<header><nav><ul><li><a href="/">Home</a></li><li><a href="/a">About us</a></li><li><a href="/c">Contact</a></li></ul></nav></header><div id="cookie"><p>We use cookies to give you the best experience on our website. If you continue to use this site we will assume that you are happy with it.</p></div><footer><p>All rights reserved. Terms of use and privacy policy apply to the use of this site.</p></footer>',
    }),
    {
      expect: 'quality/word-count',
      why: 'nothing but furniture',
    },
  );
  await capture(file, at('empty'), '<!doctype html><html><head><title>Nothing</title></head><body></body></html>', {
    expect: 'extract/empty',
    why: 'a page without a word',
  });
  await capture(
    file,
    at('stub'),
    oddPage('w', 'This is the place where the text of the page is going to be as soon as somebody has the time to write it.', 'Soon'),
    { expect: 'quality/word-count', why: 'fewer than 50 words' },
  );
  await capture(file, at('hashes'), oddPage('h', story('market', 'Thirsk').replace(/((?:\S+ ){6})/g, '$1# '), 'The market of Thirsk'), {
    expect: 'quality/hash-word-ratio',
    why: 'one word in seven is a hash',
  });
  await capture(
    file,
    at('teasers'),
    listing({
      title: 'Directory of pages',
      n: 3,
      teasers: [
        'The river has risen again and the people of the lower town are…',
        'A letter that was posted in the year of the flood has been…',
        'What the gardener said about the roses when nobody was there to…',
        'Five things that you should not have in the house when it…',
        'The bridge that was to be finished by the end of the year…',
        'How to mend a chair with the tools that you have in your…',
        'Why the clock on the tower of the old school is always…',
        'The man who walked to the sea with nothing but a loaf of…',
        'An answer to those who have asked us to open on Sunday and…',
        'Where to find the best bread in the north of the county, if…',
      ],
    }),
    {
      expect: 'quality/ellipsis-line-fraction',
      why: 'a listing: nearly every line is a sentence cut short',
    },
  );
  await capture(
    file,
    at('bullets'),
    bare({
      title: 'Packing list',
      body: `<article>${['a coat that keeps out the rain and the wind', 'two pairs of boots and the grease to go with them', 'the map of the valley that hangs in the hall', 'bread for three days and as much cheese', 'a rope, because one never knows', 'matches in a tin that closes well', 'the letter of introduction to the abbot', 'string, of which there is never enough', 'a book to be read in the evening, not too heavy', 'the patience to walk slowly'].map((item) => `<p>• ${item}</p>`).join('')}</article>`,
    }),
    {
      expect: 'quality/bullet-line-fraction',
      why: 'every line begins with a bullet',
    },
  );
  await capture(
    file,
    at('table'),
    bare({
      title: 'Tide table',
      body: `<article><p>The heights of the tide at the harbour of the town, in metres, and the time of each that we have measured in the year to date.</p><p>${Array.from({ length: 90 }, (_, n) => `${String(n % 24).padStart(2, '0')}:${String((n * 7) % 60).padStart(2, '0')} ${(1 + ((n * 37) % 53) / 10).toFixed(1)}`).join(' ')}</p></article>`,
    }),
    {
      expect: 'quality/alphabetic-word-fraction',
      why: 'mostly numbers',
    },
  );
  await capture(
    file,
    at('tags'),
    oddPage(
      'k',
      'Red wooden garden chair, blue linen curtain, small brass door handle, large kitchen table made from oak, green glass bottle, white cotton sheet, old iron stove, new leather boots, black umbrella, yellow raincoat, silver spoon, heavy woollen blanket, paper lantern, copper kettle, straw basket, stone jar, silk scarf, pine shelf, clay pot, velvet cushion, steel ladder, bamboo screen.',
      'Stock',
    ),
    {
      expect: 'quality/stop-word-count',
      why: 'words without sentences',
    },
  );
  await capture(
    file,
    at('counters'),
    oddPage(
      'n',
      [...Array.from({ length: 8 }, (_, n) => `${n * 17 + 3} likes\n${n + 2} comments\n${n * 5 + 40} views`), story('gate', 'Warwick')].join('\n'),
      'The gate of Warwick',
    ),
    {
      expect: 'lines/removed-word-fraction',
      why: 'counters are more than a twentieth of its words',
    },
  );
}

/** Blocked hosts and hosts that only look like them. */
export async function hosts(file) {
  for (const [url, outcome] of [
    ['https://casino.example/welcome', { expect: 'url/blocked-host', why: 'its host is on the block list' }],
    ['https://www.casino.example/rules', { expect: 'url/blocked-host', why: 'a host below a blocked one' }],
    ['http://a.b.spam.example/x?y', { expect: 'url/blocked-host', why: 'a host far below a blocked one' }],
    ['https://notcasino.example/history', kept('ends like a blocked host but is another')],
    ['https://links.example/doorway/index.html', { expect: 'url/blocked-url', why: 'a folder of a host is on the block list' }],
    ['https://links.example/about', kept('another folder of that host')],
  ]) {
    const { host, pathname } = new URL(url);
    await capture(
      file,
      url,
      oddPage(host, story(`${host.split('.')[0]} house`, pathname.split('/')[1] === '' ? 'x' : `${pathname.split('/')[1]} street`), `About ${host}`),
      outcome,
    );
  }
}

/** Very long, very deep, too large. */
export async function sizes(file) {
  const line = `${passage('middlemarch').text.replace(/\n/g, ' ')} `;
  await capture(
    file,
    at('one-line'),
    `<html><head><title>One line</title></head><body><p>${line.repeat(Math.ceil(5_000_000 / line.length))}</p></body></html>`,
    {
      expect: 'repetition/duplicate-5-gram-fraction', // no 4-gram has a sixth of the passage's letters
      why: 'five megabytes in one line, the same sentences over and over',
    },
  );
  await capture(
    file,
    at('deep'),
    bare({
      title: 'Deep',
      body: `${'<div>'.repeat(10_000)}<article><h1>The well of Deepdale</h1>${asParagraphs(story('well', 'Deepdale'))}</article>${'</div>'.repeat(10_000)}`,
    }),
    kept('its text lies ten thousand elements deep'),
  );
  await capture(file, at('huge'), Buffer.alloc(17 << 20, '<p>a page beyond the limit</p>\n'), {
    expect: 'skip:too-large',
    why: 'seventeen megabytes pass the limit of a payload',
  });
}
