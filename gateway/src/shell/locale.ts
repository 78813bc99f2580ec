const NAMES = /^(?:LANG|LANGUAGE|LC_.*)$/
/** Those that say which characters there are; the others say how dates, numbers and messages are written. */
const OF_CHARACTERS: ReadonlySet<string> = new Set(['LANG', 'LC_ALL', 'LC_CTYPE'])
/** As POSIX and glibc write them: nothing that a program could take for a path or a command. */
const LOCALES = /^[A-Za-z0-9_.@:-]{0,64}$/
const UTF8 = /^(?:C|POSIX|)$|\.utf-?8(?:@|$)/i

export function isLocaleVariable(name: string): boolean {
  return NAMES.test(name)
}

/**
 * Whether programs read texts as before with this variable. In another character set, such as Big5, a byte of one character
 * is a backslash or a quote.
 */
export function keepsTexts(name: string, value: string): boolean {
  return LOCALES.test(value) && (!OF_CHARACTERS.has(name) || UTF8.test(value))
}
