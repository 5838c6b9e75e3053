// Writes infra/docs/errors.md, every error code with its meaning, cause and next move, from the catalogue; a test says when it is
// stale.   npm run build:ts && node dist/infra/build/errors-doc.js
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { errorCatalogue } from '../../native/error-catalogue.js';
import { packagePath } from '../../native/package-root.js';

export function errorsMarkdown(): string {
  const entries = Object.entries(errorCatalogue).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${[
    '# Errors',
    `Made from native/error-catalogue.ts by \`node dist/infra/build/errors-doc.js\`: ${entries.length} codes. A code never changes its meaning.`,
    'An error is one line on stderr, `CODE place  message`: the place is a file, `file:line:column`, an address, a step or a task; the message says what was found, what was expected and the next move. `npx refine explain CODE` prints what stands here.',
    'Exit codes: 0 done, 1 a run, manifest or model failed, 2 usage (`ERR_REFINE_USAGE`), 130 or 143 interrupted by SIGINT or SIGTERM (`ERR_REFINE_INTERRUPTED`; 128 plus the number of the signal, also where a command ends of the signal itself).\nA broken record or page is no error: it is a drop or a skip with a reason, counted in `npx refine stats`.',
    ...entries.map(([code, { meaning, cause, next }]) => `## ${code}\n\n${meaning}\n\n* Mostly from: ${cause}\n* Next: ${next}`),
  ].join('\n\n')}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(packagePath('infra', 'docs', 'errors.md'), errorsMarkdown());
