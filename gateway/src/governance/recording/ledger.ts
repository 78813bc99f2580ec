/** The port through which every event goes on record. */
export interface Ledger {
  /**
   * Takes one event, serialised as JSON, at most {@link MAX_ENTRY_BYTES} of UTF-8. Buffers it and returns at once: it counts
   * only once a later {@link onWritten} callback has come without an error.
   * @throws RangeError when the entry is empty or too large; Error when too much is waiting already, or the ledger is
   * closed. The entry is then not on record, and nothing of it may be acted upon.
   */
  append(entry: string): void
  /**
   * Calls `done` when everything appended so far is written (with strict durability: on stable storage), or could
   * not be: then with the error, and nothing of it may be acted upon. One write serves all callers of a turn of the
   * event loop; callbacks come in the order of the calls.
   */
  onWritten(done: (error: Error | undefined) => void): void
}

/** The length prefix of an entry bundle is 16 bits wide. */
export const MAX_ENTRY_BYTES = 65_535
