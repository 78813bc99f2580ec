import type { ReplayLine } from '@sallyport/contract'
import { terminalText } from './terminal-text.ts'

/** What came of an operation, put together from the lines of a replay. */
export interface OperationResult {
  columns: readonly string[]
  readonly rows: (readonly (string | null)[])[]
  /** Rows that are not kept for showing. */
  more: number
  /** Terminal output, as text. */
  output: string
  /** True when only a replay can show what was on the screen. */
  fullScreen: boolean
  readonly words: string[]
}

const MAX_ROWS = 200
const MAX_OUTPUT = 100_000

/** Results by the number of their operation; of one with several statements, one each. */
export function resultsOf(lines: readonly ReplayLine[]): ReadonlyMap<number, readonly OperationResult[]> {
  const results = new Map<number, OperationResult[]>()
  const screens = new Map<OperationResult, Screen>()
  for (const line of lines) {
    if (!('operation' in line) || typeof line.operation !== 'number') continue
    const of = results.get(line.operation) ?? []
    results.set(line.operation, of)
    if (line.type === 'columns') of.push({ columns: line.names, rows: [], more: 0, output: '', fullScreen: false, words: [] })
    let last = of.at(-1)
    if (last === undefined) of.push(last = { columns: [], rows: [], more: 0, output: '', fullScreen: false, words: [] })
    if (line.type === 'row') {
      if (last.rows.length < MAX_ROWS) last.rows.push(line.values)
      else last.more += 1
    } else if (line.type === 'output') {
      const screen = screens.get(last) ?? { decoder: new TextDecoder(), raw: '' }
      screens.set(last, screen)
      if (screen.raw.length < MAX_OUTPUT) screen.raw += screen.decoder.decode(Uint8Array.from(atob(line.base64), (char) => char.charCodeAt(0)), { stream: true })
    }
    else if (line.type === 'completed' || line.type === 'failed' || line.type === 'limited') last.words.push(line.text)
  }
  for (const [result, { raw }] of screens) {
    const { text, fullScreen } = terminalText(raw.slice(0, MAX_OUTPUT))
    Object.assign(result, { output: text, fullScreen })
  }
  return results
}

/** A character may begin in one piece of the output and end in the next. */
interface Screen {
  readonly decoder: TextDecoder
  raw: string
}
