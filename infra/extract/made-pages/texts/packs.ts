// The texts of made pages, written for this project: a line is a sentence (or a title, a name, an answer). {n} becomes a number,
// {item} the name of a thing for sale, {name} a user's.
import { de } from './de.js';
import { en } from './en.js';
import { es } from './es.js';
import { fr } from './fr.js';
import { ja } from './ja.js';
import { ru } from './ru.js';
import { zh } from './zh.js';
import type { Pack } from './pack.js';

export type { Pack, Topic } from './pack.js';
export const packs: Readonly<Record<string, Pack>> = { en, de, fr, es, ru, ja, zh };
