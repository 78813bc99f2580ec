import { hash } from 'node:crypto'
import { REDACTED } from '../../governance/masking/apply-mask.ts'
import type { MaskViolation, Operation, OperationFacts } from '../../governance/operation.ts'
import { withBody } from './body-facts.ts'
import type { ClientRequest } from './client-request.ts'
import { type FieldMasks, REDACTED_BASE64 } from './masked-fields.ts'
import { bodyDryRun, type RequestBody } from './request-body.ts'
import { requestFacts, resourceOf } from './request-facts.ts'
import { maskJson, type MaskTree, UnreadableJson } from './wire/mask-json.ts'
import type { RequestInfo } from './wire/request-info.ts'
import type { Json } from './wire/strict-json.ts'

const SECRET_FIELDS = 'secrets'

/** A request as it is decided and recorded: with what is masked in it left out. */
export function kubeOperation(client: ClientRequest, info: RequestInfo, body: RequestBody | undefined, masks: FieldMasks, known?: OperationFacts): Operation {
  const { method, target } = client
  const line = `${method} ${target.path}${target.search === '' ? '' : `?${target.search}`}`
  const plain = known ?? requestFacts(info, method, target)
  if (body === undefined) return { protocol: 'kubernetes', facts: plain, text: line, parameters: [] }
  const trees = info.isResource ? masks.forObject(resourceOf(info)) : undefined
  const violation = trees && writtenBack(body)
  const facts = body.json === undefined ? plain : withBody(plain, info, body.json, body)
  const isTried = bodyDryRun(body.json) && !facts.actions.includes('dry-run') && (info.verb.startsWith('delete') || info.subresource === 'eviction')
  return {
    protocol: 'kubernetes',
    facts: Object.freeze({
      ...facts,
      ...(isTried && { actions: [...facts.actions, 'dry-run'] }),
      ...(violation !== undefined && { maskViolation: violation }),
    }),
    text: `${line}\n${shownBody(body, trees)}`,
    parameters: [],
  }
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

/** A change that would put masks in place of what they hide, or bring what is hidden to where it is not. */
function writtenBack({ text, json, isJsonPatch }: RequestBody): MaskViolation | undefined {
  if (isJsonPatch && movesValues(json)) {
    return { mask: SECRET_FIELDS, reason: 'a JSON patch that tests, copies or moves could tell what is masked', hint: 'Send only add, replace and remove, or a merge patch.' }
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
    ? { mask: SECRET_FIELDS, reason: 'the object holds a mask where the value was, and writing it would destroy the value', hint: 'Send only what changes, as a patch, without the masked fields.' }
    : undefined
}

function movesValues(json: Json | undefined): boolean {
  return !Array.isArray(json) || (json as readonly Json[]).some((step) => {
    const operation = typeof step === 'object' && step !== null && !Array.isArray(step) ? (step as { readonly op?: Json }).op : undefined
    return operation !== 'add' && operation !== 'replace' && operation !== 'remove'
  })
}
