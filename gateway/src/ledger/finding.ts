/** What is wrong with a ledger, and where. */
export interface Finding {
  readonly what:
    /** The entry is not the one that was signed: changed, moved, or put in. */
    | 'entry-changed'
    /** Entries that a checkpoint covers are not there. */
    | 'entry-missing'
    /** The bytes there cannot be an entry. */
    | 'entry-unreadable'
    /** The entries are right, their stored leaf hash is not. */
    | 'hash-changed'
    /** A checkpoint is not this key's, not readable, or out of order. */
    | 'checkpoint-invalid'
    /** The checkpoint files do not belong together. */
    | 'checkpoint-missing'
    /** A proof does not lead to the signed root. */
    | 'proof-wrong'
    /** A bundle is not one: cut off, or with something in it that does not belong there. */
    | 'bundle-unreadable'
    /** The events of a bundle say that there must be another, which is not in it. */
    | 'event-missing'
    /** A sealed segment is not the one whose digest is in the log. */
    | 'segment-changed'
    | 'segment-missing'
  /** The first bad entry, or for a checkpoint the first entry that only it covers. */
  readonly index: number
  /** Set when the first bad entry is one of `index` to `last`, and the stored hashes cannot tell which. */
  readonly last?: number
  /** File, relative to the ledger's directory; in a bundle, the member. */
  readonly file: string
  /** Byte offset in that file. */
  readonly offset: number
  readonly message: string
}

/** Of a whole file, not of one entry: naming one would lead astray. */
const OF_A_FILE: ReadonlySet<Finding['what']> = new Set(['checkpoint-invalid', 'checkpoint-missing', 'bundle-unreadable'])

export function describeFinding({ what, index, last, file, offset, message }: Finding): string {
  const place = `${file}, byte ${offset}`
  // In a bundle no entry is known of a segment; in a ledger it is the one that tells of it.
  if (OF_A_FILE.has(what) || (what.startsWith('segment-') && !file.startsWith('recordings/'))) return `${place}: ${message}`
  return `${last === undefined ? `entry ${index}` : `an entry from ${index} to ${last}`} (${place}): ${message}`
}
