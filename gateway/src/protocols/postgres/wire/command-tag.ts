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
