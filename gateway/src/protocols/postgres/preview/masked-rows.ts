import { ByteReader } from '../../../bytes/byte-reader.ts'
import type { CatalogView } from '../catalog-keeper.ts'
import { maskRow, planRow } from '../mask-rows.ts'
import { HEADER_BYTES } from '../wire/message-types.ts'
import { readRowDescription } from '../wire/row-description.ts'
import type { Result } from './answers.ts'

export type Values = Readonly<Record<string, string | null>>

export interface Masking {
  readonly catalog: Pick<CatalogView, 'masking' | 'protectedColumns' | 'knows'>
  readonly hashKey: Uint8Array
}

interface Shown {
  readonly name: string
  readonly index: number
}

const MAX_COLUMNS = 30
const MAX_CHARACTERS = 256

/** Rows as the session would see them, without what cannot be shown safely. */
export class MaskedRows {
  /** One for each row, in order. */
  readonly rows: readonly (readonly (string | null)[])[]
  readonly #columns: readonly Shown[]
  readonly #count: number

  /** @throws MalformedFrameError */
  constructor(result: Result, { catalog, hashKey }: Masking) {
    const { description } = result
    const columns = description === undefined ? [] : readRowDescription(description, HEADER_BYTES, description.length)
    const names = description === undefined ? [] : readNames(description)
    const safe = !catalog.masking || columns.every(({ tableOid }) => tableOid === 0 || catalog.knows(tableOid))
    const plan = catalog.masking ? planRow(columns, catalog.protectedColumns, hashKey, true) : 'verbatim'
    this.rows = result.rows.map((row) => readValues(plan === 'verbatim' ? row : maskRow(row, 0, row.length, plan, { masked: 0 })))
    this.#count = columns.length
    // What comes from no table could be made of a masked value; a table that the catalog does not hold could have masks.
    const showable = ({ tableOid }: { readonly tableOid: number }) => !catalog.masking || tableOid !== 0
    this.#columns = safe ? columns.flatMap((column, index) => (showable(column) ? [{ name: names[index] ?? '', index }] : [])) : []
  }

  /** Of each row the values of the columns from one number to before another. */
  values(row: readonly (string | null)[], from = 0, to = this.#count): Values | undefined {
    const shown = this.#columns.filter(({ index }) => index >= from && index < to).slice(0, MAX_COLUMNS)
    if (shown.length === 0) return undefined
    return Object.fromEntries(shown.map(({ name, index }) => [name, cut(row[index] ?? null)]))
  }

  get columns(): number {
    return this.#count
  }
}

/** Also for answers to the gateway's own questions. */
export function readValues(row: Buffer): (string | null)[] {
  const reader = new ByteReader(row, HEADER_BYTES)
  return Array.from({ length: Math.max(reader.int16(), 0) }, () => {
    const length = reader.int32()
    return length === -1 ? null : reader.take(length).toString('utf8')
  })
}

function readNames(description: Buffer): string[] {
  const reader = new ByteReader(description, HEADER_BYTES)
  return Array.from({ length: Math.max(reader.int16(), 0) }, () => {
    const name = reader.cstring()
    reader.take(18)
    return name
  })
}

function cut(value: string | null): string | null {
  if (value === null || value.length <= MAX_CHARACTERS) return value
  return `${value.slice(0, MAX_CHARACTERS - 1).toWellFormed()}…`
}
