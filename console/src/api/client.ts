import type { ApiError, WebSession } from '@sallyport/contract'
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

export interface Change {
  readonly method: 'POST' | 'DELETE'
  /** An object goes as JSON, a text as the policy's YAML. */
  readonly body?: object | string
}

/** @throws Problem with the gateway's words */
export async function ask<Answer>(path: string, change?: Change, signal?: AbortSignal): Promise<Answer> {
  const response = await request(path, change, signal)
  const text = await response.text()
  return (text === '' ? undefined : JSON.parse(text)) as Answer
}

/** The same for an answer that is not JSON. */
export async function request(path: string, change?: Change, signal?: AbortSignal): Promise<Response> {
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
