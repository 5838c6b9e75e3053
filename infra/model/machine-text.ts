// Text that no one wrote, made from text that people did: Markov chains over words and letters, shuffled words, templates with slots.
// All of it is a function of its input and a seed.
import { readFileSync } from 'node:fs';
import { packagePath } from '../../native/index.js';
import type { Random } from './quality-text.js';

/** A chain over tokens: what may follow each run of `order` of them, as often as it did. */
export class Chain {
  readonly #next = new Map<string, string[]>();
  readonly #starts: (readonly string[])[] = [];

  constructor(
    readonly order: number,
    /** '' for letters. */
    readonly between: ' ' | '',
  ) {}

  learn(tokens: readonly string[]): void {
    for (let at = 0; at + this.order < tokens.length; at++) {
      const key = tokens.slice(at, at + this.order).join('\u0001');
      const list = this.#next.get(key);
      if (list === undefined) this.#next.set(key, [tokens[at + this.order]!]);
      else list.push(tokens[at + this.order]!);
    }
    if (tokens.length > this.order) this.#starts.push(tokens.slice(0, this.order));
  }

  /** At least `characters` long; begins anew where the chain ends. Empty where nothing was learnt. */
  write(characters: number, random: Random): string {
    if (this.#starts.length === 0) return '';
    const out: string[] = [];
    let length = 0;
    let state: readonly string[] = [];
    const put = (token: string): void => {
      out.push(token);
      length += token.length + this.between.length;
    };
    while (length < characters) {
      const choices = this.#next.get(state.join('\u0001'));
      if (choices === undefined) {
        state = this.#starts[random(this.#starts.length)]!;
        for (const token of state) put(token);
        continue;
      }
      const token = choices[random(choices.length)]!;
      put(token);
      state = [...state.slice(1), token];
    }
    return out.join(this.between).replace(/ ?\n ?/g, '\n');
  }
}

/** Words and line ends: a chain learns where paragraphs end. */
export const wordsWithLines = (text: string): string[] => text.split(/ |(\n)/).filter((token) => token !== undefined && token !== '');

export function shuffleWords(text: string, random: Random): string {
  const words = text.split(/\s+/);
  for (let at = words.length - 1; at > 0; at--) {
    const other = random(at + 1);
    [words[at], words[other]] = [words[other]!, words[at]!];
  }
  return words.join(' ');
}

type Slots = Readonly<Record<string, readonly string[]>>;

interface Bank {
  readonly slots: Slots;
  readonly sentences: readonly string[];
}

/** Doorway pages, product spinners, keyword lists: written for this project in the manner of what search engines drop. */
const BANKS: Readonly<Record<string, Bank>> = JSON.parse(readFileSync(packagePath('infra', 'model', 'machine-banks.json'), 'utf8')) as Record<string, Bank>;

export const TEMPLATE_LANGUAGES = Object.keys(BANKS);

/** `side` splits a bank's sentences and slots: odd ones are for unseen texts alone, so that no score rests on a sentence learnt by heart. */
export function templateText(lang: string, characters: number, side: 0 | 1, random: Random): string {
  const bank = BANKS[lang]!;
  const half = (list: readonly string[]): string[] => list.filter((_, at) => at % 2 === side);
  const sentences = half(bank.sentences);
  const page = new Map<string, string>(); // a doorway page keeps to one thing and one place
  const pick = (slot: string): string => {
    const choices = half(bank.slots[slot]!);
    const fresh = choices[random(choices.length)]!;
    if (slot !== 'thing' && slot !== 'place') return fresh;
    if (!page.has(slot) || random(8) === 0) page.set(slot, fresh);
    return page.get(slot)!;
  };
  let text = '';
  while (text.length < characters) {
    const sentence = sentences[random(sentences.length)]!.replace(/\{(\w+)\}/g, (_, slot: string) => pick(slot));
    text += (text === '' ? '' : random(3) === 0 ? '\n' : ' ') + sentence[0]!.toUpperCase() + sentence.slice(1);
  }
  return text;
}
