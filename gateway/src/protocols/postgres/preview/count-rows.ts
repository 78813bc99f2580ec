import type { RowChange } from '../../../governance/review/preview.ts'
import { MAX_SAMPLE } from '../../../governance/review/preview.ts'
import type { Counting } from '../../../sql/preview/counting.ts'
import { MaskedRows } from './masked-rows.ts'
import type { PreviewOptions } from './preview-options.ts'
import { rowsOf, type PreviewSession } from './preview-session.ts'

export interface Counted {
  readonly rows: number
  readonly atMost: boolean
}

/** SQLSTATE undefined_column: what is counted has no row identifiers, as views. */
const NO_IDENTIFIER = '42703'

/** @returns SQLSTATE, or undefined when there is nothing harmless to count with. @throws NoAnswer */
export async function countRows(session: PreviewSession, counting: Counting, types: readonly number[], options: PreviewOptions, returnsSets: boolean): Promise<Counted | string | undefined> {
  if (counting.listed !== undefined && !returnsSets) return { rows: counting.listed.rows, atMost: counting.atMost }
  const identified = await read(counting.text)
  if (identified !== NO_IDENTIFIER || counting.joined === undefined) return identified
  const joined = await read(counting.joined)
  return typeof joined === 'object' ? { ...joined, atMost: true } : joined

  async function read(text: string | undefined): Promise<Counted | string | undefined> {
    if (text === undefined || !readsOnly(text, options)) return undefined
    const answer = await session.read(text, types, ESTIMATE_RESERVE_MS)
    if (answer.code !== undefined) return answer.code
    const rows = Number(rowsOf(answer)[0]?.[0])
    return Number.isSafeInteger(rows) ? { rows, atMost: counting.atMost } : undefined
  }
}

/** So that the planner can still be asked when counting takes too long. */
const ESTIMATE_RESERVE_MS = 400

/** Nothing that the gateway wrote runs before it was analysed like a client's. */
export function readsOnly(text: string | undefined, { catalog }: PreviewOptions): boolean {
  if (text === undefined) return false
  const { facts } = catalog.analyser.analyse(text)
  return facts.readOnly && !facts.unknown && facts.statements === 1
}

/** Rows as they are now. Empty when they cannot be shown. @throws NoAnswer */
export async function sampleRows(session: PreviewSession, counting: Counting, types: readonly number[], options: PreviewOptions): Promise<readonly RowChange[]> {
  const { sample } = counting
  if (sample === undefined || !session.utf8 || !readsOnly(sample.text, options)) return []
  if (options.catalog.analyser.analyse(sample.text).facts.maskViolation !== undefined) return []
  const answer = await session.read(sample.text, types)
  const [result] = answer.results
  if (answer.code !== undefined || result === undefined) return []
  const masked = new MaskedRows(result, options)
  const seen = new Set<string>()
  const from = sample.identified ? 2 : 0
  return masked.rows
    .filter((row) => {
      const identity = row.slice(0, from).join(' ')
      if (from > 0 && seen.has(identity)) return false
      seen.add(identity)
      return true
    })
    .slice(0, MAX_SAMPLE)
    .flatMap((row) => {
      const before = masked.values(row, from)
      return before === undefined ? [] : [{ before, after: undefined }]
    })
}
