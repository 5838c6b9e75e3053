// Whether an index row is asked for, and which stretch of a sorted index a host can stand in.
// SURT: the host's labels backwards, `com,example,news)/path`; a leading `www.` is left out (IIPC's canonicaliser).
import type { IndexFilter } from '../../contract/source.js';

/** One row of an index, columnar or CDX. Strings as written; null where absent. */
export interface IndexRow {
  readonly host: string | null;
  readonly status: number | null;
  readonly mime: string | null;
  /** Comma-separated. */
  readonly languages: string | null;
}

export interface RowTests {
  readonly status: ((status: number | null) => boolean) | null;
  readonly mime: ((mime: string | null) => boolean) | null;
  readonly languages: ((languages: string | null) => boolean) | null;
  /** Hosts, domains and top-level domains. */
  readonly host: ((host: string | null) => boolean) | null;
}

export function rowTests(filter: IndexFilter): RowTests {
  const statuses = new Set(filter.status);
  const mimes = filter.mime === undefined ? null : new Set(filter.mime.map((mime) => mime.toLowerCase()));
  const languages = filter.languages === undefined ? null : new Set(filter.languages);
  const hosts = filter.hosts === undefined ? null : new Set(filter.hosts.map((host) => host.toLowerCase()));
  const domains = filter.domains?.map((domain) => domain.toLowerCase()) ?? null;
  const tlds = filter.tlds === undefined ? null : new Set(filter.tlds.map((tld) => tld.toLowerCase().replace(/^\./, '')));
  const hostTest = (host: string | null): boolean => {
    if (host === null) return false;
    const lower = host.toLowerCase();
    if (hosts !== null && !hosts.has(lower)) return false;
    if (domains?.some((domain) => lower === domain || (lower.endsWith(domain) && lower[lower.length - domain.length - 1] === '.')) === false) return false;
    return tlds === null || tlds.has(lower.slice(lower.lastIndexOf('.') + 1));
  };
  return {
    status: statuses.size === 0 ? null : (status) => status !== null && statuses.has(status),
    mime: mimes === null ? null : (mime) => mime !== null && mimes.has(mime.toLowerCase()),
    languages:
      languages === null
        ? null
        : (found) => {
            if (found === null) return false;
            const list = found.split(',');
            return filter.mainLanguage === true ? languages.has(list[0]!) : list.some((language) => languages.has(language));
          },
    host: hosts === null && domains === null && tlds === null ? null : hostTest,
  };
}

export function passes(row: IndexRow, tests: RowTests): boolean {
  return (
    (tests.status === null || tests.status(row.status)) &&
    (tests.languages === null || tests.languages(row.languages)) &&
    (tests.mime === null || tests.mime(row.mime)) &&
    (tests.host === null || tests.host(row.host))
  );
}

/** [lo, hi) of SURT keys, by bytes. */
export interface SurtRange {
  readonly lo: string;
  readonly hi: string;
}

/** Where rows of the filter's hosts and domains can stand, ascending and apart; null where it names neither. */
export function surtRanges({ hosts, domains, tlds }: IndexFilter): readonly SurtRange[] | null {
  if (hosts === undefined && domains === undefined && tlds === undefined) return null;
  const ranges: SurtRange[] = [];
  const add = (surt: string, below: boolean): void => {
    ranges.push({ lo: `${surt})`, hi: `${surt}*` }, { lo: `${surt}:`, hi: `${surt};` });
    if (below) ranges.push({ lo: `${surt},`, hi: `${surt}-` });
  };
  // Every list that is given must be met, so the one that names the fewest keys is enough.
  if (hosts !== undefined) for (const host of hosts) for (const surt of surtsOf(host)) add(surt, false);
  else if (domains !== undefined) for (const domain of domains) for (const surt of surtsOf(domain)) add(surt, true);
  else for (const tld of tlds!) add(tld.toLowerCase().replace(/^\./, ''), true);
  ranges.sort((a, b) => (a.lo < b.lo ? -1 : a.lo > b.lo ? 1 : 0));
  const apart: { lo: string; hi: string }[] = [];
  for (const range of ranges) {
    const last = apart.at(-1);
    if (last !== undefined && range.lo <= last.hi) {
      if (range.hi > last.hi) last.hi = range.hi;
    } else apart.push({ ...range });
  }
  return apart;
}

/** The host's SURT; an address in numbers stands as it is, or backwards, by tool. */
function surtsOf(host: string): string[] {
  const lower = host.toLowerCase();
  const backwards = (name: string): string => name.split('.').reverse().join(',');
  if (/^[0-9.]+$/.test(lower) || lower.includes(':')) return [lower, backwards(lower)];
  return [...new Set([backwards(lower.replace(/^www\d*\./, '')), backwards(lower)])];
}

/** Whether a key between `least` and `most` (inclusive, either perhaps a bound cut short) can lie in one of the ranges. */
export function mayMeet(ranges: readonly SurtRange[], least: string, most: string): boolean {
  return ranges.some(({ lo, hi }) => least < hi && `${most}\u{10ffff}` >= lo);
}
