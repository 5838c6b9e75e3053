// Writes manifests/schema.json, for editors, from the definitions that parse manifests; a test says when it is stale.
//   npm run build:ts && node dist/infra/build/manifest-schema.js
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { packagePath } from '../../native/package-root.js';
import { manifestJsonSchema } from '../../pipeline/manifest-schema.js';
import { loadSteps } from '../../pipeline/registry.js';

const steps = await loadSteps();
const path = packagePath('manifests', 'schema.json');
writeFileSync(path, `${JSON.stringify(manifestJsonSchema(steps), null, 2)}\n`);
spawnSync('npx', ['--no-install', 'biome', 'format', '--write', path], { cwd: packagePath(), stdio: 'inherit' });
