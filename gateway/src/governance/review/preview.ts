/** What an operation would touch, found out before it is asked for. In neutral words; each protocol makes it in its own way. */
export interface Preview {
  /**
   * `rehearsed`: run and rolled back. `counted`: rows found with the same filter. `estimated`: what the target's planner
   * guesses, which never limits anything. `none`: see `notes`.
   */
  readonly method: 'rehearsed' | 'counted' | 'estimated' | 'none'
  /** Rows that the operation itself would change. */
  readonly rows: number | undefined
  /** True when `rows` is the most it could be, not what it is. */
  readonly atMost: boolean
  /** Of a rehearsal: every table that was changed, by triggers and cascades too. */
  readonly tables: readonly TableChange[]
  /** At most {@link MAX_SAMPLE} rows, masked as the agent would see them. */
  readonly sample: readonly RowChange[]
  /** For the reviewer, a sentence each: which locks it takes, what stays behind, why it was not rehearsed. */
  readonly notes: readonly string[]
}

export const MAX_SAMPLE = 5

export interface TableChange {
  readonly table: string
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
}

/** Values by column, as text, each cut at 256 characters; null is the target's null. */
export interface RowChange {
  readonly before: Readonly<Record<string, string | null>> | undefined
  readonly after: Readonly<Record<string, string | null>> | undefined
}
