// What a source asks of an object store (s3://bucket/key). The store itself lies in pipeline/storage, which a stage may not
// import: the runner hands it in.

export interface RemoteObject {
  /** `s3://bucket/key`. */
  readonly url: string;
  readonly bytes: number;
  /** The ETag as sent, quotes included; null where the store gives none. */
  readonly tag: string | null;
}

export interface RemoteObjects {
  /** Null where there is none of that name. */
  head(url: string, signal: AbortSignal): Promise<RemoteObject | null>;
  /** Every object whose URL begins so, in the order of key bytes. */
  list(prefix: string, signal: AbortSignal): AsyncIterable<RemoteObject>;
  /** The bytes of `version` and of no other: ERR_REFINE_INPUT_CHANGED where the object became another, before or in the middle. */
  read(
    url: string,
    version: { readonly bytes: number | null; readonly tag: string | null } | null,
    signal: AbortSignal,
    /** The bytes [from, to); all by default. */
    range?: { readonly from: number; readonly to: number },
  ): AsyncIterable<Uint8Array>;
}
