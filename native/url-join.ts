// The typed map of native/src/bind_url_join.cpp: tables of numbers by host, and of robots.txt rules.
import type { BytesColumn } from './batch.js';

declare const hostList: unique symbol;
/** Rows of a table by host, being collected. */
export type HostListHandle = { readonly [hostList]: true };
declare const hostTable: unique symbol;
/** A compiled table by host, in memory or mapped. */
export type HostTableHandle = { readonly [hostTable]: true };
declare const suffixes: unique symbol;
export type PublicSuffixesHandle = { readonly [suffixes]: true };
declare const robotsList: unique symbol;
/** robots.txt files, being collected. */
export type RobotsListHandle = { readonly [robotsList]: true };
declare const robotsTable: unique symbol;
/** Compiled rules by host, in memory or mapped. */
export type RobotsTableHandle = { readonly [robotsTable]: true };

export interface UrlJoinBinding {
  /** `reversed`: hosts are written `com.example.www` or `com,example,www`. */
  hostListNew(columns: number, reversed: boolean): HostListHandle;
  /** `values`: an array a column, a number a row of `hosts`; NaN is null. Rows without a host are left out. */
  hostListAdd(list: HostListHandle, hosts: BytesColumn, values: readonly Float64Array[]): void;
  /** Whole lines; `host` and `values` are field numbers from 0. Throws ERR_REFINE_ASSET for a line with too few fields or no number. */
  hostListAddLines(list: HostListHandle, lines: Uint8Array, separator: '\t' | ',', host: number, values: readonly number[]): void;
  /** The compiled table; of a host's rows the first counts. The list is empty then and must not be added to meanwhile. */
  hostListCompile(list: HostListHandle): Promise<Uint8Array>;
  /** Maps a compiled table, or takes a copy of its bytes; throws ERR_REFINE_ASSET for anything else. */
  hostTableOpen(source: string | Uint8Array): HostTableHandle;
  hostTableHosts(table: HostTableHandle): number;
  publicSuffixesNew(publicSuffixList: Uint8Array): PublicSuffixesHandle;
  /** For each column a number a row, NaN where the table has none; with suffixes the URL's registrable domain is looked up. */
  hostTableFind(table: HostTableHandle, url: BytesColumn, suffixes: PublicSuffixesHandle | null): Promise<Float64Array[]>;

  robotsListNew(agents: readonly string[]): RobotsListHandle;
  /** What a robots.txt (or a host's) was answered with; false where it says nothing: kernels/include/refine/robots.h. */
  robotsListAdd(list: RobotsListHandle, url: string, status: number, location: string, body: Uint8Array): boolean;
  robotsListCompile(list: RobotsListHandle): Promise<Uint8Array>;
  robotsTableOpen(source: string | Uint8Array): RobotsTableHandle;
  /** Hosts that disallow something, and the rule sets that differ. */
  robotsTableCounts(table: RobotsTableHandle): { readonly hosts: number; readonly ruleSets: number };
  /** 1 where one of the agents may not fetch the row's URL. */
  robotsTableJudge(table: RobotsTableHandle, url: BytesColumn): Promise<Uint8Array>;
}
