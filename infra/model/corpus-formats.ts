// Readers of the small formats in which public-domain text is packaged: SWORD's compressed books, R's saved strings, dict's
// dictionaries, WordNet's glosses, Perl's POD, mails.
import { inflateSync } from 'node:zlib';

/** zText: `.bzs` holds (offset, size, size unpacked) of zlib blocks in `.bzz`; a block is a book in OSIS markup. */
export function swordBooks(data: Buffer, index: Buffer): string[] {
  const books: string[] = [];
  for (let at = 0; at + 12 <= index.length; at += 12) {
    const offset = index.readUInt32LE(at);
    const size = index.readUInt32LE(at + 4);
    if (size === 0 || offset + size > data.length) continue;
    books.push(osisText(inflateSync(data.subarray(offset, offset + size)).toString('utf8')));
  }
  return books;
}

function osisText(markup: string): string {
  return plain(
    markup
      .replace(/<note\b[^>]*>[\s\S]*?<\/note>/g, '')
      .replace(/<title\b[^>]*>[\s\S]*?<\/title>/g, '\n')
      .replace(/<(?:p\b|lb\b|lg\b|milestone type="x-p"|div [^>]*type="(?:x-p|paragraph)")[^>]*>/g, '\n')
      .replace(/<chapter\b[^>]*>/g, '\n')
      .replace(/<[^>]*>/g, '')
      .replace(/[ \t]+/g, ' '),
  );
}

function plain(text: string): string {
  return text
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&');
}

/** R's lazy-load database: big-endian length and a zlib stream an object; in it, XDR strings (flags 0x00040009, UTF-8 or ASCII bits on top) stand in order. */
export function rStrings(data: Buffer): string[] {
  const objects: string[] = [];
  for (let at = 0; at + 6 < data.length; at++) {
    if (data[at + 4] !== 0x78 || data[at] !== 0) continue;
    const size = data.readUInt32BE(at);
    let object: Buffer;
    try {
      object = inflateSync(data.subarray(at + 4));
    } catch {
      continue;
    }
    if (object.length !== size) continue;
    const lines: string[] = [];
    for (let i = 0; i + 8 <= object.length; ) {
      const flags = object.readUInt32BE(i);
      const length = object.readInt32BE(i + 4);
      if ((flags & 0xff) === 9 && flags >>> 20 === 0 && length >= 0 && i + 8 + length <= object.length) {
        lines.push(object.toString('utf8', i + 8, i + 8 + length));
        i += 8 + length;
      } else i += 4 - (i % 4 === 0 ? 0 : 3); // re-align by bytes after a string of odd length
    }
    if (lines.length > 100) objects.push(lines.join('\n'));
  }
  return objects;
}

/** dict: an entry begins at the margin, its definition is indented. */
export function dictionaryText(text: string): string[] {
  const entries: string[] = [];
  let lines: string[] = [];
  const end = (): void => {
    if (lines.length > 1) entries.push(lines.slice(1).join(' ').replace(/[{}]/g, '').replace(/\s+/g, ' ').trim());
    lines = [];
  };
  for (const line of text.split('\n')) {
    if (/^\S/.test(line)) end();
    lines.push(line.trim());
  }
  end();
  return entries;
}

/** A gloss stands after the bar; its synset's words before. */
export function wordnetText(text: string): string[] {
  const entries: string[] = [];
  for (const line of text.split('\n')) {
    const bar = line.indexOf(' | ');
    if (bar < 0 || line.startsWith(' ')) continue;
    const fields = line.slice(0, bar).split(' ');
    const words = Array.from({ length: Number.parseInt(fields[3]!, 16) }, (_, i) => fields[4 + 2 * i]!.replace(/_/g, ' ').replace(/\([a-z]+\)$/, ''));
    entries.push(`${words.join(', ')}: ${line.slice(bar + 3).trim()}`);
  }
  return entries;
}

/** Stand for the brackets that POD escapes, while its own are opened; private-use characters. */
const GREATER = '\ue000';
const LESS = '\ue001';

/** Perl's manuals: paragraphs that are neither code (indented) nor commands; C<...> and its like opened. */
export function podText(text: string): string {
  const out: string[] = [];
  let inside = false;
  for (const paragraph of text.split(/\n\s*\n/)) {
    if (/^=(?:pod|head|over|item|back|encoding)/.test(paragraph)) inside = true;
    if (/^=(?:cut|begin|for)/.test(paragraph)) inside = false;
    if (!inside || /^\s/.test(paragraph)) continue;
    let line = paragraph.replace(/^=\w+\s*/, '').replace(/\s+/g, ' ');
    for (let depth = 0; depth < 4; depth++)
      line = line
        .replace(/[A-Z]<{2,} (.*?) >{2,}/g, '$1')
        .replace(/L<([^<>|]*)\|[^<>]*>/g, '$1')
        .replace(/E<(gt|lt)>/g, (_, name: string) => (name === 'gt' ? GREATER : LESS))
        .replace(/[A-Z]<([^<>]*)>/g, '$1');
    out.push(line.replaceAll(GREATER, '>').replaceAll(LESS, '<'));
  }
  return out.join('\n');
}

/** What a mail's writer wrote: no headers, quotations, attributions, signatures or footers of lists. */
export function mailText(mail: string): string {
  const body = mailBody(mail);
  if (body === null) return '';
  const kept: string[] = [];
  for (const line of body.split(/\r?\n/)) {
    if (/^--\s*$|^_{10,}|^-{20,}|^={20,}/.test(line)) break; // a signature, or the list's own words
    if (/^\s*(?:[A-Za-z]{0,4}>|\||:|-----)/.test(line)) continue;
    if (/(?:wrote|writes|said):?\s*$|^(?:On|At) .*\d{4}|^From:|^To:|^Subject:|^Date:/i.test(line)) continue;
    kept.push(line);
  }
  return kept
    .join('\n')
    .split(/\n[ \t]*\n+/)
    .map((paragraph) => paragraph.replace(/\s*\n\s*/g, ' '))
    .join('\n');
}

/** The first text/plain part, decoded; null where there is none (or it is HTML alone). */
export function mailBody(mail: string, html = false): string | null {
  const gap = /\r?\n\r?\n/.exec(mail);
  if (gap === null) return null;
  const head = mail.slice(0, gap.index).replace(/\r?\n[ \t]+/g, ' ');
  const body = mail.slice(gap.index + gap[0].length);
  const header = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'im').exec(head)?.[1]?.trim() ?? '';
  const type = header('content-type').toLowerCase();
  if (type.startsWith('multipart/')) {
    const boundary = /boundary="?([^";]+)"?/i.exec(header('content-type'))?.[1];
    if (boundary === undefined) return null;
    for (const part of body.split(`--${boundary}`).slice(1)) {
      const found = mailBody(part.replace(/^\r?\n/, part.startsWith('\n\n') ? '\n' : ''), html);
      if (found !== null) return found;
    }
    return null;
  }
  if (type !== '' && !type.startsWith('text/plain') && !(html && type.startsWith('text/html'))) return null;
  const encoding = header('content-transfer-encoding').toLowerCase();
  let text = body;
  if (encoding === 'base64') text = Buffer.from(body, 'base64').toString('latin1');
  else if (encoding === 'quoted-printable')
    text = body.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  if (/utf-?8/.test(type)) text = Buffer.from(text, 'latin1').toString('utf8');
  return text;
}
