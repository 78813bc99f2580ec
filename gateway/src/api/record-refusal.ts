import type { Context } from 'hono'
import { encodeLoginRefused } from '../governance/recording/events.ts'
import { recordIfPossible } from '../governance/recording/record-if-possible.ts'
import type { ApiServices } from './api-services.ts'
import { clientAddressOf } from './web-request.ts'

/** Puts a refused login at the console on record, and tells the log. @param reason without secrets @param what such as `login with corp` */
export function recordRefusedLogin(context: Context, services: ApiServices, reason: string, what: string): void {
  const client = clientAddressOf(context)
  const request = { protocol: 'https', target: 'console', clientAddress: client, application: what, credential: '', end: () => undefined }
  recordIfPossible(services.ledger, encodeLoginRefused(request, reason, Date.now()))
  services.log.info({ client, what, reason }, 'a login at the console was refused')
}

const QUIET_MS = 60_000
const MAX_REMEMBERED = 1_000
/** When, by client and reason, for each gateway. */
const recordedBy = new WeakMap<ApiServices, Map<string, number>>()

/** The same of a request with a cookie, once a minute for each client and reason: a page that is left open asks on and on. */
export function recordRefusedCookie(context: Context, services: ApiServices, reason: string): void {
  const recorded = recordedBy.get(services) ?? new Map<string, number>()
  recordedBy.set(services, recorded)
  const key = `${clientAddressOf(context)} ${reason}`
  const before = recorded.get(key)
  if (before !== undefined && Date.now() - before < QUIET_MS) return
  recorded.delete(key)
  if (recorded.size >= MAX_REMEMBERED) recorded.delete(recorded.keys().next().value ?? '')
  recorded.set(key, Date.now())
  recordRefusedLogin(context, services, reason, 'request with a cookie')
}
