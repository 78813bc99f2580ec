import { SearchSyntaxError } from './search-query.ts'

/** One piece of a query between blanks. */
export interface ScannedTerm {
  readonly negated: boolean
  /** What stands before the first colon, if it is a name; undefined for a text. */
  readonly key: string | undefined
  /** Where the term begins, from 1. */
  readonly position: number
  readonly values: readonly ScannedValue[]
}

export interface ScannedValue {
  readonly text: string
  readonly quoted: boolean
  readonly position: number
}

const BLANK = /\s/
/** What ends a value that stands without quotes. */
const DELIMITER = /[\s",]/
const KEY = /^([A-Za-z]+):/

/**
 * Cuts a query into terms.
 *
 *     query = { blank } [ term { blank term } ]
 *     term  = [ "-" ] ( key ":" value { "," value } | value )
 *     value = '"' { any but '"' and '\' | '\"' | '\\' } '"' | bare
 *     bare  = one or more of any but blanks, '"' and, behind a key, ','
 *
 * @throws SearchSyntaxError
 */
export function scanSearch(query: string): ScannedTerm[] {
  const terms: ScannedTerm[] = []
  let at = 0
  for (;;) {
    while (at < query.length && BLANK.test(query.charAt(at))) at++
    if (at >= query.length) return terms
    const start = at
    const negated = query[at] === '-'
    if (negated) at++
    const key = KEY.exec(query.slice(at, at + 40))?.[1]
    if (key !== undefined) at += key.length + 1
    const values: ScannedValue[] = []
    do {
      if (values.length > 0) at++
      const value = scanValue(query, at, key !== undefined)
      values.push(value.scanned)
      at = value.end
    } while (key !== undefined && query[at] === ',')
    if (at < query.length && !BLANK.test(query.charAt(at))) {
      throw new SearchSyntaxError('something stands directly behind a value', at + 1, 'Put a blank between terms, and quotes around a whole value.')
    }
    terms.push({ negated, key: key?.toLowerCase(), position: start + 1, values })
  }
}

function scanValue(query: string, start: number, listed: boolean): { scanned: ScannedValue; end: number } {
  const position = start + 1
  if (query[start] === '"') return scanQuoted(query, start)
  let end = start
  while (end < query.length && (query[end] === ',' ? !listed : !DELIMITER.test(query.charAt(end)))) end++
  if (end === start) throw new SearchSyntaxError('a value is missing', position, 'Write it directly behind the colon, comma or minus.')
  return { scanned: { text: query.slice(start, end), quoted: false, position }, end }
}

function scanQuoted(query: string, start: number): { scanned: ScannedValue; end: number } {
  let text = ''
  for (let at = start + 1; at < query.length; at++) {
    if (query[at] === '"') return { scanned: { text, quoted: true, position: start + 1 }, end: at + 1 }
    if (query[at] === '\\' && (query[at + 1] === '"' || query[at + 1] === '\\')) at++
    text += query.charAt(at)
  }
  throw new SearchSyntaxError('a quotation is not closed', start + 1, 'End it with ". A quotation mark inside is written \\".')
}
