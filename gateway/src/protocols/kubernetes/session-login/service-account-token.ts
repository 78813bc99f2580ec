import { readAnswer } from '../read-answer.ts'
import type { Upstream } from '../upstream.ts'
import { isObject, type Json, readStrictJson } from '../wire/strict-json.ts'

/** What the gateway asks of the API server with its own credential for one session: a token, and what it is bound to. */

const TIMEOUT_MS = 10_000
const MAX_BYTES = 256 * 1024
const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'sallyport' }

export interface ServiceAccount {
  readonly namespace: string
  readonly name: string
}

/** The object that a token ends with. */
export interface BoundSecret {
  readonly name: string
  readonly uid: string
}

export interface IssuedToken {
  readonly token: string
  /** By the clock here, Unix milliseconds. */
  readonly expiresAtMs: number
}

/** No token could be had, or what it is bound to could not be made. */
export class NoSessionToken extends Error {
  override readonly name = 'NoSessionToken'
}

/** An empty Secret: a token that is bound to it is taken as long as it is there. @throws NoSessionToken; TargetUnreachable */
export async function makeBoundSecret(own: Upstream, { namespace }: ServiceAccount, name: string, session: string): Promise<BoundSecret> {
  const { status, json } = await ask(own, 'POST', `/api/v1/namespaces/${namespace}/secrets`, {
    apiVersion: 'v1', kind: 'Secret', type: 'sallyport/session', immutable: true, metadata: { name, labels: MANAGED_BY, annotations: { 'sallyport-session': session } },
  })
  const metadata = isObject(json) && isObject(json['metadata']) ? json['metadata'] : {}
  const uid = metadata['uid']
  if (status !== 201 || typeof uid !== 'string') throw new NoSessionToken(`the API server does not let the gateway make a Secret in ${namespace} for this session (${status})`)
  return { name, uid }
}

/** TokenRequest of authentication.k8s.io/v1. @throws NoSessionToken; TargetUnreachable */
export async function requestToken(own: Upstream, { namespace, name }: ServiceAccount, validForMs: number, bound: BoundSecret): Promise<IssuedToken> {
  const { status, json, atMs } = await ask(own, 'POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
    apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest',
    spec: { expirationSeconds: Math.floor(validForMs / 1_000), boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: bound.name, uid: bound.uid } },
  })
  const answer = isObject(json) && isObject(json['status']) ? json['status'] : {}
  const { token, expirationTimestamp } = answer
  const lastsMs = typeof expirationTimestamp === 'string' ? Date.parse(expirationTimestamp) - atMs : Number.NaN
  if (status !== 201 || typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token) || !(lastsMs > 0)) {
    throw new NoSessionToken(`the API server gives the gateway no token of the service account ${namespace}/${name} for this session (${status})`)
  }
  return { token, expiresAtMs: Date.now() + lastsMs }
}

/** @returns false when it was gone already @throws NoSessionToken; TargetUnreachable */
export async function removeBoundSecret(own: Upstream, { namespace }: Pick<ServiceAccount, 'namespace'>, name: string): Promise<boolean> {
  const { status } = await ask(own, 'DELETE', `/api/v1/namespaces/${namespace}/secrets/${name}`)
  if (status !== 200 && status !== 202 && status !== 404) throw new NoSessionToken(`the API server answers ${status} when asked to delete the Secret`)
  return status !== 404
}

/** @returns with the time by the API server's own clock */
async function ask(own: Upstream, method: string, path: string, body?: object): Promise<{ readonly status: number; readonly json: Json; readonly atMs: number }> {
  const answer = await own.request({
    method, path, signal: AbortSignal.timeout(TIMEOUT_MS), body: body && Buffer.from(JSON.stringify(body)),
    headers: { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'sallyport', ...(body !== undefined && { 'content-type': 'application/json' }) },
  })
  const bytes = await readAnswer(answer, MAX_BYTES)
  const status = answer.statusCode ?? 0
  const date = Date.parse(answer.headers.date ?? '')
  // What is no success is told by its number alone.
  return { status, json: status < 300 ? readStrictJson(bytes) : null, atMs: Number.isNaN(date) ? Date.now() : date }
}
