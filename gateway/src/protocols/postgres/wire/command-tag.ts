/**
 * Rows that a CommandComplete tag tells of: the number it ends with (`SELECT 5`, `INSERT 0 5`, `COPY 5`), else 0.
 * @param end offset of the tag's terminating NUL
 */
export function rowsOfTag(frame: Buffer, start: number, end: number): number {
  let rows = 0
  let scale = 1
  for (let at = end - 1; at >= start; at--) {
    const digit = (frame[at] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return scale > 1 && frame[at] === 0x20 ? rows : 0
    rows += digit * scale
    scale *= 10
  }
  return 0
}

const TRANSACTION_TAGS: ReadonlySet<string> = new Set(['BEGIN', 'START TRANSACTION', 'COMMIT', 'ROLLBACK', 'PREPARE TRANSACTION'])
const LONGEST_TAG = 19

/**
 * Whether a command that completed began or ended a transaction: what went before it in the same pipeline is settled.
 * @param start of the tag in CommandComplete @param end behind its last character
 */
export function movesTransaction(bytes: Buffer, start: number, end: number): boolean {
  const length = end - start
  // A row count ends nearly every other tag.
  if (length < 5 || length > LONGEST_TAG || (bytes[end - 1] ?? 0) <= 0x39) return false
  return TRANSACTION_TAGS.has(bytes.toString('latin1', start, end))
}
