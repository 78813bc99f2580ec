/** A word longer than this is found by its beginning. */
export const MAX_WORD_UNITS = 64

const ASCII_WORDS = /[a-z0-9]+/g
const WORDS = /[\p{L}\p{N}\p{M}]+/gu
// oxlint-disable-next-line no-control-regex -- the whole of ASCII is meant
const ASCII_ONLY = /^[\x00-\x7f]*$/

/**
 * The words of a text, as they are found: runs of letters and digits of any script, in lower case. Everything else parts
 * words, so `public.customer_id` is three.
 */
export function wordsOf(text: string): string[] {
  const words = ASCII_ONLY.test(text)
    ? text.toLowerCase().match(ASCII_WORDS)
    : text.normalize('NFKC').toLowerCase().match(WORDS)
  if (words === null) return []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string
    if (word.length > MAX_WORD_UNITS) words[at] = word.slice(0, MAX_WORD_UNITS).toWellFormed()
  }
  return words
}
