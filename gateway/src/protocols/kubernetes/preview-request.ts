import { maskText } from '../../governance/masking/stream/stream-masker.ts'
import { MAX_SAMPLE, type Preview, type RowChange } from '../../governance/review/preview.ts'
import type { ClientRequest } from './client-request.ts'
import type { KubeSession } from './kube-session.ts'
import type { RequestBody } from './request-body.ts'
import { AnswerTooLarge, readAnswer } from './read-answer.ts'
import { maskedResourceOf, resourceOf } from './request-facts.ts'
import { maskJson } from './wire/mask-json.ts'
import type { RequestInfo } from './wire/request-info.ts'
import { encodeQuery } from './wire/request-target.ts'
import { isObject, type Json } from './wire/strict-json.ts'

const TIMEOUT_MS = 8_000
const MAX_BYTES = 8 * 1024 * 1024
const MAX_LISTED = 500
const MAX_FIELDS = 200
const MAX_VALUE = 256
/** What the API server writes itself, or says the same in another way. */
const NOISE = /^metadata\.(?:managedFields|resourceVersion|generation|uid|creationTimestamp|selfLink|annotations\.kubectl\.kubernetes\.io\/last-applied-configuration)|^status\./

/** Finds out from the API server itself what a change would do. Changes nothing, ends within seconds, never throws. */
export async function previewRequest(kube: KubeSession, client: ClientRequest, info: RequestInfo, body: RequestBody | undefined, maskKey: Uint8Array): Promise<Preview> {
  const asker = new Asker(kube, client, info, maskKey)
  try {
    if (info.isResource && info.subresource === '') {
      if (info.verb === 'deletecollection') return await collection(asker, client)
      if (info.verb === 'delete') return await deletion(asker, client)
      if (['create', 'update', 'patch'].includes(info.verb)) return await change(asker, client, info, body, kube.masks.mayBeQuoted(resourceOf(info)))
    }
    return none('A request of this kind cannot be tried beforehand.')
  } catch (error) {
    return none(`It could not be tried beforehand: ${error instanceof NoAnswer || error instanceof AnswerTooLarge ? error.message : 'the API server did not answer in time'}.`)
  }
}

/** How many objects a delete of a collection would take now. @returns undefined when that cannot be told */
export async function countCollection(kube: KubeSession, client: ClientRequest, info: RequestInfo, maskKey: Uint8Array): Promise<number | undefined> {
  try {
    return (await new Asker(kube, client, info, maskKey).list(client)).length
  } catch {
    return undefined
  }
}

/** Whether an object can not be changed; one that is not there can be. @returns undefined when that cannot be told */
export async function isImmutable(kube: KubeSession, client: ClientRequest, info: RequestInfo, maskKey: Uint8Array): Promise<boolean | undefined> {
  try {
    const { status, json } = await new Asker(kube, client, info, maskKey).ask('GET', [])
    if (status === 404) return false
    return status === 200 && isObject(json) ? json['immutable'] === true : undefined
  } catch {
    return undefined
  }
}

class NoAnswer extends Error {}

class Asker {
  readonly #kube: KubeSession
  readonly #client: ClientRequest
  readonly #resource: string
  readonly #maskKey: Uint8Array

  constructor(kube: KubeSession, client: ClientRequest, info: RequestInfo, maskKey: Uint8Array) {
    this.#kube = kube
    this.#client = client
    this.#resource = maskedResourceOf(info)
    this.#maskKey = maskKey
  }

  /** Masked as the agent would see it. @throws NoAnswer */
  async ask(method: string, query: readonly (readonly [string, string])[], body?: RequestBody): Promise<{ readonly status: number; readonly json: Json }> {
    const search = encodeQuery(query)
    const contentType = body?.contentType ?? this.#client.headers['content-type']
    const answer = await this.#kube.upstream.request({
      method, path: `${this.#client.target.path}${search === '' ? '' : `?${search}`}`, signal: AbortSignal.timeout(TIMEOUT_MS), body: body?.bytes,
      headers: { accept: 'application/json', 'accept-encoding': 'identity', ...(body !== undefined && contentType !== undefined && { 'content-type': contentType }) },
    })
    const texts = (text: string): string => maskText(this.#kube.session.policy, this.#maskKey, text)
    const masked = maskJson(await readAnswer(answer, MAX_BYTES), [...(this.#kube.masks.forAnswer(this.#resource) ?? []), { texts }])
    return { status: answer.statusCode ?? 0, json: JSON.parse(masked.toString()) as Json }
  }

  /** @throws NoAnswer */
  async list({ target }: ClientRequest): Promise<readonly Json[]> {
    const selectors = target.query.filter(([name]) => name === 'labelSelector' || name === 'fieldSelector')
    const { status, json } = await this.ask('GET', [...selectors, ['limit', String(MAX_LISTED)]])
    const items = isObject(json) ? json['items'] : undefined
    if (status !== 200 || !Array.isArray(items)) throw new NoAnswer(`the API server answers ${status} when asked for the list`)
    if (isObject(json) && isObject(json['metadata']) && json['metadata']['continue']) throw new NoAnswer(`there are more than ${MAX_LISTED} objects`)
    return items as readonly Json[]
  }
}

async function collection(asker: Asker, client: ClientRequest): Promise<Preview> {
  const items = await asker.list(client)
  const sample = items.slice(0, MAX_SAMPLE).map((item): RowChange => ({ before: nameFields(item), after: undefined }))
  return { method: 'counted', rows: items.length, atMost: false, tables: [], sample, notes: ['Objects that match the selectors now.'] }
}

async function deletion(asker: Asker, client: ClientRequest): Promise<Preview> {
  const { status, json } = await asker.ask('GET', [])
  if (status !== 200) throw new NoAnswer(`the API server answers ${status} when asked for the object`)
  const notes = client.target.path.includes('/namespaces/') && client.target.segments.length === 4 ? ['Everything in the namespace goes with it.'] : ['What it owns may go with it.']
  return { method: 'counted', rows: 1, atMost: false, tables: [], sample: [{ before: fieldsOf(json), after: undefined }], notes }
}

async function change(asker: Asker, client: ClientRequest, info: RequestInfo, body: RequestBody | undefined, isQuoting: boolean): Promise<Preview> {
  const query = client.target.query.filter(([name]) => name !== 'dryRun')
  const tried = await asker.ask(client.method, [...query, ['dryRun', 'All']], body)
  if (tried.status >= 300) {
    const message = isObject(tried.json) ? tried.json['message'] : undefined
    throw new NoAnswer(`the API server would not take it: ${typeof message === 'string' && !isQuoting ? message.slice(0, 500) : tried.status}`)
  }
  const before = info.verb === 'create' || tried.status === 201 ? undefined : (await asker.ask('GET', [])).json
  const after = fieldsOf(tried.json)
  const earlier = before === undefined ? undefined : fieldsOf(before)
  const changed = [...new Set([...Object.keys(earlier ?? {}), ...Object.keys(after)])].filter((name) => earlier?.[name] !== after[name])
  const pick = (fields: Readonly<Record<string, string | null>>): Record<string, string | null> => Object.fromEntries(changed.slice(0, MAX_FIELDS).map((name) => [name, fields[name] ?? null]))
  return {
    method: 'rehearsed', rows: 1, atMost: false, tables: [],
    sample: [{ before: earlier && pick(earlier), after: pick(after) }],
    notes: ['By the API server\'s own dry run; only what would change is shown.', ...(changed.length > MAX_FIELDS ? [`${changed.length - MAX_FIELDS} more fields would change.`] : [])],
  }
}

function nameFields(item: Json): Record<string, string | null> {
  const metadata = isObject(item) && isObject(item['metadata']) ? item['metadata'] : {}
  return { namespace: textOf(metadata['namespace'] ?? null), name: textOf(metadata['name'] ?? null) }
}

/** Leaves of an object by their path. */
function fieldsOf(json: Json): Record<string, string | null> {
  const fields: Record<string, string | null> = {}
  const walk = (value: Json, path: string): void => {
    if (Object.keys(fields).length > MAX_FIELDS * 5) return
    if (Array.isArray(value)) (value as readonly Json[]).forEach((item, at) => walk(item, `${path}[${at}]`))
    else if (isObject(value)) for (const [name, part] of Object.entries(value)) walk(part, path === '' ? name : `${path}.${name}`)
    else if (!NOISE.test(path)) fields[path] = textOf(value)
  }
  walk(json, '')
  return fields
}

function textOf(value: Json): string | null {
  return value === null ? null : (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, MAX_VALUE)
}

function none(note: string): Preview {
  return { method: 'none', rows: undefined, atMost: false, tables: [], sample: [], notes: [note] }
}
