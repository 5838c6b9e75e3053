// Decoders and the charset decision. Oracles: @exodus/bytes (the Encoding Standard's own indexes and decoders), Node's
// TextDecoder (ICU behind it, so its differences are listed by name), html5lib-tests for the prescan.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { TextDecoder as StandardDecoder } from '@exodus/bytes/encoding.js';
import fc from 'fast-check';
import { native } from '../../native/index.js';
import { needsShared, sharedPath } from '../support/shared.js';

const names =
  'utf-8 ibm866 iso-8859-2 iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-6 iso-8859-7 iso-8859-8 iso-8859-8-i iso-8859-10 iso-8859-13 iso-8859-14 iso-8859-15 iso-8859-16 koi8-r koi8-u macintosh windows-874 windows-1250 windows-1251 windows-1252 windows-1253 windows-1254 windows-1255 windows-1256 windows-1257 windows-1258 x-mac-cyrillic gbk gb18030 big5 euc-jp iso-2022-jp shift_jis euc-kr utf-16be utf-16le x-user-defined'.split(
    ' ',
  );
const ours = (label: string, bytes: Uint8Array) => Buffer.from(native.decodeBytes(bytes, label)).toString('utf8');
const standard = (label: string, bytes: Uint8Array) => new StandardDecoder(label).decode(bytes);

/** Every pair of bytes, those of one lead in one buffer; LF ends each, and resets iso-2022-jp with its escape. */
function pairs(lead: number, reset: string): Uint8Array {
  const end = Buffer.from(reset, 'latin1');
  const out: number[] = [];
  for (let trail = 0; trail < 256; trail++) out.push(lead, trail, ...end);
  return Uint8Array.from(out);
}

test('every byte and every pair of bytes decodes as the Encoding Standard says, in all its encodings', () => {
  for (const name of names) {
    for (let byte = 0; byte < 256; byte++) assert.equal(ours(name, Uint8Array.of(byte)), standard(name, Uint8Array.of(byte)), `${name} ${byte}`);
    for (let lead = 0; lead < 256; lead++) {
      const bytes = pairs(lead, name === 'iso-2022-jp' ? '\x1b(B\n' : '\n');
      assert.equal(ours(name, bytes), standard(name, bytes), `${name} lead ${lead}`);
    }
  }
});

test('any bytes decode as the Encoding Standard says: longer sequences, escapes, cut ends', () => {
  const pieces = fc.oneof(
    fc
      .constantFrom(
        ...[
          '\x1b$B',
          '\x1b$@',
          '\x1b(B',
          '\x1b(J',
          '\x1b(I',
          '\x1b',
          '\x8f',
          '\x8e',
          '\x810\x810',
          '\x841\xa47',
          '\x841\xa436',
          '\xe31',
          '0',
          '\xff\xfe',
          '\xef\xbb\xbf',
          '\xf0\x9f',
          '\xd8\x00',
          '\x00\xd8',
          '\x00\xdc',
        ],
      )
      .map((s) => [...Buffer.from(s, 'latin1')]),
    fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 4 }),
    fc.array(fc.integer({ min: 0x21, max: 0x7e }), { minLength: 1, maxLength: 3 }),
    fc.array(fc.integer({ min: 0x81, max: 0xfe }), { minLength: 1, maxLength: 4 }),
  );
  for (const name of names) {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const bytes = Uint8Array.from(parts.flat());
        assert.equal(ours(name, bytes), standard(name, bytes), `${name} ${Buffer.from(bytes).toString('hex')}`);
      }),
      { seed: 7, numRuns: 400 },
    );
  }
});

test('all four-byte gb18030 sequences of the ranges decode as the Encoding Standard says', () => {
  for (let first = 0x81; first <= 0x84; first++) {
    for (let second = 0x30; second <= 0x39; second++) {
      const out: number[] = [];
      for (let third = 0x81; third <= 0xfe; third++) for (let fourth = 0x30; fourth <= 0x39; fourth++) out.push(first, second, third, fourth);
      const bytes = Uint8Array.from(out);
      assert.equal(ours('gb18030', bytes), standard('gb18030', bytes), `${first} ${second}`);
    }
  }
});

test("Node's TextDecoder agrees on every byte and pair but in the encodings named here, where ICU departs from the standard", () => {
  const differs: string[] = [];
  for (const name of names) {
    let decoder: InstanceType<typeof TextDecoder>;
    try {
      decoder = new TextDecoder(name);
    } catch {
      differs.push(`${name} (unknown to Node)`);
      continue;
    }
    let different = 0;
    for (let byte = 0; byte < 256; byte++) if (ours(name, Uint8Array.of(byte)) !== decoder.decode(Uint8Array.of(byte))) different++;
    for (let lead = 0; lead < 256; lead++) {
      const bytes = pairs(lead, name === 'iso-2022-jp' ? '\x1b(B\n' : '\n');
      if (ours(name, bytes) !== decoder.decode(bytes)) different++;
    }
    if (different > 0) differs.push(name);
  }
  // Which of these Node gets right changes with its ICU; the others must agree everywhere.
  const known = 'big5 euc-jp euc-kr gb18030 gbk ibm866 iso-2022-jp koi8-u shift_jis windows-874 windows-1252 windows-1253 windows-1255'.split(' ');
  const missing = ['iso-8859-16 (unknown to Node)', 'x-user-defined (unknown to Node)'];
  assert.deepEqual(
    differs.filter((name) => !known.includes(name) && !missing.includes(name)),
    [],
  );
});

test('labels are found without regard to case and white space; others are none', () => {
  assert.equal(native.encodingFromLabel(' Latin1\n'), 'windows-1252');
  assert.equal(native.encodingFromLabel('GB2312'), 'gbk');
  assert.equal(native.encodingFromLabel('x-sjis'), 'shift_jis');
  assert.equal(native.encodingFromLabel('utf-7'), null);
  assert.equal(native.encodingFromLabel(''), null);
});

const html5lib = sharedPath('data', 'html5lib-tests', 'encoding');
test("the prescan answers html5lib-tests' encoding cases", html5lib === null ? { skip: needsShared } : {}, () => {
  const failing: string[] = [];
  let passing = 0;
  for (const file of readdirSync(html5lib!)
    .filter((name) => name.endsWith('.dat'))
    .sort()) {
    const parts = `\n${readFileSync(`${html5lib}/${file}`, 'latin1')}`.split('\n#data\n').slice(1);
    parts.forEach((part, index) => {
      const at = part.lastIndexOf('\n#encoding\n');
      const data = Buffer.from(part.slice(0, at), 'latin1');
      const expected = native.encodingFromLabel(part.slice(at + 11).trim());
      const bom = native.decideCharset(data, '').source === 'bom' ? native.decideCharset(data, '').encoding : null;
      const found = bom ?? native.prescanEncoding(data, data.length) ?? 'windows-1252';
      if (found === expected) passing++;
      else failing.push(`${file}:${index + 1}`);
    });
  }
  assert.deepEqual({ passing, failing }, { passing: 82, failing: [] });
});

const page = (text: string, meta = '') => `<html><head>${meta}<title>t</title></head><body><p>${text}</p></body></html>`;
const decide = (bytes: Uint8Array, type = '') => {
  const { encoding, source } = native.decideCharset(bytes, type);
  return `${encoding} ${source}`;
};

test('BOM, then header, then meta, then content decide', () => {
  const cafe = Buffer.from(page('Caf\xe9', '<meta charset=windows-1250>'), 'latin1');
  assert.equal(decide(cafe, 'text/html; charset="ISO-8859-2"'), 'iso-8859-2 header');
  assert.equal(decide(cafe), 'windows-1250 meta');
  assert.equal(decide(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), cafe]), 'text/html; charset=koi8-r'), 'utf-8 bom');
  assert.equal(decide(Buffer.from(page('plain'))), 'utf-8 content');
  assert.equal(decide(Buffer.from(page('\u00e9\u00e8')), 'text/html;charset=nonsense'), 'utf-8 content');
});

test('a declaration that the bytes contradict gives way', () => {
  const german = Buffer.from(page('\u00dcber allen Gipfeln ist Ruh, in allen Wipfeln sp\u00fcrest du kaum einen Hauch; die V\u00f6gelein'));
  assert.equal(decide(german, 'text/html; charset=iso-8859-1'), 'utf-8 header');
  assert.equal(decide(Buffer.from(german.toString('utf8'), 'latin1'), 'text/html; charset=utf-8'), 'windows-1252 content');
  const one = Buffer.concat([german, german, Buffer.from([0xff])]);
  assert.equal(decide(one, 'text/html; charset=utf-8'), 'utf-8 header');
});
