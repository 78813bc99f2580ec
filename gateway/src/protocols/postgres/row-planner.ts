import type { ProtectedColumns } from '../../sql/lineage/protected-columns.ts'
import { planRow } from './mask-rows.ts'
import type { RowPlan } from './names.ts'
import { HEADER_BYTES } from './wire/message-types.ts'
import { readRowDescription } from './wire/row-description.ts'

export interface DescribedRows {
  readonly plan: RowPlan
  /** Of the tables that its columns come from. */
  readonly tableOids: readonly number[]
}

const EMPTY = Buffer.alloc(0)
/** Up to here comparing byte by byte costs less than a call into native code. */
const FEW_BYTES = 128

/** Makes plans of row descriptions. Remembers the last one: a session often repeats a statement. */
export class RowPlanner {
  readonly #hashKey: Uint8Array
  #frame: Buffer = EMPTY
  #planned: Buffer = EMPTY
  #protectedColumns: ProtectedColumns | undefined
  #utf8 = false
  #described: DescribedRows = { plan: [], tableOids: [] }

  constructor(hashKey: Uint8Array) {
    this.#hashKey = hashKey
  }

  /**
   * @param description as {@link RowPlanner.copyOf} gave it
   * @throws MalformedFrameError
   */
  describe(description: Buffer, protectedColumns: ProtectedColumns, utf8: boolean): DescribedRows {
    if (description === this.#planned && this.#protectedColumns === protectedColumns && this.#utf8 === utf8) return this.#described
    const columns = readRowDescription(description, HEADER_BYTES, description.length)
    const tableOids = [...new Set(columns.map(({ tableOid }) => tableOid))].filter((oid) => oid !== 0)
    this.#described = { plan: planRow(columns, protectedColumns, this.#hashKey, utf8), tableOids }
    this.#planned = description
    this.#protectedColumns = protectedColumns
    this.#utf8 = utf8
    return this.#described
  }

  /** The description's bytes for keeping: the same copy again for the same bytes. */
  copyOf(frame: Buffer, start: number, end: number): Buffer {
    if (!isSame(this.#frame, frame, start, end)) this.#frame = Buffer.from(frame.subarray(start, end))
    return this.#frame
  }
}

function isSame(kept: Buffer, frame: Buffer, start: number, end: number): boolean {
  const length = end - start
  if (kept.length !== length) return false
  if (length > FEW_BYTES) return kept.compare(frame, start, end) === 0
  for (let at = 0; at < length; at++) if (kept[at] !== frame[start + at]) return false
  return true
}
