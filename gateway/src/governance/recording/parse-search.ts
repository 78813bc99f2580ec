import { closestName } from '../closest-name.ts'
import { type SearchQuery, SEARCH_KEYS, SearchSyntaxError, type SearchTerm, type SearchValue, TERM_KEYS, type TermKey, TIME_KEYS, type TimeKey } from './search-query.ts'
import { scanSearch, type ScannedTerm, type ScannedValue } from './search-scanner.ts'
import { readTime } from './search-time.ts'
import { wordsOf } from './search-words.ts'

/** Beyond these a query is a program, not a question. */
const MAX_QUERY_UNITS = 2_000
const MAX_TERMS = 40
const MAX_VALUES = 40
/** A beginning shorter than this is that of too many words. */
const MIN_BEGINNING = 3
const MIN_WRITTEN_BEGINNING = 2
const DECISIONS = ['allow', 'deny', 'review']
/** Keys for which `*` alone means: has any. */
const MAY_BE_PRESENT: readonly TermKey[] = ['error', 'for', 'masked', 'table']

/**
 * Reads a query such as `table:customers action:update agent:support-bot since:7d "refund"`.
 * @param nowMs what `since:7d` counts back from, Unix milliseconds
 * @throws SearchSyntaxError with the place and what to write instead
 */
export function parseSearch(query: string, nowMs: number): SearchQuery {
  if (query.length > MAX_QUERY_UNITS) throw new SearchSyntaxError(`the query is longer than ${MAX_QUERY_UNITS} characters`, MAX_QUERY_UNITS + 1, 'Ask for less at once.')
  const scanned = scanSearch(query)
  const beyond = scanned[MAX_TERMS]
  if (beyond !== undefined) throw new SearchSyntaxError(`the query has more than ${MAX_TERMS} terms`, beyond.position, 'Ask for less at once.')
  const terms: SearchTerm[] = []
  const times: { since?: number; until?: number } = {}
  for (const term of scanned) {
    const key = term.key ?? 'text'
    if (isTimeKey(key)) times[key] = timeOf(key, term, times, nowMs)
    else if (isTermKey(key) && (key !== 'text' || term.key === undefined)) terms.push(termOf(key, term))
    else throw unknownKey(key, term)
  }
  const { since, until } = times
  return { terms, ...(since !== undefined && { sinceMs: since }), ...(until !== undefined && { untilMs: until }) }
}

function isTimeKey(key: string): key is TimeKey {
  return (TIME_KEYS as readonly string[]).includes(key)
}

function isTermKey(key: string): key is TermKey {
  return (TERM_KEYS as readonly string[]).includes(key)
}

function unknownKey(key: string, { position, negated }: ScannedTerm): SearchSyntaxError {
  const near = closestName(key, SEARCH_KEYS)
  const meant = near === undefined ? `Keys are ${SEARCH_KEYS.join(', ')}` : `Did you mean "${near}"? Keys are ${SEARCH_KEYS.join(', ')}`
  return new SearchSyntaxError(`"${key}" is no key`, position + (negated ? 1 : 0), `${meant}. A text with a colon goes in quotes.`)
}

function timeOf(key: TimeKey, term: ScannedTerm, known: { since?: number; until?: number }, nowMs: number): number {
  const [value, second] = term.values
  if (term.negated) throw new SearchSyntaxError(`"${key}" cannot be negated`, term.position, `Use ${key === 'since' ? 'until' : 'since'} instead.`)
  if (known[key] !== undefined || second !== undefined) throw new SearchSyntaxError(`"${key}" is given twice`, second?.position ?? term.position, 'Give it once, with one time.')
  const span = value === undefined ? undefined : readTime(value.text, nowMs)
  if (value === undefined || span === undefined) {
    throw new SearchSyntaxError(`"${value?.text ?? ''}" is no time`, value?.position ?? term.position, 'Write 30m, 12h, 7d or 2w, or a time such as 2026-11-01 or 2026-11-01T14:30 (UTC unless a zone follows).')
  }
  return key === 'since' ? span.fromMs : span.endMs
}

function termOf(key: TermKey, { negated, values }: ScannedTerm): SearchTerm {
  const beyond = values[MAX_VALUES]
  if (beyond !== undefined) throw new SearchSyntaxError(`"${key}" has more than ${MAX_VALUES} values`, beyond.position, 'Ask for less at once.')
  return { key, negated, anyOf: values.map((value) => valueOf(key, value)) }
}

function valueOf(key: TermKey, value: ScannedValue): SearchValue {
  const { text, quoted, position } = value
  const marked = !quoted && text.endsWith('*')
  if (marked && text === '*' && MAY_BE_PRESENT.includes(key)) return { text: '', match: 'present' }
  const bare = marked ? text.slice(0, -1) : text
  if (key === 'text' || key === 'purpose') return wordsValue(bare, quoted, marked, position)
  if (key === 'masked') throw new SearchSyntaxError(`"${text}" cannot be asked of masks`, position, 'Write masked:* for operations of whose results a mask replaced something.')
  if (key === 'decision' && !DECISIONS.includes(bare.toLowerCase())) {
    const near = closestName(bare, DECISIONS)
    throw new SearchSyntaxError(`"${text}" is no decision`, position, `${near === undefined ? '' : `Did you mean "${near}"? `}Decisions are allow, deny and review.`)
  }
  if (bare.trim() === '') throw new SearchSyntaxError('the value is empty', position, marked ? 'Write how it begins before the *.' : 'Write a value.')
  return { text: bare, match: marked ? 'beginning' : 'whole' }
}

/** Words in quotes are meant as they stand; a word without them, if it is not very short, also as a beginning. */
function wordsValue(text: string, quoted: boolean, marked: boolean, position: number): SearchValue {
  const last = wordsOf(text).at(-1)
  if (last === undefined) throw new SearchSyntaxError(`"${text}" has no letter and no digit`, position, 'The text is searched by words: letters and digits.')
  if (marked && last.length < MIN_WRITTEN_BEGINNING) {
    throw new SearchSyntaxError(`"${text}*" is too short`, position, `Write at least ${MIN_WRITTEN_BEGINNING} letters before the *.`)
  }
  const beginning = marked || (!quoted && last.length >= MIN_BEGINNING && !/^\d+$/.test(last))
  return { text, match: beginning ? 'beginning' : 'whole' }
}
