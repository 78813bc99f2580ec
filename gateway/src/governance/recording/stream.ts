/** What a session's stream is made of: pieces of what the agent received and sent, in the order in which it happened. */
export interface StreamChunk {
  /**
   * `received`: bytes as the agent got them, after masking, in the session's own protocol. `sent`: bytes that the agent
   * sent beyond the text of its operations, such as COPY data or terminal input. `limited`: from here on the operation's
   * content is left out, as the policy says; the bytes say why, as UTF-8. `original`: masked values as they were, sealed
   * to the auditor's public key; only its holder can read them.
   */
  readonly kind: 'received' | 'sent' | 'limited' | 'original'
  /** Number of the operation that it belongs to; 0 where it belongs to none. */
  readonly operation: number
  /** Milliseconds since the session was opened. */
  readonly atMs: number
  readonly bytes: Buffer
}

/** A piece of a stream in neutral words, for people to read. Each protocol's adapter makes them of its own bytes. */
export type ReplayItem =
  | { readonly kind: 'columns'; readonly operation: number; readonly atMs: number; readonly names: readonly string[] }
  | { readonly kind: 'row'; readonly operation: number; readonly atMs: number; readonly values: readonly (string | null)[] }
  | { readonly kind: 'completed'; readonly operation: number; readonly atMs: number; readonly text: string }
  | { readonly kind: 'failed'; readonly operation: number; readonly atMs: number; readonly text: string }
  | { readonly kind: 'output' | 'input'; readonly operation: number; readonly atMs: number; readonly bytes: Buffer }
  /** A terminal's size, as it is from here on. */
  | { readonly kind: 'resize'; readonly operation: number; readonly atMs: number; readonly columns: number; readonly rows: number }
  | { readonly kind: 'limited'; readonly operation: number; readonly atMs: number; readonly text: string }

/** Takes down what one session's agent receives and sends. Memory is bounded: see `full`. */
export interface SessionRecorder {
  /** Rows of one operation that the policy wants on record; infinite for all. See {@link RowLimit}. */
  readonly rowsPerOperation: number
  /** Copies the bytes before it returns. */
  received(operation: number, bytes: Buffer, start: number, end: number): void
  sent(operation: number, bytes: Buffer, start: number, end: number): void
  /** Says that the rest of an operation is left out, as the policy asks. */
  limited(operation: number, why: string): void
  /** Whether masked values are to be given to {@link original}, as the policy asks. */
  readonly keepsOriginals: boolean
  /**
   * A masked value as the target sent it, to be sealed to the auditor's public key. Copies it before it returns.
   * @param row number of the row in the operation's result, from 1
   * @param column place of the column in the row, from 1
   */
  original(operation: number, row: number, column: number, value: Buffer): void
  /** True when the store does not keep up: take nothing more from the target or the client until `onRoom` is called. */
  readonly full: boolean
  onRoom: () => void
  /** Set by the session: recording has become impossible, so the session must end. */
  onFailure: (error: Error) => void
  /** Seals what is left; resolves once all segments are kept and their digests are in the ledger. */
  close(): Promise<void>
}
