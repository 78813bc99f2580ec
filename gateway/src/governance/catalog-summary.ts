/** What a target holds, as a gateway last read it for the sessions there: numbers, and names of things; never values. */
export interface CatalogSummary {
  /** Those with at least one table, view or sequence; the target's own system schemas, and temporary ones, are in no number. */
  readonly schemas: number
  readonly tables: number
  readonly views: number
  /** How many columns are masked for those whom no mask spares; with columns of views that show them. */
  readonly maskedColumns: number
  /** The first of them by name, `schema.table.column`. */
  readonly masked: readonly string[]
  /** When it was read, or last found unchanged. */
  readonly readAtMs: number
}
