// Text that no one wrote, made from text that people did: Markov chains over words and letters, shuffled words, templates with slots.
// All of it is a function of its input and a seed.
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
const BANKS: Readonly<Record<string, Bank>> = {
  en: {
    slots: {
      thing: [
        'running shoes',
        'car insurance',
        'essay writing service',
        'web hosting',
        'kitchen cabinets',
        'replica watches',
        'garage door repair',
        'payday loans',
        'phone cases',
        'diet pills',
        'office chairs',
        'plumbing services',
        'wedding dresses',
        'solar panels',
        'carpet cleaning',
        'used cars',
        'dog food',
        'hair extensions',
        'video converter',
        'online casino',
      ],
      place: ['London', 'Houston', 'Sydney', 'Toronto', 'Manchester', 'Dallas', 'Phoenix', 'Dublin', 'Melbourne', 'Chicago', 'Leeds', 'Denver'],
      praise: ['best', 'cheapest', 'top rated', 'most trusted', 'leading', 'number one', 'affordable', 'premium', 'amazing', 'high quality'],
      verb: ['buy', 'order', 'find', 'compare', 'get', 'discover', 'choose', 'shop for'],
      when: ['today', 'now', 'in 2015', 'this week', 'near you', '24/7', 'at any time'],
      number: ['10', '25', '50', '70', '100', '1000', '7', '12'],
    },
    sentences: [
      'Looking for the {praise} {thing} in {place}? You have come to the right place!',
      '{verb} {praise} {thing} {when} and save up to {number}% on every order.',
      'Our {thing} are {praise} in {place} and our customers love them.',
      'If you want to {verb} {thing} {when}, {thing} {place} is the {praise} choice for you.',
      '{thing} {place}, {praise} {thing}, {verb} {thing} online, cheap {thing} {place}.',
      'Call us {when} for a free quote on {thing} in {place}.',
      'Why choose our {thing}? Because we are the {praise} {thing} company in {place} with over {number} years of experience.',
      'When it comes to {thing}, it is important to {verb} the {praise} {thing} for your needs.',
      'There are many benefits of {thing}. {thing} can help you and your family {when}.',
      'Click here to {verb} {thing} {when}! Limited offer, only {number} left!',
      'People in {place} always need {thing}, and {thing} are what we do {when}.',
      'In this article we will talk about {thing} and how you can {verb} {thing} {when}.',
      'Tags: {thing}, {thing}, {thing} {place}, {praise} {thing}',
      '{number} Reasons To {verb} {thing} {when}',
      'Free shipping on all {thing}! {praise} prices, {praise} service, {praise} {thing}.',
    ],
  },
  de: {
    slots: {
      thing: [
        'Laufschuhe',
        'Autoversicherung',
        'Handyhüllen',
        'Küchenmöbel',
        'Matratzen',
        'Kredite',
        'Schlüsseldienst',
        'Umzüge',
        'Sonnenbrillen',
        'Gebrauchtwagen',
        'Webdesign',
        'Abnehmpillen',
        'Poker',
        'Ferienwohnungen',
      ],
      place: ['Berlin', 'Hamburg', 'München', 'Köln', 'Leipzig', 'Wien', 'Zürich', 'Bremen', 'Dresden'],
      praise: ['günstig', 'billig', 'top bewertet', 'hochwertig', 'unschlagbar', 'preiswert', 'führend', 'beste'],
      verb: ['kaufen', 'bestellen', 'finden', 'vergleichen', 'sichern', 'entdecken'],
      when: ['heute', 'jetzt', 'sofort', 'rund um die Uhr', 'in Ihrer Nähe', 'noch diese Woche'],
      number: ['10', '25', '50', '70', '100', '20'],
    },
    sentences: [
      'Sie suchen {thing} in {place}? Dann sind Sie hier genau richtig!',
      '{thing} {when} {verb} und bis zu {number}% sparen.',
      'Unsere {thing} in {place} sind {praise} und {praise}.',
      'Wenn Sie {thing} {verb} möchten, ist {thing} {place} die {praise} Wahl für Sie.',
      '{thing} {place}, {thing} {praise}, {thing} online {verb}, {thing} {place} {praise}.',
      'Rufen Sie uns {when} an und lassen Sie sich zu {thing} in {place} beraten.',
      'Es gibt viele Gründe, {thing} zu {verb}: {thing} sind {praise}.',
      'In diesem Artikel geht es um {thing} und wie Sie {thing} {when} {verb}.',
      'Jetzt {verb}! Nur noch {number} {thing} auf Lager!',
      'Tags: {thing}, {thing}, {thing} {place}, {praise}',
      'Kostenloser Versand für alle {thing}, {praise} und {praise}.',
    ],
  },
  es: {
    slots: {
      thing: [
        'zapatillas',
        'seguros de coche',
        'préstamos',
        'muebles',
        'relojes',
        'cerrajeros',
        'fundas de móvil',
        'hoteles',
        'coches usados',
        'dietas',
        'apuestas',
      ],
      place: ['Madrid', 'Barcelona', 'Sevilla', 'Valencia', 'México', 'Lima', 'Bogotá', 'Bilbao'],
      praise: ['barato', 'mejor', 'de alta calidad', 'económico', 'líder', 'increíble'],
      verb: ['comprar', 'encontrar', 'comparar', 'pedir', 'descubrir'],
      when: ['hoy', 'ahora', 'cerca de ti', '24 horas', 'esta semana'],
      number: ['10', '25', '50', '70', '100'],
    },
    sentences: [
      '¿Buscas {thing} en {place}? ¡Has llegado al lugar correcto!',
      'Puedes {verb} {thing} {when} y ahorrar hasta un {number}%.',
      'Nuestros {thing} en {place} son lo {praise} para ti.',
      '{thing} {place}, {thing} {praise}, {verb} {thing} online, {thing} en {place}.',
      'Llámanos {when} y pide presupuesto de {thing} en {place}.',
      'En este artículo hablamos de {thing} y de cómo {verb} {thing} {when}.',
      '¡Haz clic aquí para {verb} {thing} {when}! Solo quedan {number}.',
      'Etiquetas: {thing}, {thing}, {thing} {place}',
    ],
  },
  fr: {
    slots: {
      thing: [
        'chaussures de sport',
        'assurance auto',
        'crédits',
        'meubles',
        'montres',
        'serruriers',
        'coques de téléphone',
        'hôtels',
        "voitures d'occasion",
        'régimes',
        'paris en ligne',
      ],
      place: ['Paris', 'Lyon', 'Marseille', 'Bruxelles', 'Genève', 'Lille', 'Toulouse', 'Montréal'],
      praise: ['pas cher', 'de qualité', 'moins cher', 'incroyable', 'numéro un', 'de confiance'],
      verb: ['acheter', 'trouver', 'comparer', 'commander', 'découvrir'],
      when: ["aujourd'hui", 'maintenant', 'près de chez vous', '24h/24', 'cette semaine'],
      number: ['10', '25', '50', '70', '100'],
    },
    sentences: [
      'Vous cherchez {thing} à {place} ? Vous êtes au bon endroit !',
      'Venez {verb} {thing} {when} et économisez jusqu’à {number} %.',
      'Nos {thing} à {place} sont le choix {praise} pour vous.',
      '{thing} {place}, {thing} {praise}, {verb} {thing} en ligne, {thing} à {place}.',
      'Appelez-nous {when} pour un devis gratuit : {thing} à {place}.',
      'Dans cet article nous parlons de {thing} et comment {verb} {thing} {when}.',
      'Cliquez ici pour {verb} {thing} {when} ! Plus que {number} en stock !',
      'Mots-clés : {thing}, {thing}, {thing} {place}',
    ],
  },
};

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
