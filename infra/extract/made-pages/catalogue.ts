// All templates.
import { forumTables } from './templates/forums-tables.js';
import { docsGuides } from './templates/docs-guides.js';
import { forumsModern } from './templates/forums-modern.js';
import type { Template } from './template.js';

export const templates: readonly Template[] = [...forumTables, ...forumsModern, ...docsGuides];
