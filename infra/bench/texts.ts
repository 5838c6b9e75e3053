// Seeded texts of a given size for benches: words of a made vocabulary, the n-th as often as 1/n, in sentences.
import { randomFrom } from '../../tests/support/random.js';

const SYLLABLES = ['ta', 'ne', 'ri', 'so', 'lu', 'ma', 'ke', 'di', 'po', 'na', 've', 'ci', 'ro', 'fu', 'ga', 'the', 'ing', 'er', 'st', 'al'];

export function benchTexts(count: number, bytes: number, seed: number): string[] {
  const random = randomFrom(seed);
  const words = Array.from({ length: 5000 }, () => Array.from({ length: 1 + random(4) }, () => SYLLABLES[random(SYLLABLES.length)]!).join(''));
  return Array.from({ length: count }, () => {
    let text = '';
    while (text.length < bytes) {
      const word = words[Math.floor(Math.exp(random(100_000) * (Math.log(words.length) / 100_000))) - 1]!;
      text += random(12) === 0 ? `${word}. ` : `${word} `;
    }
    return text.slice(0, bytes);
  });
}
