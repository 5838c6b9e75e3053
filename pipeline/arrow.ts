// apache-arrow by its CommonJS build. As ES modules its 146 files cost a process twice the processor time, and Node opens them all at
// once, which a small `ulimit -n` does not allow; required, they are read one after another. Types come from the package as ever.
// Whoever writes or reads batches of the pipeline takes it from here: classes of the other build are not these (the layer check looks).
import { createRequire } from 'node:module';

export const arrow = createRequire(import.meta.url)('apache-arrow') as typeof import('apache-arrow');
