/** What an index may keep, as `--keep` spells it. */
export const KEEPS = ['url', 'exact', 'minhash', 'shingles'] as const;
export type Keep = (typeof KEEPS)[number];
