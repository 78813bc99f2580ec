/** A point up to which the log is signed. */
export interface SignedPoint {
  /** Entries that it covers. */
  readonly size: number
  /** The signed note. */
  readonly note: string
}

/**
 * The port through which the log is read as C2SP tlog-tiles, and proved. Gives nothing that the latest checkpoint does
 * not cover: `undefined` then, or a RangeError.
 */
export interface LedgerReader {
  /** Undefined before the first. */
  checkpoint(): Promise<SignedPoint | undefined>
  /** `width` hashes of 32 bytes. */
  hashTile(level: number, index: number, width: number): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** `width` entries, each behind its length. */
  entryBundle(index: number, width: number): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** Hashes of 32 bytes, from the leaf's sibling up (RFC 6962 §2.1.1). @throws RangeError */
  inclusionProof(index: number, size: number): Promise<Uint8Array[]>
  /** RFC 6962 §2.1.2. @throws RangeError */
  consistencyProof(first: number, second: number): Promise<Uint8Array[]>
}
