// Copies of a WARC that are other documents: words of each page's text are exchanged for other words of the same page and length,
// URLs and record ids get the copy's number, digests are made anew. Lengths of payloads hold, so does what the pages cost.
// Invariant: a copy depends on its number alone. Members other than responses are copied as they are.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';

/** Of the words of four letters and more. At .3 no two copies of a page are near duplicates at a Jaccard similarity of .8. */
const EXCHANGED = 0.3;

export function writeCopy(warc: Uint8Array, members: readonly { readonly offset: number; readonly length: number }[], copy: number, path: string): void {
  const file = openSync(path, 'w');
  try {
    let at = 0;
    for (const { offset, length } of members) {
      if (offset > at) writeSync(file, warc.subarray(at, offset));
      writeSync(file, gzipSync(mutated(gunzipSync(warc.subarray(offset, offset + length)), copy, offset), { level: 4 }));
      at = offset + length;
    }
    if (at < warc.length) writeSync(file, warc.subarray(at));
  } finally {
    closeSync(file);
  }
}

/** Offsets and lengths of response members, from an index whose first two columns they are. */
export function readMembers(index: string): { offset: number; length: number }[] {
  return readFileSync(index, 'utf8')
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([offset]) => /^\d+$/.test(offset ?? ''))
    .map(([offset, length]) => ({ offset: Number(offset), length: Number(length) }))
    .sort((a, b) => a.offset - b.offset);
}

function mutated(record: Buffer, copy: number, seed: number): Buffer {
  const text = record.toString('latin1');
  const headEnd = text.indexOf('\r\n\r\n') + 4;
  const length = Number(/^Content-Length: *(\d+)/im.exec(text.slice(0, headEnd))![1]);
  const block = text.slice(headEnd, headEnd + length);
  const bodyAt = block.indexOf('\r\n\r\n') + 4;
  const body = exchangeWords(block.slice(bodyAt), (seed * 31 + copy * 2654435761) >>> 0);
  const http = block.slice(0, bodyAt) + body;
  const head = text
    .slice(0, headEnd)
    .replace(/^(WARC-Target-URI: *)(.*)$/im, (_, name: string, url: string) => `${name}${url}${url.includes('?') ? '&' : '?'}copy=${copy}`)
    .replace(/^(WARC-Record-ID: *<urn:uuid:)[0-9a-f]{8}/im, (_, name: string) => `${name}${copy.toString(16).padStart(8, '0')}`)
    .replace(/^(WARC-Payload-Digest: *sha1:).*$/im, (_, name: string) => name + sha1(body))
    .replace(/^(WARC-Block-Digest: *sha1:).*$/im, (_, name: string) => name + sha1(http));
  return Buffer.from(`${head}${http}\r\n\r\n`, 'latin1');
}

function exchangeWords(body: string, seed: number): string {
  let x = seed || 1;
  const random = (): number => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
  // What lies between tags, less scripts and styles.
  const parts = body.split(/(<script\b[\s\S]*?<\/script\s*>|<style\b[\s\S]*?<\/style\s*>|<[^>]*>)/i);
  const words = new Map<number, string[]>();
  for (const [i, part] of parts.entries()) {
    if (i % 2 === 1) continue;
    for (const [word] of part.matchAll(/(?<![&A-Za-z#])[A-Za-z]{4,20}(?![A-Za-z;])/g)) {
      const held = words.get(word.length);
      if (held === undefined) words.set(word.length, [word]);
      else held.push(word);
    }
  }
  return parts
    .map((part, i) =>
      i % 2 === 1
        ? part
        : part.replace(/(?<![&A-Za-z#])[A-Za-z]{4,20}(?![A-Za-z;])/g, (word) => {
            if (random() >= EXCHANGED) return word;
            const others = words.get(word.length)!;
            return others[Math.floor(random() * others.length)]!;
          }),
    )
    .join('');
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function sha1(text: string): string {
  const bytes = createHash('sha1').update(Buffer.from(text, 'latin1')).digest();
  let bits = 0;
  let held = 0;
  let out = '';
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      out += BASE32[(held >>> (bits - 5)) & 31];
      bits -= 5;
    }
    held &= (1 << bits) - 1;
  }
  return out;
}
