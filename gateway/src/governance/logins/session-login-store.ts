/** A login that was made at a target for one session, and goes with it. */
export interface SessionLogin {
  /** Its name at the target, unique and unguessable. */
  readonly user: string
  /** Name of the target. */
  readonly target: string
  /** Where the target was, so that a login is looked for where it was made, whatever the policy says later. */
  readonly place: string
  /** Whose rights it has. */
  readonly role: string
  readonly session: string
  /** `preview`: for finding out what a statement of the session would touch. */
  readonly use: 'session' | 'preview'
  /** Until when one can log in with it. Unix milliseconds. */
  readonly validUntilMs: number
}

/**
 * Whose a login is: of this `process`; of this gateway `before` its last start, so nobody's; of `another` gateway that
 * runs; of one that was not heard of for too long, so presumably `lost`.
 */
export type LoginOwner = 'process' | 'before' | 'another' | 'lost'

/** Keeps which logins there are, so that none outlives a crash. Implemented by the state database. */
export interface SessionLoginStore {
  /** Names all gateways that share the state, in what they leave at targets. */
  installation(): Promise<string>
  /** Before the login is made. */
  add(login: SessionLogin): Promise<void>
  /** Once it is gone from its target. */
  remove(user: string): Promise<void>
  list(): Promise<readonly (SessionLogin & { readonly owner: LoginOwner })[]>
  /** Says that this process still runs, for as long as `forMs`. */
  renew(forMs: number): Promise<void>
  /** @returns false when another gateway does this work, or did it less than `forMs` ago */
  lease(work: string, forMs: number): Promise<boolean>
}
