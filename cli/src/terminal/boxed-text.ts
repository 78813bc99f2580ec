import { oneLine, plainText } from './plain-text.ts'

const EDGE = '  │ '

/**
 * Text of others on lines of its own, each behind an edge: neither a line end nor the terminal's own wrapping lets it pass
 * for words of the command.
 * @param columns of the terminal; Infinity where nothing wraps
 */
export function boxedText(text: string, columns: number): string {
  const lines = plainText(text).replace(/\n$/, '').split('\n')
  return lines.flatMap((line) => wrapped(line, columns - EDGE.length)).map((line) => EDGE + line).join('\n')
}

/** Text of others behind a label, as one line; where it is wrapped it goes on below itself, never below the label. */
export function labelledText(label: string, text: string, columns: number): string {
  return label + wrapped(oneLine(text), columns - label.length).join(`\n${' '.repeat(label.length)}`)
}

/** Columns that a terminal takes for a line, or less. */
export function columnsOf(line: string): number {
  let columns = 0
  for (const char of line) columns += columnsOfChar(char)
  return columns
}

/** Columns of the terminal that a stream is; Infinity when it is none, and nothing wraps. */
export function terminalColumns(stream: NodeJS.WriteStream): number {
  return stream.isTTY ? stream.columns : Infinity
}

function wrapped(line: string, columns: number): string[] {
  const room = Math.max(20, columns)
  const lines: string[] = []
  let current = ''
  let width = 0
  for (const char of line) {
    const wide = columnsOfChar(char)
    if (width + wide > room) {
      lines.push(current)
      current = ''
      width = 0
    }
    current += char
    width += wide
  }
  return [...lines, current]
}

/** Beyond ASCII up to two columns, a tab up to eight. */
function columnsOfChar(char: string): number {
  return char === '\t' ? 8 : char.charCodeAt(0) < 0x80 ? 1 : 2
}
