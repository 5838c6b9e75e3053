// Records of the sample crawl: by npm warcio where an honest writer will do, by hand where none would write such a thing.
// Deterministic: ids and dates come from a counter, gzip from pako (warcio's own) or from zlib with a fixed head.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { WARCRecord, WARCSerializer } from 'warcio';

export const bytesOf = (text) => Buffer.from(text, 'utf8');

let serial = 0;
/** Ids and dates start anew: building twice in one process gives the same. */
export function restart() {
  serial = 0;
}
const idAt = (n) => `urn:uuid:00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const nextId = () => idAt(++serial);
export const dateAt = (n) => new Date(Date.UTC(2024, 2, 1) + n * 7000).toISOString().replace('.000Z', 'Z');

/** gzip with a head that does not name the operating system: the same bytes on every platform of one zlib. */
export function gzip(bytes, level = 9) {
  const packed = gzipSync(bytes, { level });
  packed[9] = 255;
  return packed;
}

export class SampleFile {
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
    this.lines.push({
      file: this.name,
      record: isRecord ? ++this.record : null,
      offset: this.offset,
      length: member.length,
      type,
      url,
      id,
      expect,
      why,
      holds,
    });
    this.members.push(member);
    this.offset += member.length;
  }
}

/** A record through npm warcio: headers, digests and gzip are its own. */
export async function write(file, options, body, label) {
  const id = nextId();
  const warcHeaders = { ...options.warcHeaders, 'WARC-Record-ID': `<${id}>` };
  const record = WARCRecord.create(
    { date: dateAt(serial), ...options, warcHeaders },
    (async function* () {
      yield body;
    })(),
  );
  const member = await WARCSerializer.serialize(record, { gzip: true, preferPako: true, digest: { algo: 'sha-1', prefix: 'sha1:', base32: true } });
  file.add(Buffer.from(member), { type: options.type, url: options.url ?? null, id, ...label });
}

/** A record written by hand, for what no honest writer makes. */
export function raw(headers, block, length = block.length) {
  const id = nextId();
  const head = [
    ['WARC-Type', 'response'],
    ['WARC-Record-ID', `<${id}>`],
    ['WARC-Date', dateAt(serial)],
    ...Object.entries(headers),
    ['Content-Length', String(length)],
  ];
  return {
    id,
    bytes: Buffer.concat([bytesOf(`WARC/1.0\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`), block, bytesOf('\r\n\r\n')]),
  };
}

export const httpBlock = (head, body) => Buffer.concat([bytesOf(`${head.join('\r\n')}\r\n\r\n`), body]);
export const sha1 = (bytes) => `sha1:${base32(createHash('sha1').update(bytes).digest())}`;

function base32(bytes) {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  return bits.replace(/.{1,5}/g, (five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five.padEnd(5, '0'), 2)]);
}

export async function warcinfo(file) {
  await write(
    file,
    { type: 'warcinfo', filename: file.name },
    bytesOf('software: refine manifests/sample/build.mjs\r\nformat: WARC File Format 1.0\r\ndescription: pages made for tests; no host in them exists\r\n'),
    { expect: 'skip:warcinfo', why: 'describes the file' },
  );
}

/** A page as CommonCrawl stores it: request, response with the body decoded, metadata. */
export async function capture(file, url, body, label, { type = 'text/html; charset=utf-8', status = '200 OK', headers = {}, alone = true } = {}) {
  const { pathname, host } = new URL(url);
  const bytes = typeof body === 'string' ? bytesOf(body) : body;
  if (!alone) {
    await write(
      file,
      { type: 'request', url, statusline: `GET ${pathname} HTTP/1.1`, httpHeaders: { Host: host, 'User-Agent': 'sample', Accept: 'text/html' } },
      bytesOf(''),
      {
        expect: 'skip:request',
        why: 'what the crawler sent',
      },
    );
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
export function encoderOf(label) {
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
  if (label === 'windows-1252')
    for (const [at, sign] of [...'€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ'].entries()) if (sign !== '\0') codes.set(sign, [0x80 + at]);
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

/** The label of a page that nothing drops. */
export const kept = (why) => ({ expect: 'kept', why });
