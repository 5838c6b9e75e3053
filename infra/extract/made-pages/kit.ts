// What a template writes a page with: seeded choices, and texts of one language drawn without repeats until they run out.
// Invariant: a page is a function of its template, its number and the texts here; nothing reads a clock or a locale.
import { randomFrom } from '../random.js';
import { type Pack, type Topic, packs } from './texts/packs.js';
import { type Word, words } from './texts/words.js';

/** Marks in the markup; the writer strips them. An element without one is what its parent is; the page itself is boilerplate. */
export const M = 'data-gold="M"';
export const C = 'data-gold="C"';
export const Q = 'data-gold="?"';
export const N = 'data-gold="-"';

export const escapeHtml = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
export const times = (n: number, part: (i: number) => string, between = '\n'): string => Array.from({ length: n }, (_, i) => part(i)).join(between);

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const USERS =
  'oldspoke Martha_K tinwhistle rolf62 greenthumb42 pixelmoth AnnaB nightowl7 dr_sprocket Kestrel sundial mopsi77 J.Harlow quietriver bitbucket9 Fenno lucia_m tomcat1958 saltmarsh Yuki-R papaya hexnut Vera.S jonas_w redkettle mikado88 owl.post Brambles'.split(
    ' ',
  );
const GOODS =
  'Kestrel 300|Norvik Pro|Foxlight 2|Halden X5|Tarn Mini|Brisa 12|Lumo One|Ostra 40|Pinewood S|Quill 7|Rondo Plus|Velm 220|Aster Duo|Corvo Lite'.split('|');

export type Speech = 'talk' | 'news' | 'docs' | 'product' | 'review' | 'comment' | 'legal' | 'company';

export class Kit {
  readonly pack: Pack;
  private readonly random: (n: number) => number;
  private readonly decks = new Map<string, string[]>();
  private day: number;

  constructor(
    readonly template: string,
    readonly n: number,
    readonly lang: string,
  ) {
    let seed = 0x9e37;
    for (const c of `${template}/${n}`) seed = (Math.imul(seed, 31) + c.charCodeAt(0)) >>> 0;
    this.random = randomFrom(seed);
    this.pack = packs[lang]!;
    this.day = this.int(0, 3000);
  }

  int(low: number, high: number): number {
    return low + this.random(high - low + 1);
  }
  chance(percent: number): boolean {
    return this.random(100) < percent;
  }
  pick<T>(list: readonly T[]): T {
    return list[this.random(list.length)]!;
  }
  /** A part that stands on some of the pages only. */
  maybe(percent: number, part: () => string): string {
    return this.chance(percent) ? part() : '';
  }
  shuffle<T>(list: readonly T[]): T[] {
    const out = [...list];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.random(i + 1);
      [out[i], out[j]] = [out[j]!, out[i]!];
    }
    return out;
  }
  word(key: Word): string {
    return words[this.lang]?.[key] ?? words.en![key]!;
  }
  private draw(deck: string, from: readonly string[]): string {
    let left = this.decks.get(deck);
    if (left === undefined || left.length === 0) this.decks.set(deck, (left = this.shuffle(from)));
    return left.pop()!;
  }
  private fill(text: string): string {
    return escapeHtml(
      text
        .replace(/\{n\}/g, () => String(this.int(2, 90)))
        .replace(/\{item\}/g, () => this.good())
        .replace(/\{name\}/g, () => this.user()),
    );
  }
  /** Sentences of a kind, escaped. Languages that write without spaces are joined without. */
  say(kind: Speech, sentences: number): string {
    return times(sentences, () => this.fill(this.draw(kind, this.pack[kind])), this.lang === 'ja' || this.lang === 'zh' ? '' : ' ');
  }
  one(kind: Topic): string {
    return this.fill(this.draw(kind, this.pack[kind]));
  }
  /** 1 to 5 sentences, long ones seldom. */
  para(kind: Speech): string {
    return this.say(kind, this.pick([1, 2, 2, 3, 3, 4, 5]));
  }
  paras(kind: Speech, n: number): string[] {
    return Array.from({ length: n }, () => this.para(kind));
  }
  p(kind: Speech, n: number, attributes = ''): string {
    return this.paras(kind, n)
      .map((text) => `<p${attributes}>${text}</p>`)
      .join('\n');
  }
  good(): string {
    return this.pick(GOODS);
  }
  user(): string {
    return this.draw('users', USERS);
  }
  name(): string {
    return this.one('names');
  }
  number(low = 3, high = 9000): string {
    const n = String(this.int(low, high));
    return n.length > 3 && this.chance(60) ? `${n.slice(0, -3)},${n.slice(-3)}` : n;
  }
  /** Dates run on through a page, as posts do. */
  date(): { iso: string; short: string; long: string; ago: string } {
    this.day += this.int(0, 3);
    const year = 2009 + (Math.floor(this.day / 336) % 15);
    const month = Math.floor(this.day / 28) % 12;
    const day = 1 + (this.day % 28);
    const two = (k: number) => String(k).padStart(2, '0');
    const clock = `${two(this.int(0, 23))}:${two(this.int(0, 59))}`;
    const iso = `${year}-${two(month + 1)}-${two(day)}`;
    if (this.lang === 'ja' || this.lang === 'zh')
      return { iso, short: `${iso} ${clock}`, long: `${year}年${month + 1}月${day}日`, ago: `${this.int(2, 11)} ${this.lang === 'ja' ? '日前' : '天前'}` };
    if (this.lang !== 'en')
      return {
        iso,
        short: `${two(day)}.${two(month + 1)}.${year}, ${clock}`,
        long: `${day}. ${month + 1}. ${year}`,
        ago: `${this.int(2, 11)} ${this.word('daysAgo')}`,
      };
    return {
      iso,
      short: `${MONTHS[month]} ${day}, ${year} ${clock}`,
      long: `${MONTHS[month]} ${day}, ${year}`,
      ago: `${this.int(2, 11)} ${this.word('daysAgo')}`,
    };
  }
  slug(): string {
    return times(
      this.int(3, 6),
      () => this.pick(['chain', 'old', 'garden', 'fix', 'setup', 'winter', 'noise', 'guide', 'light', 'paper', 'light', 'rain', 'table', 'kiln', 'sail']),
      '-',
    );
  }
  price(): string {
    const euro = `${this.int(4, 899)},${this.pick(['00', '90', '95', '99', '49'])} €`;
    return this.lang === 'en'
      ? `$${euro.replace(',', '.').replace(' €', '')}`
      : this.lang === 'ja'
        ? `¥${this.number(900, 60000)}`
        : this.lang === 'zh'
          ? `￥${this.int(19, 3999)}.00`
          : this.lang === 'ru'
            ? `${this.number(400, 60000)} руб.`
            : euro;
  }
  /** A few inline elements in a text, the way editors leave them. */
  inline(text: string): string {
    if (text.length < 60 || this.lang === 'ja' || this.lang === 'zh') return text;
    const parts = text.split(' ');
    const at = this.int(2, parts.length - 3);
    const word = parts[at]!;
    if (/[&;<>]/.test(word)) return text;
    parts[at] = this.pick([
      `<a href="https://${this.template}.example/${this.int(10, 999)}">${word}</a>`,
      `<strong>${word}</strong>`,
      `<em>${word}</em>`,
      `<b>${word}</b>`,
      `<span style="font-weight:bold">${word}</span>`,
      `<a href="https://elsewhere.example/${this.slug()}" rel="nofollow" target="_blank">${word}</a>`,
      word,
      word,
    ]);
    return parts.join(' ');
  }
}
