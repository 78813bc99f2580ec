/**
 * Text of others, such that what is read is what is there: control characters, marks that turn the direction of text, and
 * invisible ones stand as pictures of themselves. Line breaks and tabs stay.
 */
export function plainText(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => {
    if (char === '\n' || char === '\t') return char
    const code = char.codePointAt(0) ?? 0
    return code < 0x20 ? String.fromCodePoint(0x2400 + code) : `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`
  })
}
