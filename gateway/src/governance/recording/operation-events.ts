import type { Decision } from '../decision.ts'
import type { Outcome } from '../exchange.ts'
import type { Operation, OperationFacts } from '../operation.ts'
import type { Session } from '../session.ts'
import type { OperationDecided } from './event-schema.ts'
import { fitList, fitText, type Fitted } from './fit-entry.ts'
import { MAX_ENTRY_BYTES } from './ledger.ts'

/**
 * The two events that every operation leaves. Put together from JSON fragments that are kept as long as the objects
 * they describe: sessions, statement facts and decisions all live much longer than one operation.
 */

/** `,"session":"…","n":` by session. */
const sessionFragments = new WeakMap<Session, string>()
/** `,"actions":…,"readOnly":…` by facts, which are shared by all operations with the same statement. */
const factsFragments = new WeakMap<OperationFacts, string>()
/** `,"decision":…}` by decision, which policy remembers by facts. */
const decisionFragments = new WeakMap<Decision, string>()
/** `,"text":…`, from behind the parameters up to the decision, of the last operation with these facts, once its text was repeated. */
const middles = new WeakMap<OperationFacts, { text: string; middle: string | undefined }>()

/** How both begin, by the millisecond, which many of them share: a number this large is slow to write out. */
const beginnings = { atMs: -1, decided: '', finished: '' }
function beginningsAt(atMs: number): typeof beginnings {
  if (beginnings.atMs !== atMs) {
    beginnings.atMs = atMs
    beginnings.decided = joined('{"v":1,"event":"operation.decided","at":', String(atMs))
    beginnings.finished = joined('{"v":1,"event":"operation.finished","at":', String(atMs))
  }
  return beginnings
}

/** One piece in memory, which is written out faster than a chain of pieces. */
function joined(...pieces: string[]): string {
  return pieces.join('')
}

/** No text of this many UTF-16 units can be too long for an entry, however it is encoded. */
const SURELY_FITS = Math.floor(MAX_ENTRY_BYTES / 3)

function sessionFragment(session: Session): string {
  let fragment = sessionFragments.get(session)
  if (fragment === undefined) {
    fragment = joined(',"session":', JSON.stringify(session.id), ',"n":')
    sessionFragments.set(session, fragment)
  }
  return fragment
}

function factsFragment(facts: OperationFacts): string {
  let fragment = factsFragments.get(facts)
  if (fragment === undefined) {
    const functions = facts.functions.length === 0 ? '' : `,"functions":${JSON.stringify(facts.functions)}`
    fragment = `,"actions":${JSON.stringify(facts.actions)},"objects":${JSON.stringify(facts.objects)}${functions},"readOnly":${facts.readOnly}`
    factsFragments.set(facts, fragment)
  }
  return fragment
}

function decisionFragment(decision: Decision): string {
  let fragment = decisionFragments.get(decision)
  if (fragment === undefined) {
    const { effect, rule, policyVersion, grant, prepares = false } = decision
    const passed = `${grant === undefined ? '' : `,"grant":${JSON.stringify(grant)}`}${prepares ? ',"prepares":true' : ''}`
    fragment = `,"decision":"${effect}","rule":${JSON.stringify(rule)},"policyVersion":${policyVersion}${passed}}`
    decisionFragments.set(decision, fragment)
  }
  return fragment
}

function middleOf(text: string, facts: OperationFacts): string {
  const last = middles.get(facts)
  if (last?.text === text) {
    last.middle ??= joined(',"text":', JSON.stringify(text), factsFragment(facts))
    return last.middle
  }
  if (last === undefined) middles.set(facts, { text, middle: undefined })
  else {
    last.text = text
    last.middle = undefined
  }
  return `,"text":${JSON.stringify(text)}${factsFragment(facts)}`
}

/** @param atMs Unix milliseconds, an integer */
export function encodeDecided(session: Session, operationNumber: number, operation: Operation, decision: Decision, atMs: number): string {
  const { text, parameters, facts } = operation
  if (text.length > SURELY_FITS) return encodeLongDecided(session, operationNumber, operation, decision, atMs)
  const values = parameters.length === 0 ? '' : `,"parameters":${JSON.stringify(parameters)}`
  const entry = `${beginningsAt(atMs).decided}${sessionFragment(session)}${operationNumber}${values}${middleOf(text, facts)}${decisionFragment(decision)}`
  if (entry.length <= SURELY_FITS || Buffer.byteLength(entry) <= MAX_ENTRY_BYTES) return entry
  return encodeLongDecided(session, operationNumber, operation, decision, atMs)
}

/** @param atMs Unix milliseconds, an integer */
export function encodeFinished(session: Session, operationNumber: number, outcome: Outcome, atMs: number): string {
  const code = outcome.code === undefined ? '' : `,"code":${JSON.stringify(fitText(outcome.code, 256).value)}`
  const digest = outcome.digest === undefined ? '' : `,"digest":"${outcome.digest}"`
  const masked = outcome.masked === undefined || outcome.masked === 0 ? '' : `,"masked":${outcome.masked}`
  const us = Math.round(outcome.durationMs * 1000)
  return `${beginningsAt(atMs).finished}${sessionFragment(session)}${operationNumber},"result":"${outcome.result}"` +
    `,"rows":${outcome.rows},"bytes":${outcome.bytes}${masked}${digest}${code},"us":${us}}`
}

/** Bytes of JSON for each part of an operation that does not fit; together they leave room for the rest of an entry. */
const TEXT_BYTES = 32_768
const PARAMETERS_BYTES = 12_288
const LIST_BYTES = 5_120
const NAME_BYTES = 1_024

function encodeLongDecided(session: Session, n: number, operation: Operation, decision: Decision, at: number): string {
  const { facts } = operation
  const text = fitText(operation.text, TEXT_BYTES)
  const parameters = fitList(operation.parameters, PARAMETERS_BYTES)
  const actions = fitList(facts.actions, LIST_BYTES) as Fitted<string[]>
  const objects = fitList(facts.objects, LIST_BYTES) as Fitted<string[]>
  const functions = fitList(facts.functions, LIST_BYTES) as Fitted<string[]>
  const event: OperationDecided = {
    v: 1, event: 'operation.decided', at, session: session.id, n,
    text: text.value,
    ...(text.truncated && { textTruncated: text.truncated }),
    ...(operation.parameters.length > 0 && { parameters: parameters.value }),
    ...(parameters.truncated && { parametersTruncated: parameters.truncated }),
    actions: actions.value,
    ...(actions.truncated && { actionsTruncated: actions.truncated }),
    objects: objects.value,
    ...(objects.truncated && { objectsTruncated: objects.truncated }),
    ...(facts.functions.length > 0 && { functions: functions.value }),
    ...(functions.truncated && { functionsTruncated: functions.truncated }),
    readOnly: facts.readOnly,
    decision: decision.effect,
    rule: fitText(decision.rule, NAME_BYTES).value,
    policyVersion: decision.policyVersion,
    ...(decision.grant !== undefined && { grant: decision.grant }),
    ...(decision.prepares === true && { prepares: true }),
  }
  return JSON.stringify(event)
}
