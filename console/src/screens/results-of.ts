import type { ReplayLine } from '@sallyport/contract'

/** What came of an operation, put together from the lines of a replay. */
export interface OperationResult {
  columns: readonly string[]
  readonly rows: (readonly (string | null)[])[]
  /** Rows that are not kept for showing. */
  more: number
  /** Terminal output, as text. */
  output: string
  readonly words: string[]
}

const MAX_ROWS = 200
const MAX_OUTPUT = 100_000

/** Results by the number of their operation; of one with several statements, one each. */
export function resultsOf(lines: readonly ReplayLine[]): ReadonlyMap<number, readonly OperationResult[]> {
  const results = new Map<number, OperationResult[]>()
  const decoder = new TextDecoder()
  for (const line of lines) {
    if (!('operation' in line) || typeof line.operation !== 'number') continue
    const of = results.get(line.operation) ?? []
    results.set(line.operation, of)
    if (line.type === 'columns') of.push({ columns: line.names, rows: [], more: 0, output: '', words: [] })
    let last = of.at(-1)
    if (last === undefined) of.push(last = { columns: [], rows: [], more: 0, output: '', words: [] })
    if (line.type === 'row') {
      if (last.rows.length < MAX_ROWS) last.rows.push(line.values)
      else last.more += 1
    } else if (line.type === 'output') last.output = `${last.output}${decoder.decode(Uint8Array.from(atob(line.base64), (char) => char.charCodeAt(0)))}`.slice(0, MAX_OUTPUT)
    else if (line.type === 'completed' || line.type === 'failed' || line.type === 'limited') last.words.push(line.text)
  }
  return results
}
