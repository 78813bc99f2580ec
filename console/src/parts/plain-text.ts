/**
 * Text of others, such that what is read is what is there: control characters, marks that turn the direction of text, and
 * what nobody sees or takes for a plain blank stand as pictures of themselves. Line breaks and tabs stay.
 */
export function plainText(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu, (char) => {
    if (char === '\n' || char === '\t') return char
    const code = char.codePointAt(0) ?? 0
    return code < 0x20 ? String.fromCodePoint(0x2400 + code) : `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`
  })
}
