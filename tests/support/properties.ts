// fast-check for every test of a property, with a fixed seed: a test gives the same verdict on Tuesday, and what it draws is seen
// before it lands. REFINE_PROPERTY_SEED=N draws other cases, `random` new ones each time: run by hand, and by who hunts.
import fc from 'fast-check';

const FIXED_SEED = 20240607;
const asked = process.env.REFINE_PROPERTY_SEED;
const seed = asked === undefined ? FIXED_SEED : asked === 'random' ? undefined : Number(asked);
if (seed !== undefined && !Number.isInteger(seed)) throw new Error(`REFINE_PROPERTY_SEED is ${JSON.stringify(asked)}, expected an integer or random`);
fc.configureGlobal(seed === undefined ? {} : { seed });

export { fc };
