/** A number with its word: `1 row`, `2,000 rows`. */
export function counted(number: number, word: string): string {
  return `${number.toLocaleString()} ${word}${number === 1 ? '' : 's'}`
}
