/**
 * Text of others, made fit for a terminal: without anything that moves the cursor, changes its colours, its title or its
 * clipboard, or the order in which text is read. What a statement holds must not act on whoever looks at it.
 */
export function plainText(text: string): string {
  return text.replaceAll(STEERING, (char) => (char === '\n' || char === '\t' ? char : pictureOf(char)))
}

/** The same on one line. */
export function oneLine(text: string): string {
  return plainText(text.replaceAll(/[\s\p{Zl}\p{Zp}]+/gu, ' ')).trim()
}

/** At most so many characters of one line. */
export function shorten(text: string, length: number): string {
  // Statements may be large, and only their beginning is shown.
  const line = oneLine(text.slice(0, 8 * length))
  const chars = Array.from(line.length > 2 * length ? line.slice(0, 2 * length + 2) : line)
  return chars.length > length ? `${chars.slice(0, length - 1).join('')}…` : line
}

/**
 * Control characters, separators, private use, lone surrogates, and what nobody sees or takes for a blank: direction and
 * joining, fillers, variants, and blanks but for the plain one. With them a name could look like another.
 */
export const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu

/** Unicode has a picture of each ASCII control character; others are told by their number. */
function pictureOf(char: string): string {
  const code = char.codePointAt(0) ?? 0
  if (code < 0x20) return String.fromCodePoint(0x2400 + code)
  if (code === 0x7f) return '␡'
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`
}
