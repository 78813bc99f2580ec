/**
 * The port to where sealed segments are kept: a file system, or an object store. Values are opaque; their digests are
 * in the ledger, so a store need not be trusted.
 */
export interface SegmentStore {
  /** Resolves once the segment is kept. Names are `session/number`; the same name is never put twice. */
  put(name: string, bytes: Uint8Array): Promise<void>
  get(name: string): Promise<Buffer | undefined>
  /** Safe when there is none of that name. */
  delete(name: string): Promise<void>
  /** Names that begin with `prefix`, in order. */
  list(prefix: string): AsyncIterable<string>
}
