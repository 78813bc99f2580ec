import type { OperationDecided, OperationFinished } from '../governance/recording/event-schema.ts'
import type { SessionRecord } from '../governance/recording/session-store.ts'
import type { ReplayItem } from '../governance/recording/stream.ts'
import type { RecordedPart } from '../governance/recording/session-reading.ts'

const COLUMNS = 120
const ROWS = 36
/** A client may name any size of its terminal, and a player makes room for all of it. */
const MAX_COLUMNS = 500
const MAX_SCREEN_ROWS = 200
/** Rows of one result; a terminal shows no more that anybody could read. */
const MAX_ROWS = 200
const MAX_CELL = 60
const MAX_TEXT = 4_000
/** Events of a session that are read before its first item. */
const MAX_BEFORE_SIZE = 100

/**
 * A session as asciicast v3 (docs.asciinema.org/manual/asciicast/v3). Terminal output is given as it was; of other
 * protocols, statements and results are written as a terminal client would show them.
 */
export async function* asciicast(record: SessionRecord, parts: AsyncIterable<RecordedPart>): AsyncGenerator<string> {
  const before: RecordedPart[] = []
  const rest = parts[Symbol.asyncIterator]()
  const first = await firstSize(rest, before)
  yield `${JSON.stringify({
    version: 3, term: first ?? { cols: COLUMNS, rows: ROWS }, timestamp: Math.floor(record.openedAtMs / 1000),
    title: `${record.identity.name} on ${record.target}, ${record.id}`,
  })}\n`
  const clock = new Clock()
  const output = new TextDecoder()
  const input = new TextDecoder()
  let rows = 0
  for await (const part of joined(before, rest)) {
    if ('event' in part) {
      const { event } = part
      const words = event.event === 'operation.decided' ? decidedWords(event) : event.event === 'operation.finished' ? finishedWords(event) : undefined
      if (event.event === 'operation.decided') rows = 0
      if (words !== undefined) yield line(clock.since(event.at - record.openedAtMs), 'o', words)
    } else if ('missing' in part) yield line(0, 'o', `(${plain(part.missing)})\r\n`)
    else {
      const { item } = part
      if (item.kind === 'row') rows += 1
      // A character may be split between two pieces.
      const decoder = item.kind === 'input' ? input : output
      if (item.kind === 'resize') {
        const size = sizeOf(item)
        if (size !== undefined) yield line(clock.since(item.atMs), 'r', `${size.cols}x${size.rows}`)
        continue
      }
      const text = 'bytes' in item ? decoder.decode(item.bytes, { stream: true }) : itemWords(item, rows)
      if (text !== '') yield line(clock.since(item.atMs), item.kind === 'input' ? 'i' : 'o', text)
    }
  }
}

/** Terminals say their size before anything is shown. What is read on the way to it is put into `before`. */
async function firstSize(parts: AsyncIterator<RecordedPart>, before: RecordedPart[]): Promise<Size | undefined> {
  while (before.length < MAX_BEFORE_SIZE) {
    const next = await parts.next()
    if (next.done === true) return undefined
    before.push(next.value)
    if (!('item' in next.value)) continue
    return next.value.item.kind === 'resize' ? sizeOf(next.value.item) : undefined
  }
  return undefined
}

interface Size {
  readonly cols: number
  readonly rows: number
}

/** Undefined where the client does not know it, which it says by a zero (RFC 4254 §6.2). */
function sizeOf({ columns, rows }: { readonly columns: number; readonly rows: number }): Size | undefined {
  return columns === 0 || rows === 0 ? undefined : { cols: Math.min(columns, MAX_COLUMNS), rows: Math.min(rows, MAX_SCREEN_ROWS) }
}

async function* joined(before: readonly RecordedPart[], rest: AsyncIterator<RecordedPart>): AsyncGenerator<RecordedPart> {
  yield* before
  yield* { [Symbol.asyncIterator]: () => rest }
}

/** Intervals between events; those whose times run backwards follow at once. */
class Clock {
  #lastMs = 0

  since(atMs: number): number {
    const interval = Math.max(0, atMs - this.#lastMs)
    this.#lastMs += interval
    return interval / 1000
  }
}

function line(seconds: number, code: 'o' | 'i' | 'r', text: string): string {
  return `${JSON.stringify([seconds, code, text.toWellFormed()])}\n`
}

function decidedWords({ n, text, decision, rule }: OperationDecided): string {
  const shown = plain(text.slice(0, MAX_TEXT)).replaceAll('\n', '\r\n') + (text.length > MAX_TEXT ? ' …' : '')
  const refused = decision === 'allow' ? '' : `\r\n(${decision} by ${plain(rule)})`
  return `\u001b[1m${n}>\u001b[0m ${shown}${refused}\r\n`
}

function finishedWords({ result, rows, code }: OperationFinished): string {
  return `(${result}${code === undefined ? '' : ` ${plain(code)}`}, ${rows} ${rows === 1 ? 'row' : 'rows'})\r\n\r\n`
}

function itemWords(item: Exclude<ReplayItem, { readonly bytes: Buffer } | { readonly kind: 'resize' }>, row: number): string {
  switch (item.kind) {
    case 'columns':
      return `\u001b[4m${item.names.map(cell).join(' | ')}\u001b[0m\r\n`
    case 'row':
      if (row > MAX_ROWS) return row === MAX_ROWS + 1 ? '…\r\n' : ''
      return `${item.values.map((value) => cell(value ?? 'NULL')).join(' | ')}\r\n`
    default:
      return `${plain(item.text)}\r\n`
  }
}

function cell(value: string): string {
  const text = plain(value.slice(0, MAX_CELL)).replaceAll('\n', '␤')
  return value.length > MAX_CELL ? `${text}…` : text
}

/** What a statement or a value holds must not act on a terminal: only a terminal's own recording may. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0
    return char === '\n' || char === '\t' ? char : code < 0x20 ? String.fromCodePoint(0x2400 + code) : '�'
  })
}
