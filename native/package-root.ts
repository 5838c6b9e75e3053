// Where this package lies: assets (models, lists, tokenizers) stand beside the sources and are found from here.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function find(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('refine: package.json not found above its own modules');
    folder = parent;
  }
  return folder;
}

/** The absolute path of the checkout. Never part of a result, an identity or an output byte. */
export const packageRoot: string = find();

/** An asset's absolute path from its path below the package, such as `stages/tokenize/tokenizers/falcon`. */
export function packagePath(...parts: string[]): string {
  return join(packageRoot, ...parts);
}
