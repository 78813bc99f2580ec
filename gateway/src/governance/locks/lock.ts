import { AuthenticationError } from '../identity.ts'

/** Keeps an identity, an agent or a target from everything until somebody lifts it. */
export interface Lock {
  readonly kind: 'identity' | 'agent' | 'target'
  /** Of an identity its name, letters' case aside, or its subject; the registered name of an agent or target. */
  readonly name: string
  /** Who placed it. */
  readonly by: string
  /** Whoever is locked reads it. */
  readonly reason: string
  /** Unix milliseconds. */
  readonly atMs: number
}

/** As much of an identity as a lock is compared with. */
export interface LockedParty {
  readonly kind: 'agent' | 'person'
  readonly name: string
  readonly subject: string
  /** RFC 8693 `act` chain: who acts is locked as much as on whose behalf. */
  readonly actors: readonly string[]
  /** Who acts now, by its subject too. */
  readonly actor?: { readonly subject: string }
}

/** Asked before anything is done for somebody. Answers at once, by what this gateway knows. */
export interface LockCheck {
  /** The lock that holds of somebody, of who acts for them, or of the target, when one is given. */
  on(who: LockedParty, target?: string): Lock | undefined
}

/** The port to where locks are kept. Gateways that share the state share them. */
export interface LockStore {
  /** Newest first, at most 10,000. */
  list(): Promise<readonly Lock[]>
  /** @returns the lock that holds then: one that was there before stays as it is */
  place(lock: Lock): Promise<Lock>
  /** @returns false when there was none */
  lift(kind: Lock['kind'], name: string): Promise<boolean>
}

/** What the control API may do with locks. */
export interface LockAdministration extends LockCheck {
  list(): readonly Lock[]
  /**
   * Places a lock, once that is on record, and ends what it covers: at this gateway before it resolves, at the others within
   * a second.
   * @returns the lock that holds, and whether it is new
   * @throws Error when it cannot be recorded or kept
   */
  place(lock: Lock): Promise<{ readonly lock: Lock; readonly isNew: boolean }>
  /** @returns false when there is none @throws Error when it cannot be recorded or kept */
  lift(kind: Lock['kind'], name: string, by: string, reason: string): Promise<boolean>
}

/** For the client. */
export function lockWords({ kind, name, reason }: Lock): string {
  return kind === 'target' ? `the target "${name}" is locked: ${reason}` : `the ${kind} "${name}" is locked: ${reason}`
}

/** @throws AuthenticationError when a lock holds */
export function refuseLocked(lock: Lock | undefined): void {
  if (lock !== undefined) throw new AuthenticationError(lockWords(lock), 'Nothing is opened until it is lifted. Ask an operator.')
}
