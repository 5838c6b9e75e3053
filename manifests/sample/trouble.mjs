// 2-trouble.warc.gz, first and last part: records that are no page, bodies that are coded well or badly, damaged members.
import { brotliCompressSync, constants, deflateSync } from 'node:zlib';
import { at, oddPage, story } from './odd-pages.mjs';
import { bytesOf, capture, dateAt, gzip, httpBlock, kept, raw, sha1, write } from './writer.mjs';

/** Other statuses than 200, records that are no response, responses that are no page. */
export async function records(file) {
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
    await capture(
      file,
      at(`status-${status.slice(0, 3)}`),
      oddPage(status, story('page', 'Nowhere'), status),
      { expect: 'skip:http-status', why: 'an error page, however much it says' },
      { status },
    );
  }
  await capture(file, at('not-modified'), '', { expect: 'skip:http-status', why: 'has no body to read' }, { status: '304 Not Modified' });

  await write(
    file,
    {
      type: 'revisit',
      url: 'https://news.example/books/pride-and-prejudice',
      statusline: 'HTTP/1.1 200 OK',
      httpHeaders: { 'Content-Type': 'text/html' },
      refersToUrl: 'https://news.example/books/pride-and-prejudice',
      refersToDate: dateAt(3),
    },
    bytesOf(''),
    { expect: 'skip:revisit', why: 'says that the page has not changed' },
  );
  await write(
    file,
    { type: 'resource', url: at('resource'), warcHeaders: { 'Content-Type': 'text/html' } },
    bytesOf(oddPage('r', story('mill', 'Oakham'), 'The mill of Oakham')),
    kept('a resource record holds a page without HTTP'),
  );
  await write(file, { type: 'conversion', url: at('conversion'), warcHeaders: { 'Content-Type': 'text/plain' } }, bytesOf('converted text'), {
    expect: 'skip:not-html',
    why: 'a conversion is a document only under wet:',
  });
  {
    const { id, bytes } = raw({ 'WARC-Type': 'postcard', 'Content-Type': 'text/html', 'WARC-Target-URI': at('postcard') }, bytesOf('<p>hello</p>'));
    // The hand-written head already said `response`: the type is replaced, not added.
    const text = bytes.toString('latin1').replace('WARC-Type: response\r\n', '');
    file.add(gzip(Buffer.from(text, 'latin1')), {
      type: 'postcard',
      url: at('postcard'),
      id,
      expect: 'skip:unknown-type',
      why: 'a type that no standard knows',
    });
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
  await capture(
    file,
    at('typeless-page'),
    oddPage('t', story('weathervane', 'Little Barrow'), 'The weathervane of Little Barrow'),
    kept('no type at all, but it looks like HTML'),
    { type: null },
  );
  await capture(
    file,
    at('typeless-bytes'),
    Buffer.from('0001020304050607ff', 'hex'),
    { expect: 'skip:not-html', why: 'no type, and it does not look like HTML' },
    { type: null },
  );
  await capture(file, at('notes.txt'), bytesOf(story('bell', 'Upper Slaughter')), kept('plain text is a document as it is'), {
    type: 'text/plain; charset=utf-8',
  });
}

/** Content and transfer codings. */
export async function codings(file) {
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
  await coded(
    'crawler-gzip',
    'sundial',
    'Eyam',
    (bytes) => bytes,
    { 'X-Crawler-Content-Encoding': 'gzip' },
    'CommonCrawl undid the coding and renamed the header',
  );
  await coded('says-gzip', 'windmill', 'Brill', (bytes) => bytes, { 'Content-Encoding': 'gzip' }, 'says gzip but is not: kept as it stands');
  await coded('utf-8-coding', 'maze', 'Troy', (bytes) => bytes, { 'Content-Encoding': 'utf-8' }, 'a charset in the wrong header: kept as it stands');
  await coded(
    'broken-brotli',
    'ferry',
    'Reedham',
    () => bytesOf('this is no brotli at all'),
    { 'Content-Encoding': 'br' },
    { expect: 'skip:bad-encoding', why: 'a brotli body that cannot be decoded' },
  );
  await coded(
    'compress',
    'toll',
    'Swinford',
    (bytes) => bytes,
    { 'Content-Encoding': 'compress' },
    { expect: 'skip:bad-encoding', why: 'LZW, which no server has sent for decades' },
  );
  await coded('chunked', 'granary', 'Tetbury', (bytes) => chunk(bytes, 700), { 'Transfer-Encoding': 'chunked' }, 'a chunked body');
  await coded('says-chunked', 'forge', 'Gretna', (bytes) => bytes, { 'Transfer-Encoding': 'chunked' }, 'says chunked but is not: kept as it stands');
  await coded(
    'bad-chunk',
    'quarry',
    'Purbeck',
    (bytes) => Buffer.concat([chunk(bytes, bytes.length).subarray(0, -5), bytesOf('zz\r\n<p>lost</p>')]),
    { 'Transfer-Encoding': 'chunked' },
    'a chunk whose length is no number, after all of the page',
  );
  await coded('http-length', 'sluice', 'Denver', (bytes) => bytes, { 'Content-Length': '7' }, 'a wrong Content-Length in the HTTP head changes nothing');
  {
    const html = bytesOf(oddPage('x', story('beacon', 'Dunkery'), 'The beacon of Dunkery'));
    const twice = gzip(gzip(html));
    await capture(
      file,
      at('gzip-in-gzip'),
      twice,
      { expect: 'extract/bad-encoding', why: 'gzip twice, says it once: what is left is no text' },
      { headers: { 'Content-Encoding': 'gzip' } },
    );
  }
  {
    const block = bytesOf('SSH-2.0-OpenSSH_9.6\r\n');
    const { id, bytes } = raw({ 'Content-Type': 'application/http; msgtype=response', 'WARC-Target-URI': at('ssh'), 'WARC-Block-Digest': sha1(block) }, block);
    file.add(gzip(bytes), { type: 'response', url: at('ssh'), id, expect: 'skip:bad-http', why: 'another protocol answered' });
  }
  {
    const body = bytesOf(oddPage('cut', story('causeway', 'Sunderland Point'), 'The causeway of Sunderland Point'));
    const block = httpBlock(['HTTP/1.1 200 OK', 'Content-Type: text/html'], body);
    const { id, bytes } = raw(
      { 'Content-Type': 'application/http; msgtype=response', 'WARC-Target-URI': at('crawler-cut'), 'WARC-Truncated': 'length' },
      block,
    );
    file.add(gzip(bytes), { type: 'response', url: at('crawler-cut'), id, ...kept('the crawler cut it short and says so: noted, and read') });
    const wrong = raw(
      { 'Content-Type': 'application/http; msgtype=response', 'WARC-Target-URI': at('digest'), 'WARC-Block-Digest': sha1(bytesOf('another block')) },
      httpBlock(['HTTP/1.1 200 OK', 'Content-Type: text/html'], bytesOf(oddPage('d', story('cairn', 'Ben Rinnes'), 'The cairn of Ben Rinnes'))),
    );
    file.add(gzip(wrong.bytes), { type: 'response', url: at('digest'), id: wrong.id, ...kept('its block digest is wrong: noted, and read') });
  }
}

/** Members cut, overlong and corrupt. The pages after each must come out unharmed. */
export async function damage(file) {
  {
    const damaged = (name, subject, place) => {
      const body = bytesOf(oddPage(name, story(subject, place), `The ${subject} of ${place}`));
      return raw(
        { 'Content-Type': 'application/http; msgtype=response', 'WARC-Target-URI': at(name) },
        httpBlock(['HTTP/1.1 200 OK', 'Content-Type: text/html'], body),
      );
    };
    const cut = damaged('cut-member', 'tower', 'Pisa');
    const packed = gzip(cut.bytes);
    file.add(packed.subarray(0, Math.floor(packed.length / 2)), {
      type: 'response',
      url: at('cut-member'),
      id: cut.id,
      expect: 'damage:bad-deflate',
      why: 'its gzip member is cut in half, so the next one is read as its rest',
    });
    await capture(file, at('after-cut'), oddPage('a', story('dovecote', 'Penshurst'), 'The dovecote of Penshurst'), kept('the page after a truncated member'));

    const long = damaged('long-length', 'pier', 'Southwold');
    const longer = Buffer.from(long.bytes.toString('latin1').replace(/Content-Length: \d+(?=\r\n\r\nHTTP)/, 'Content-Length: 999999'), 'latin1');
    file.add(gzip(longer), {
      type: 'response',
      url: at('long-length'),
      id: long.id,
      expect: 'damage:bad-length',
      why: 'its Content-Length reaches far into the next record',
    });
    await capture(
      file,
      at('after-length'),
      oddPage('b', story('pound', 'Chipping Campden'), 'The pound of Chipping Campden'),
      kept('the page after a wrong Content-Length'),
    );
    file.add(Buffer.from('these bytes belong to no record\n'), {
      type: null,
      url: null,
      id: null,
      expect: 'damage:between-members',
      why: 'text between two members',
    });

    const short = damaged('short-length', 'stile', 'Hutton-le-Hole');
    const shorter = Buffer.from(
      short.bytes.toString('latin1').replace(/Content-Length: \d+(?=\r\n\r\nHTTP)/, (found) => `Content-Length: ${Number(found.slice(16)) - 200}`),
      'latin1',
    );
    file.add(gzip(shorter), {
      type: 'response',
      url: at('short-length'),
      id: short.id,
      ...kept('its Content-Length lacks the last 200 bytes: the rest is noted'),
    });

    const wrong = damaged('bad-crc', 'tunnel', 'Box');
    const flipped = gzip(wrong.bytes);
    flipped[flipped.length - 6] ^= 0x55;
    file.add(flipped, { type: 'response', url: at('bad-crc'), id: wrong.id, expect: 'damage:bad-crc', why: 'a member whose checksum is wrong' });
    await capture(file, at('after-crc'), oddPage('e', story('kiln', 'Hitchin'), 'The kiln of Hitchin'), kept('the page after a wrong checksum'));

    const end = damaged('end', 'arch', 'Durdle Door');
    const last = gzip(end.bytes);
    file.add(last.subarray(0, last.length - 90), {
      type: 'response',
      url: at('end'),
      id: end.id,
      expect: 'damage:truncated-member',
      why: 'the file ends in the middle of it',
    });
  }
}
