/** Tables over one byte, so that scanning costs one look-up a byte. */

function table(test: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (test(byte) ? 1 : 0))
}

function among(characters: string): (byte: number) => boolean {
  return (byte) => byte < 0x80 && byte > 0 && characters.includes(String.fromCharCode(byte))
}

const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const LETTERS = LOWER + LOWER.toUpperCase()
const DIGITS = '0123456789'

export const DIGIT = table(among(DIGITS))
export const LETTER = table(among(LETTERS))
export const ALPHANUMERIC = table(among(LETTERS + DIGITS))
export const HEX = table(among('0123456789abcdefABCDEF'))
/** Of names of keys and of words in general. */
export const WORD = table(among(`${LETTERS}${DIGITS}_-.`))
/** Base64 with the alphabet for URLs. */
export const BASE64_URL = table(among(`${LETTERS}${DIGITS}_-`))
/** RFC 6750's b64token, and what real tokens have besides. */
export const TOKEN = table(among(`${LETTERS}${DIGITS}_-.~+/=:|`))
/** What the part of an address before its `@` has without quotes; letters beyond ASCII are bytes from 0x80. */
export const LOCAL_PART = table((byte) => among(`${LETTERS}${DIGITS}._%+'-`)(byte) || (byte >= 0x80 && byte <= 0xbf) || (byte >= 0xc3 && byte <= 0xdf))
/** What stands between the groups of a number. */
export const SEPARATOR = table(among(' -._/'))
/** Begins what could still become a value: held until its end is known. */
export const TAIL = table((byte) => LOCAL_PART[byte] === 1)
export const SPACE = table(among(' \t\n\r\v\f'))
