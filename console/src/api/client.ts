import type { ApiError, WebSession } from '@sallyport/contract'
import type { ApiRoute } from './api-routes.ts'
import { Problem } from './problem.ts'

/** As `CSRF_HEADER` of the contract; named here so that the page does not carry the contract's schemas. */
const CSRF_HEADER = 'x-sallyport-csrf'

/** Of the session: sent with every request that changes something. */
let csrf = ''

export async function readSession(): Promise<WebSession | null> {
  try {
    const session = await ask<WebSession>('/auth/session')
    csrf = session.csrf
    return session
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null
    throw error
  }
}

/** A path with or without a query. */
export type Address<Route> = Route extends { readonly path: infer Path extends string } ? Path | `${Path}?${string}` : never

/** Routes of a method that answer what is asked for. */
type Answering<Answer, Method extends ApiRoute['method']> = Extract<ApiRoute, { readonly method: Method }> extends infer Route
  ? Route extends { readonly answer: infer Given } ? (unknown extends Given ? Route : Given extends Answer ? Route : never) : never
  : never

/** Paths from which such an answer can be had. */
export type PathOf<Answer> = Address<Answering<Answer, 'GET'>>

type BodyOf<Route> = Route extends { readonly body: infer Body } ? Body : never

/** An object goes as JSON, a text as the policy's YAML. */
export interface Change<Method extends 'POST' | 'DELETE' = 'POST' | 'DELETE', Body = object | string> {
  readonly method: Method
  readonly body?: Body
}

/**
 * What a route of the OpenAPI document answers; a path that is not in it, or answers something else, does not compile.
 * @throws Problem with the gateway's words
 */
export async function ask<Answer>(path: PathOf<Answer>, change?: undefined, signal?: AbortSignal): Promise<Answer>
export async function ask<Answer>(path: Address<Answering<Answer, 'POST'>>, change: Change<'POST', BodyOf<Answering<Answer, 'POST'>>>, signal?: AbortSignal): Promise<Answer>
export async function ask<Answer>(path: Address<Answering<Answer, 'DELETE'>>, change: Change<'DELETE', never>, signal?: AbortSignal): Promise<Answer>
export async function ask<Answer>(path: string, change?: Change, signal?: AbortSignal): Promise<Answer> {
  const response = await send(path, change, signal)
  const text = await response.text()
  return (text === '' ? undefined : JSON.parse(text)) as Answer
}

/** The same for an answer that is not JSON. */
export function request(path: Address<Extract<ApiRoute, { readonly method: 'GET' }>>, signal?: AbortSignal): Promise<Response> {
  return send(path, undefined, signal)
}

async function send(path: string, change?: Change, signal?: AbortSignal): Promise<Response> {
  const headers = new Headers()
  if (change !== undefined) headers.set(CSRF_HEADER, csrf)
  const { body } = change ?? {}
  if (body !== undefined) headers.set('content-type', typeof body === 'string' ? 'application/yaml' : 'application/json')
  const response = await fetch(path, {
    method: change?.method ?? 'GET', headers, credentials: 'same-origin', redirect: 'error', ...(signal && { signal }),
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  if (response.ok) return response
  throw new Problem(response.status, await errorOf(response))
}

async function errorOf(response: Response): Promise<ApiError> {
  try {
    return (await response.json()) as ApiError
  } catch {
    return { code: 'internal', message: `the gateway answered ${response.status}`, hint: 'Try again, and tell an operator if it lasts.' }
  }
}
