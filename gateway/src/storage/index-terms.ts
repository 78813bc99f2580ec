import { createHash } from 'node:crypto'
import type { SearchPage } from '../governance/recording/operation-index.ts'
import type { SearchQuery, SearchTerm, SearchValue, TermKey } from '../governance/recording/search-query.ts'
import { wordsOf } from '../governance/recording/search-words.ts'
import type { FoundRow } from './found-operation.ts'
import { type IndexedOperation, type IndexedSession, MAX_CODES, type OperationChange } from './index-store.ts'

/**
 * Operations and queries as terms of an inverted index, the same for every database. A word of the text is a term as it
 * stands; a value of a field is `x=value`, which no text can forge because words hold no `=`.
 */
const FIELDS: Readonly<Record<Exclude<TermKey, 'text'>, string>> = {
  agent: 'g=', identity: 'i=', for: 'f=', target: 't=', table: 'o=', action: 'a=', decision: 'd=', rule: 'r=', session: 's=',
  purpose: 'p=', error: 'e=', masked: 'm=',
}
/** Whose sessions: name, kind and issuer together, with and without who acted for them and the target. */
const OWNER = 'w='
const DECISIONS = ['allow', 'deny', 'review']

const MAX_VALUE_UNITS = 200
// oxlint-disable-next-line no-control-regex -- what an ASCII tokenizer parts words at
const UNSAFE = /[\x00-\x7f]/g
const SAFE = /^[a-z0-9._-]*$/

/** @returns the value in lower case, with `%xx` for all of ASCII but letters, digits and `.`, `_`, `-` */
function encodeValue(value: string): string {
  let text = value.toLowerCase()
  if (text.length > MAX_VALUE_UNITS) text = `${text.slice(0, MAX_VALUE_UNITS - 40)}~${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
  if (SAFE.test(text)) return text
  return text.normalize('NFKC').toWellFormed()
    .replaceAll(UNSAFE, (char) => (SAFE.test(char) || char === '~' ? char : `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`))
}

/** `public.customers` is found as such and as `customers`. */
function nameEndings(name: string): string[] {
  const endings = [name]
  for (let dot = name.indexOf('.'); dot >= 0 && endings.length < 4; dot = name.indexOf('.', dot + 1)) endings.push(name.slice(dot + 1))
  return endings
}

/** A digest, as no name may pass for another that is only like it: terms know neither letters' case nor ways to write a letter. */
function ownerTerm({ name, kind, issuer }: IndexedSession['identity'], actors: readonly string[], target?: string): string {
  return OWNER + createHash('sha256').update(JSON.stringify([kind, issuer, name, actors, target])).digest('hex').slice(0, 32)
}

/** Terms that all operations of a session have, parted by blanks. */
export function sessionTerms({ id, identity, actors, target, purpose }: IndexedSession): string {
  const agents = identity.kind === 'agent' ? [identity.name, ...actors] : actors
  const terms = [
    FIELDS.session + encodeValue(id), FIELDS.target + encodeValue(target),
    ...[[], ...(actors.length > 0 ? [actors] : [])].flatMap((acting) => [ownerTerm(identity, acting), ownerTerm(identity, acting, target)]),
    ...agents.map((name) => FIELDS.agent + encodeValue(name)),
    ...[identity.name, ...actors].map((name) => FIELDS.identity + encodeValue(name)),
    // RFC 8693: the subject is who it is for, once somebody else acts.
    ...(actors.length > 0 ? [FIELDS.for, FIELDS.for + encodeValue(identity.name)] : []),
    ...wordsOf(purpose).map((word) => FIELDS.purpose + word),
  ]
  return terms.join(' ')
}

/** Terms of what an operation does and says, parted by blanks. */
export function operationTerms(row: Pick<IndexedOperation, 'actions' | 'objects' | 'decision' | 'rule' | 'text' | 'integers'>, masked: number, codes: Iterable<string>): string {
  let terms = `${FIELDS.decision}${row.decision} ${FIELDS.rule}${encodeValue(row.rule)}`
  for (const action of row.actions) terms += ` ${FIELDS.action}${encodeValue(action)}`
  if (row.objects.length > 0) terms += ` ${FIELDS.table}`
  for (const object of row.objects) for (const name of nameEndings(object)) terms += ` ${FIELDS.table}${encodeValue(name)}`
  if (masked > 0) terms += ` ${FIELDS.masked}`
  let failed = false
  for (const code of codes) {
    if (!failed) terms += ` ${FIELDS.error}`
    failed = true
    terms += ` ${FIELDS.error}${encodeValue(code)}`
  }
  return `${terms} ${wordsOf(row.text).join(' ')}${row.integers}`
}

/** What can be added to an operation's row after its own slice. */
export interface LaterTerms {
  readonly codes: readonly string[]
  readonly integers: string
  /** All of {@link operationTerms}, anew. */
  readonly terms: string
}

/**
 * Errors, masks or integers that came in a later slice than the row.
 * @param row with what was added to its count of masked values
 * @returns undefined where its terms stay as they are
 */
export function laterTerms(row: Pick<FoundRow, 'actions' | 'objects' | 'decision' | 'rule' | 'text' | 'integers' | 'masked' | 'codes'>, added: OperationChange['outcomes'], newIntegers: string | undefined): LaterTerms | undefined {
  const known = JSON.parse(row.codes) as string[]
  const codes = [...new Set([...known, ...added.codes])].slice(0, MAX_CODES)
  const isFirstMasked = added.masked > 0 && row.masked === added.masked
  if (codes.length === known.length && !isFirstMasked && newIntegers === undefined) return undefined
  const { decision, rule, text, masked } = row
  const integers = newIntegers ?? row.integers
  const lists = { actions: JSON.parse(row.actions) as string[], objects: JSON.parse(row.objects) as string[] }
  return { codes, integers, terms: operationTerms({ ...lists, decision, rule, text, integers }, masked, codes) }
}

/** Terms directly one behind the other; of the last, also longer ones that begin so. */
export interface TermPhrase {
  readonly terms: readonly string[]
  readonly beginning: boolean
}

export interface TermQuery {
  /** Of each list one phrase must be there. Never empty. */
  readonly all: readonly (readonly TermPhrase[])[]
  /** None of these may be there. */
  readonly none: readonly TermPhrase[]
}

export function termQuery({ terms }: SearchQuery, owner: SearchPage['owner']): TermQuery {
  const all = terms.filter((term) => !term.negated).map((term) => term.anyOf.map((value) => phraseOf(term, value)))
  if (owner !== undefined) {
    const { actors, targets = [undefined] } = owner
    all.push(targets.map((target) => ({ terms: [ownerTerm(owner, actors, target)], beginning: false })))
  }
  // An inverted index cannot list what lacks a term, so all that there is must be asked for by a term of its own.
  if (all.length === 0) all.push(DECISIONS.map((decision) => ({ terms: [FIELDS.decision + decision], beginning: false })))
  return { all, none: terms.filter((term) => term.negated).flatMap((term) => term.anyOf.map((value) => phraseOf(term, value))) }
}

function phraseOf({ key }: SearchTerm, { text, match }: SearchValue): TermPhrase {
  const beginning = match === 'beginning'
  if (key === 'text') return { terms: wordsOf(text), beginning }
  if (key === 'purpose') return { terms: wordsOf(text).map((word) => FIELDS.purpose + word), beginning }
  return { terms: [FIELDS[key] + encodeValue(text)], beginning }
}
