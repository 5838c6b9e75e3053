/** What is read of a run: its training documents, or those that its manifest's sink.holdout keeps out of training. */
export const SPLITS = ['train', 'holdout'] as const;
export type Split = (typeof SPLITS)[number];
