/** What texts are made of. ASCII only: whatever else there is belongs to no name and no number. */

const DIGITS = '0123456789'
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const NAME = `${LETTERS}${DIGITS}_`
const PLAIN = `${NAME}./:@%+,=-`

/** True of the empty text. */
export function consistsOf(text: string, characters: string): boolean {
  for (const character of text) if (!characters.includes(character)) return false
  return true
}

export function hasAny(text: string, characters: string): boolean {
  for (const character of text) if (characters.includes(character)) return true
  return false
}

export function isDigits(text: string): boolean {
  return text !== '' && consistsOf(text, DIGITS)
}

export function isLetter(character: string): boolean {
  return character !== '' && LETTERS.includes(character)
}

/** The name of a variable. */
export function isName(text: string): boolean {
  return text !== '' && !DIGITS.includes(text[0] ?? '') && consistsOf(text, NAME)
}

/** A number as arithmetic reads it: `12`, `0x1f`, `16#ff`. */
export function isNumberLike(text: string): boolean {
  return text !== '' && DIGITS.includes(text[0] ?? '') && consistsOf(text, `${NAME}#@`)
}

/** Whole also where it stands without quotes: neither split nor taken for a pattern. */
export function isPlain(text: string): boolean {
  return text !== '' && consistsOf(text, PLAIN)
}
