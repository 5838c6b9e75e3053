// Names that Kubernetes takes, from names that it may not: DNS-1123 labels and label values.
// Invariant: a name is valid whatever it is made from, and two sources that differ give names that differ (a digest ends each).
// RFC 1123 §2.1; an Indexed Job's pods are `<job>-<index>` as hostnames, so a job's name leaves room for an index.
import { createHash } from 'node:crypto';

/** A label has 63 characters; "-" and an index below 100,000 follow a job's name, and a suffix of 5 a pod's. */
const JOB_NAME = 46;
const DIGEST = 8;

export function shortDigest(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, DIGEST);
}

/** `refine-<what can be read of the text>-<digest>`. `salt` makes names of one text differ. */
export function jobName(text: string, ...salt: readonly string[]): string {
  const words = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, JOB_NAME - 'refine--'.length - DIGEST)
    .replace(/^-+|-+$/g, '');
  return ['refine', words.replace(/^refine-?/, ''), shortDigest(text, ...salt)].filter((part) => part !== '').join('-');
}

/** A label's value: at most 63 letters, digits, "-", "_" and ".", beginning and ending with a letter or digit; may be empty. */
export function labelValue(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .slice(0, 63)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}
