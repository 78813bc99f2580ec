import type { EventBase } from './event-base.ts'

/** Events about logins that are made at a target for one session each; `event-schema.ts` has the rules for all events. */
interface LoginEvent<Name extends string> extends EventBase<Name> {
  readonly target: string
  /** The login at the target. */
  readonly user: string
}

export interface LoginMade extends LoginEvent<'login.made'> {
  readonly session: string
  /** Whose rights it has there. */
  readonly role: string
  readonly use: 'session' | 'preview'
  /** Until when one can log in with it, Unix milliseconds. */
  readonly validUntil: number
}

export interface LoginRemoved extends LoginEvent<'login.removed'> {
  /** Absent when it is not known. */
  readonly session?: string
  readonly reason: string
  /** That it still had, and that were ended. */
  readonly connections: number
}

/** One that should be gone could not be removed. */
export interface LoginRemained extends LoginEvent<'login.remained'> {
  readonly session?: string
  readonly error: string
}
