import { setTimeout as sleep } from 'node:timers/promises'
import type { ReplayLine } from '@sallyport/contract'
import Table from 'cli-table3'
import { colours } from '../../terminal/colours.ts'
import { oneLine, plainText } from '../../terminal/plain-text.ts'
import { TerminalFilter } from '../../terminal/terminal-output.ts'
import { decisionWords, outcomeWords, rowsWords, sessionHead } from './show.ts'

export interface Pace {
  /** Statements too, not only terminals. */
  readonly statements: boolean
  readonly speed: number
  readonly maxWaitMs: number
}

const MAX_CELL = 60
const MAX_TEXT = 4_000
const MAX_COLUMNS = 50

/** Turns the lines of a replay into what a person reads. Holds no more than one result's shown rows. */
export class ReplayWriter {
  readonly #maxRows: number
  readonly #pace: Pace
  #openedAtMs = 0
  #nowMs = 0
  #names: readonly string[] | undefined
  #rows: (readonly (string | null)[])[] = []
  #rowCount = 0
  /** That of the last operation or result. */
  #operation = 0
  /** Terminals repeat their own escape sequences; other protocols have no business with them. */
  #terminal = false
  readonly #filter = new TerminalFilter()
  readonly #decoder = new TextDecoder()

  constructor(maxRows: number, pace: Pace) {
    this.#maxRows = maxRows
    this.#pace = pace
  }

  /** @returns what to print, once its time has come */
  async write(line: ReplayLine): Promise<string> {
    if (line.type === 'row' && line.operation === this.#operation) {
      this.#row(line.values)
      return ''
    }
    const before = this.rest() + this.#whose(line)
    switch (line.type) {
      case 'session':
        this.#openedAtMs = Date.parse(line.session.openedAt)
        this.#terminal = TERMINAL_PROTOCOLS.includes(line.session.protocol)
        return `${before}${sessionHead(line.session)}\n`
      case 'operation': {
        const text = await this.#paced(before, Date.parse(line.at) - this.#openedAtMs, this.#pace.statements)
        return `${text}\n${operationWords(line)}\n`
      }
      case 'columns':
        this.#names = line.names
        return before
      case 'row':
        this.#row(line.values)
        return before
      case 'completed':
        return before
      case 'failed':
        return `${before}${colours.red(shown(line.text))}\n`
      case 'output':
        return this.#output(before, line.atMs, Buffer.from(line.base64, 'base64'))
      case 'input':
      case 'resize':
        return before
      case 'limited':
        return `${before}${colours.yellow(`(not recorded beyond this: ${shown(line.text)})`)}\n`
      case 'missing':
        return `${before}\n${colours.yellow(`(${shown(line.text)})`)}\n`
      case 'outcome':
        return `${before}${colours.dim(outcomeWords(line.outcome))}\n`
      case 'closed':
        return `${before}\n${line.at}  ${oneLine(line.reason)}\n`
      case 'end':
        return before
    }
  }

  /** The result under way, as a table. */
  rest(): string {
    const names = this.#names
    if (names === undefined) return ''
    const more = this.#rowCount - this.#rows.length
    const text = names.length === 0 ? '' : `${resultTable(names, this.#rows)}\n`
    this.#names = undefined
    this.#rows = []
    this.#rowCount = 0
    return more === 0 ? text : `${text}… ${rowsWords(more)} more; see --rows\n`
  }

  /** Says of which operation the result is, where that is not the one before: live, results come behind their outcomes. */
  #whose(line: ReplayLine): string {
    if (line.type === 'operation') this.#operation = line.number
    if (!('operation' in line) || line.type === 'outcome' || line.operation === this.#operation) return ''
    const isFirst = this.#operation === 0
    this.#operation = line.operation
    return this.#terminal || isFirst ? '' : `${colours.dim(`${line.operation}>`)}\n`
  }

  #row(values: readonly (string | null)[]): void {
    this.#names ??= values.map((_, index) => String(index + 1))
    this.#rowCount += 1
    if (this.#rows.length < this.#maxRows) this.#rows.push(values)
  }

  async #output(before: string, atMs: number, bytes: Buffer): Promise<string> {
    const decoded = this.#decoder.decode(bytes, { stream: true })
    if (!this.#terminal) return before + shown(decoded)
    const text = await this.#paced(before, atMs, true)
    return text + this.#filter.write(decoded)
  }

  async #paced(text: string, atMs: number, wait: boolean): Promise<string> {
    const waitMs = Math.min((atMs - this.#nowMs) / this.#pace.speed, this.#pace.maxWaitMs)
    this.#nowMs = Math.max(this.#nowMs, atMs)
    if (wait && waitMs > 1) await sleep(waitMs)
    return text
  }
}

const TERMINAL_PROTOCOLS = ['ssh']

function operationWords({ number, text, parameters, decision }: Extract<ReplayLine, { type: 'operation' }>): string {
  const lines = [`${colours.bold(`${number}>`)} ${shown(text).replaceAll('\n', '\n   ')}`]
  if (parameters.length > 0) lines.push(colours.dim(`   ${parameters.map((value, index) => `$${index + 1} = ${value === null ? 'NULL' : cell(value)}`).join(', ')}`))
  if (decision.effect !== 'allow') lines.push(`   ${decisionWords(decision)}`)
  return lines.join('\n')
}

function resultTable(names: readonly string[], rows: readonly (readonly (string | null)[])[]): string {
  const head = names.slice(0, MAX_COLUMNS).map(cell)
  const table = new Table({ head, style: { head: [], border: [] } })
  for (const row of rows) table.push(row.slice(0, MAX_COLUMNS).map((value) => (value === null ? colours.dim('NULL') : cell(value))))
  // One line below the head, none between rows.
  const lines = table.toString().split('\n').filter((line, index) => index < 3 || !line.startsWith('├'))
  return lines.join('\n') + (names.length > MAX_COLUMNS ? `\n… ${names.length - MAX_COLUMNS} more columns` : '')
}

function cell(value: string): string {
  const line = plainText(value.slice(0, MAX_CELL)).replaceAll('\n', '␤').replaceAll('\t', '␉')
  return value.length > MAX_CELL ? `${line}…` : line
}

function shown(text: string): string {
  const plain = plainText(text.slice(0, MAX_TEXT))
  return text.length > MAX_TEXT ? `${plain}… (${text.length} characters)` : plain
}
