import { hash } from 'node:crypto'
import { REDACTED } from '../../governance/masking/apply-mask.ts'
import type { MaskViolation, Operation, OperationFacts } from '../../governance/operation.ts'
import { withBody } from './body-facts.ts'
import type { ClientRequest } from './client-request.ts'
import { touchesFixed } from './fixed-fields.ts'
import { type FieldMasks, REDACTED_BASE64 } from './masked-fields.ts'
import { bodyDryRun, type RequestBody } from './request-body.ts'
import { requestFacts, resourceOf } from './request-facts.ts'
import { maskJson, type MaskTree, UnreadableJson } from './wire/mask-json.ts'
import { isTrue, type RequestInfo, valueOf } from './wire/request-info.ts'
import type { RequestTarget } from './wire/request-target.ts'
import type { Json } from './wire/strict-json.ts'

/** In the place of a mask's name: those of the target have none. */
const FIELDS = 'secrets'

/** What is masked in the session: fields of objects, and what detectors find in any text. */
export interface SessionMasks {
  readonly masks: FieldMasks
  readonly detects: boolean
}

/** A request as it is decided and recorded: with what is masked in it left out. */
export function kubeOperation(client: ClientRequest, info: RequestInfo, body: RequestBody | undefined, session: SessionMasks, known?: OperationFacts): Operation {
  const { method, target } = client
  const line = `${method} ${target.path}${target.search === '' ? '' : `?${target.search}`}`
  const plain = known ?? requestFacts(info, method, target)
  const asked = info.isResource ? tellingQuery(info, target.query, session) : undefined
  if (body === undefined) return { protocol: 'kubernetes', facts: asked === undefined ? plain : Object.freeze({ ...plain, maskViolation: asked }), text: line, parameters: [] }
  const trees = info.isResource ? session.masks.forObject(resourceOf(info)) : undefined
  const violation = asked ?? (trees && (writtenBack(body) ?? guessed(client, info, body, trees)))
  const facts = body.json === undefined ? plain : withBody(plain, info, body.json, body)
  return {
    protocol: 'kubernetes',
    facts: Object.freeze({
      ...facts,
      actions: triedActions(facts.actions, info, body),
      ...(violation !== undefined && { maskViolation: violation }),
    }),
    text: `${line}\n${shownBody(body, trees)}`,
    parameters: [],
  }
}

/** A deletion with a body takes none of its options from the query: it is tried only if the body says so. */
function triedActions(actions: readonly string[], info: RequestInfo, { json }: RequestBody): readonly string[] {
  const isDeletion = info.verb.startsWith('delete')
  if (!isDeletion && info.subresource !== 'eviction') return actions
  const others = actions.filter((action) => action !== 'dry-run')
  const isTried = bodyDryRun(json, isDeletion ? undefined : 'deleteOptions') || (!isDeletion && others.length < actions.length)
  return isTried ? [...others, 'dry-run'] : others
}

/** What has the same digest does the same on the same target. */
export function digestOf({ method, target, contentType }: ClientRequest, body: RequestBody | undefined): string {
  const content = body === undefined ? '' : hash('sha256', body.bytes, 'hex')
  return hash('sha256', JSON.stringify(['kubernetes', method, target.path, target.search, contentType, content]), 'hex')
}

/** As people see it, in the ledger and when they review it. */
function shownBody({ bytes, text, json, isJsonPatch }: RequestBody, trees: readonly MaskTree[] | undefined): string {
  if (json === undefined) return `(${bytes.length} bytes for what is behind the API server)`
  if (trees === undefined) return text.toString()
  // A patch step's value may be all of the data, or one of it.
  const redact = (): string => REDACTED
  return maskJson(text, isJsonPatch ? [{ items: { names: new Map([['value', { replace: redact }]]) } }] : trees).toString()
}

/** A question whose answer would tell what is masked, whatever is left out of it. */
function tellingQuery(info: RequestInfo, query: RequestTarget['query'], { masks, detects }: SessionMasks): MaskViolation | undefined {
  if (masks.isToldBy(resourceOf(info), query)) {
    return { mask: FIELDS, reason: 'what a selector on a masked field chooses would tell its value', hint: 'Select by another field or label.' }
  }
  if (detects && info.subresource === 'log' && query.some(([name]) => name === 'limitBytes')) {
    return { mask: FIELDS, reason: 'a log that is cut within a value shows the rest of it', hint: 'Leave out --limit-bytes; --tail and --since cut between lines.' }
  }
  return undefined
}

/** A change that costs nothing when the guess is wrong: what comes of it tells whether a masked value is the one that was sent. */
function guessed({ contentType, target }: ClientRequest, info: RequestInfo, body: RequestBody, trees: readonly MaskTree[]): MaskViolation | undefined {
  if (info.verb !== 'update' && info.verb !== 'patch') return undefined
  if (touchesFixed(resourceOf(info), body, trees)) {
    return {
      mask: FIELDS, reason: 'a change to what cannot be changed tells whether a masked value there is the one that was sent',
      hint: 'Leave masked fields out, or delete the object and create it anew.',
    }
  }
  const { text, isJsonPatch } = body
  const isTried = valueOf(target.query, 'dryRun') !== undefined
  const yields = contentType.startsWith('application/apply-patch') && !isTrue(target.query, 'force')
  if ((!isTried && !yields) || !(isJsonPatch || maskJson(text, trees) !== text)) return undefined
  if (isTried) {
    return { mask: FIELDS, reason: 'a dry run with a masked field tells whether its value is the one that was sent', hint: 'Leave masked fields out of dry runs and of kubectl diff.' }
  }
  return {
    mask: FIELDS, reason: 'an apply that gives way to other managers tells whether a masked value is the one that was sent',
    hint: 'Send it with --force-conflicts, or leave the masked fields out.',
  }
}

/** A change that would put masks in place of what they hide, or bring what is hidden to where it is not. */
function writtenBack({ text, json, isJsonPatch }: RequestBody): MaskViolation | undefined {
  if (isJsonPatch && movesValues(json)) {
    return { mask: FIELDS, reason: 'a JSON patch that tests, copies or moves could tell what is masked', hint: 'Send only add, replace and remove, or a merge patch.' }
  }
  let found = false
  const look = (value: string): string => {
    if (value.includes(REDACTED) || value.includes(REDACTED_BASE64)) found = true
    return value
  }
  try {
    maskJson(text, [{ texts: look }])
  } catch (error) {
    if (!(error instanceof UnreadableJson)) throw error
    found = true
  }
  return found
    ? { mask: FIELDS, reason: 'the object holds a mask where the value was, and writing it would destroy the value', hint: 'Send only what changes, as a patch, without the masked fields.' }
    : undefined
}

function movesValues(json: Json | undefined): boolean {
  return !Array.isArray(json) || (json as readonly Json[]).some((step) => {
    const operation = typeof step === 'object' && step !== null && !Array.isArray(step) ? (step as { readonly op?: Json }).op : undefined
    return operation !== 'add' && operation !== 'replace' && operation !== 'remove'
  })
}
