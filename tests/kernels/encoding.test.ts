// Decoders and the charset decision. Oracles: @exodus/bytes (the Encoding Standard's own indexes and decoders), Node's
// TextDecoder (ICU behind it, so its differences are listed by name), html5lib-tests for the prescan.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { TextDecoder as StandardDecoder } from '@exodus/bytes/encoding.js';
import { fc } from '../support/properties.js';
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

test('every three-byte unit of euc-jp, every pair in each state of iso-2022-jp, and every UTF-16 unit decode as the Encoding Standard says', () => {
  for (let second = 0x80; second < 0x100; second++) {
    const out: number[] = [];
    for (let third = 0x80; third < 0x100; third++) out.push(0x8f, second, third, 0x0a);
    assert.equal(ours('euc-jp', Uint8Array.from(out)), standard('euc-jp', Uint8Array.from(out)), `8f ${second}`);
  }
  for (const set of ['\x1b$B', '\x1b$@', '\x1b(J', '\x1b(I', '\x1b(B']) {
    for (let lead = 0; lead < 256; lead++) {
      const parts: Buffer[] = [];
      for (let trail = 0; trail < 256; trail++) parts.push(Buffer.from(set, 'latin1'), Buffer.from([lead, trail]), Buffer.from('\x1b(B\n', 'latin1'));
      const bytes = Buffer.concat(parts);
      assert.equal(ours('iso-2022-jp', bytes), standard('iso-2022-jp', bytes), `${set} ${lead}`);
    }
  }
  for (const name of ['utf-16le', 'utf-16be']) {
    for (const after of [[], [0x00, 0xdc], [0xdc, 0x00], [0x3d, 0xd8], [0x41, 0x00]]) {
      const out: number[] = [0x0a, 0x0a];
      for (let unit = 0; unit < 0x10000; unit++) out.push(unit & 255, unit >> 8, ...after);
      assert.equal(ours(name, Uint8Array.from(out)), standard(name, Uint8Array.from(out)), `${name} ${after}`);
    }
  }
});

test('UTF-8 of three and four bytes at all borders of its ranges decodes as the Encoding Standard says', () => {
  const edges = [0x00, 0x22, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xed, 0xf0, 0xf4, 0xf5, 0xff];
  for (let lead = 0xc0; lead < 0x100; lead++) {
    const out: number[] = [];
    for (const second of edges) for (const third of edges) for (const fourth of edges) out.push(lead, second, third, fourth, 0x0a);
    const bytes = Uint8Array.from(out);
    assert.equal(ours('utf-8', bytes), standard('utf-8', bytes), `${lead}`);
    assert.equal(ours('utf-8', bytes), new TextDecoder().decode(bytes), `${lead}`);
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

test('any bytes cut anywhere decode as the Encoding Standard says: the end of the stream in every state of every decoder', () => {
  let state = 11;
  const below = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const escapes = ['\x1b$B', '\x1b(J', '\x1b(I', '\x1b(B', '\x8f', '\x8e', '\x810\x81', '\xf0\x9f', '\xd8\x3d', 'a'].map((s) => Buffer.from(s, 'latin1'));
  for (const name of [...names, 'replacement']) {
    for (let round = 0; round < 12; round++) {
      const parts: Buffer[] = [];
      for (let n = 0; n < 8; n++) {
        parts.push(escapes[below(escapes.length)]!);
        parts.push(Buffer.from(Array.from({ length: below(5) }, () => (name === 'iso-2022-jp' ? 0x21 + below(0x5e) : 0x30 + below(0xd0)))));
      }
      const bytes = Buffer.concat(parts);
      for (let cut = 0; cut <= bytes.length; cut++) {
        const part = bytes.subarray(0, cut);
        const expected = name === 'replacement' ? (cut === 0 ? '' : '\ufffd') : standard(name, part);
        assert.equal(ours(name, part), expected, `${name} ${part.toString('hex')}`);
      }
    }
  }
});

test('text longer than a block of the decoders decodes as the Encoding Standard says, whatever stands at the seams', () => {
  for (const name of names) {
    for (const filler of [4093, 4094, 4095, 4096]) {
      const piece = Buffer.from(name === 'iso-2022-jp' ? '\x1b$B0!' : '\x810\x841\x8f\xb0\xa1\xe9\xd8\x3d\xdc\x00', 'latin1');
      const bytes = Buffer.concat([Buffer.alloc(filler, 'a'), piece, piece, Buffer.alloc(filler, 0xa4), piece, Buffer.alloc(9, 'b')]);
      assert.equal(ours(name, bytes), standard(name, bytes), `${name} ${filler}`);
    }
  }
});

test('every error is counted: as many as U+FFFD that the bytes did not hold', () => {
  for (const name of ['shift_jis', 'gb18030', 'euc-jp', 'euc-kr', 'big5', 'windows-1253']) {
    const japanese = Buffer.from('\x82\xa0\xaa\xff\x81 \xfe', 'latin1');
    const { text, errors, encoding } = native.decodePage(Buffer.concat([japanese, japanese]), `text/html; charset=${name}`);
    const found = Buffer.from(text).toString('utf8').split('\ufffd').length - 1;
    if (encoding === name) assert.equal(errors, found, name);
  }
  const broken = native.decodePage(Buffer.from('f\xc3\xbcr \xc3\xbcber \xef\xbf\xbd \xff!', 'latin1'), 'text/html; charset=utf-8');
  assert.deepEqual([Buffer.from(broken.text).toString('utf8'), broken.errors], ['für über \ufffd \ufffd!', 1]);
});

test('all labels of the Encoding Standard name the encoding it says', async () => {
  const folder = dirname(createRequire(import.meta.url).resolve('@exodus/bytes/encoding.js'));
  const { default: labels } = (await import(pathToFileURL(join(folder, 'fallback', 'encoding.labels.js')).href)) as { default: Record<string, string[]> };
  let count = 0;
  for (const [name, list] of Object.entries(labels)) {
    for (const label of [name, ...list]) {
      count++;
      assert.equal(native.encodingFromLabel(label), name, label);
      assert.equal(native.encodingFromLabel(`\t${label.toUpperCase()}\f `), name, label);
      assert.equal(native.encodingFromLabel(`${label}x`), null, label);
    }
  }
  assert.ok(count >= 220, `${count} labels`);
});

test('all four-byte gb18030 sequences of the ranges decode as the Encoding Standard says', () => {
  for (const first of [0x81, 0x82, 0x83, 0x84, 0x85, 0x8f, 0x90, 0x91, 0xa7, 0xe2, 0xe3, 0xe4, 0xfd, 0xfe]) {
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

test("html5lib-tests' Big5 page is known for what it is without its declaration", html5lib === null ? { skip: needsShared } : {}, () => {
  const bytes = readFileSync(`${html5lib}/chardet/test_big5.txt`);
  assert.equal(native.detectEncoding(bytes), 'big5');
});

test("html5lib-tests' scripted case declares by document.write, so the bytes alone leave it undeclared", html5lib === null ? { skip: needsShared } : {}, () => {
  const [, data] = readFileSync(`${html5lib}/scripted/tests1.dat`, 'latin1').split('#data\n');
  assert.equal(native.prescanEncoding(Buffer.from(data!.split('#encoding')[0]!, 'latin1'), 1024), null);
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

const goethe =
  'Über allen Gipfeln ist Ruh, in allen Wipfeln spürest du kaum einen Hauch; die Vögelein schweigen im Walde. Warte nur, balde ruhest du auch – „Wandrers Nachtlied“.';
const read = (bytes: Uint8Array, type = '') => {
  const { text, encoding, undone } = native.decodePage(bytes, type);
  return { text: Buffer.from(text).toString('utf8'), encoding, undone };
};
const russian = 'Мой дядя самых честных правил, когда не в шутку занемог, он уважать себя заставил и лучше выдумать не мог. ';
const inEncoding = (text: string, label: string) => {
  // The inverse of a single-byte decoder.
  const table = new Map<string, number>();
  for (let byte = 0; byte < 256; byte++) table.set(ours(label, Uint8Array.of(byte)), byte);
  return Buffer.from([...text].map((c) => table.get(c) ?? 0x3f));
};

test('declared UTF-8 that is a legacy encoding is read as that', () => {
  const html = page(goethe, '<meta charset=utf-8>');
  assert.deepEqual(read(inEncoding(html, 'windows-1252'), 'text/html; charset=utf-8'), { text: html, encoding: 'windows-1252', undone: 0 });
  const cyrillic = page(russian, '<meta charset=utf-8>');
  assert.deepEqual(read(inEncoding(cyrillic, 'windows-1251')), { text: cyrillic, encoding: 'windows-1251', undone: 0 });
});

test('a declared legacy encoding whose bytes are UTF-8 is read as UTF-8', () => {
  for (const declared of ['iso-8859-1', 'windows-1251', 'koi8-r', 'windows-874']) {
    const html = page(goethe, `<meta charset=${declared}>`);
    assert.deepEqual(read(Buffer.from(html)), { text: html, encoding: 'utf-8', undone: 0 });
  }
});

test('a declared legacy encoding whose bytes are plainly another one gives way to that', () => {
  const cyrillic = page(russian.repeat(3), '<meta charset=iso-8859-1>');
  assert.equal(read(inEncoding(cyrillic, 'windows-1251')).encoding, 'windows-1251');
  assert.equal(read(inEncoding(cyrillic, 'koi8-r')).encoding, 'koi8-r');
  const right = page(russian.repeat(3), '<meta charset=windows-1251>');
  assert.deepEqual(read(inEncoding(right, 'windows-1251')), { text: right, encoding: 'windows-1251', undone: 0 });
});

/** UTF-8 bytes read as windows-1252 and written as UTF-8 again. */
const twice = (text: string) => standard('windows-1252', Buffer.from(text));

test('text encoded as UTF-8 twice, or three times, is taken back; charset says utf-8', () => {
  const html = page(goethe);
  assert.deepEqual(read(Buffer.from(twice(html))), { text: html, encoding: 'utf-8', undone: 6 });
  assert.equal(read(Buffer.from(twice(twice(html)))).text, html);
  const english = page('It’s “quoted” – isn’t it?');
  assert.deepEqual(read(Buffer.from(twice(english)), 'text/html; charset=utf-8'), { text: english, encoding: 'utf-8', undone: 5 });
  assert.equal(read(Buffer.from(twice(page(russian)))).text, page(russian));
});

test('what only looks twice encoded stays: too little of it, right text beside it, pairs that words have', () => {
  for (const text of [
    page('The bytes of ä read as Latin-1 are Ã¤.'),
    page(`${goethe} A comment pasted wrongly: ${twice('für Übersetzungen über schöne Häuser')}`),
    page('NESCAFÉ® '.repeat(20)),
    page('Groß\u00adbritannien und Fuß\u00adball '.repeat(20)),
    page('SÃO PAULO, MAÇÃ, AMANHÃ, IRMÃ, «MÃE» '.repeat(20)),
    page('À la carte, Âge, «Île», ÊTRE… Ô «temps» '.repeat(20)),
  ]) {
    assert.deepEqual(read(Buffer.from(text), 'text/html; charset=utf-8'), { text, encoding: 'utf-8', undone: 0 });
  }
});
