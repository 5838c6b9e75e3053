// A template: markup of one piece of software, filled by a Kit.
import type { Kit } from './kit.js';

export type PageType = 'article' | 'forum' | 'documentation' | 'product' | 'listing' | 'recipe' | 'qa' | 'home' | 'other';

export interface Template {
  /** Names the made site too: NAME.example. */
  readonly name: string;
  readonly type: PageType;
  readonly langs: readonly string[];
  readonly instances: number;
  readonly path: (kit: Kit) => string;
  readonly render: (kit: Kit) => string;
  /** Class names may be hashed, as bundlers do. */
  readonly hashable?: boolean;
}

export const EUROPE = ['en', 'de', 'fr', 'es', 'ru'] as const;
export const ALL = ['en', 'de', 'en', 'fr', 'ja', 'es', 'zh', 'ru'] as const;

export const template = (
  name: string,
  type: PageType,
  langs: readonly string[],
  instances: number,
  path: (kit: Kit) => string,
  render: (kit: Kit) => string,
  more: { hashable?: boolean } = {},
): Template => ({ name, type, langs, instances, path, render, ...more });
