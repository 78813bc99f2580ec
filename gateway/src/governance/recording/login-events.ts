import type { SessionLogin } from '../logins/session-login-store.ts'
import { cut } from './fit-entry.ts'
import type { LoginMade, LoginRemained, LoginRemoved } from './login-event-schema.ts'

type Facts<Event> = Omit<Event, 'v' | 'event' | 'at'>

export function encodeLoginMade({ session, target, user, role, use, validUntilMs }: SessionLogin, at: number): string {
  return JSON.stringify({ v: 1, event: 'login.made', at, session, target: cut(target), user: cut(user), role: cut(role), use, validUntil: validUntilMs } satisfies LoginMade)
}

export function encodeLoginRemoved({ session, target, user, reason, connections }: Facts<LoginRemoved>, at: number): string {
  return JSON.stringify({ v: 1, event: 'login.removed', at, ...(session !== undefined && { session }), target: cut(target), user: cut(user), reason: cut(reason), connections } satisfies LoginRemoved)
}

/** @param facts `error` without secrets */
export function encodeLoginRemained({ session, target, user, error }: Facts<LoginRemained>, at: number): string {
  return JSON.stringify({ v: 1, event: 'login.remained', at, ...(session !== undefined && { session }), target: cut(target), user: cut(user), error: cut(error) } satisfies LoginRemained)
}
