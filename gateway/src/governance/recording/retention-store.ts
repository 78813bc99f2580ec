/** The port to what is kept of recordings besides their segments: which are over, which are held, whose key is gone. */
export interface RetentionStore {
  /**
   * A page of a target's ended sessions, in the order of their ends; each looked at once, whether it is due or not.
   * @param endedBeforeMs only those that ended before
   */
  ended(target: string, endedBeforeMs: number, after: EndedSession | undefined, limit: number): Promise<readonly EndedSession[]>
  /** Destroys a session's key for good, unless it is held or destroyed already; in one step. @returns whether it did */
  destroyKey(session: string, destruction: Destruction): Promise<boolean>
  /** Removes what the database itself may still hold of destroyed keys, as far as it can. */
  purge(): Promise<void>
  /** Destroyed keys after which the event and the segments' removal have not followed yet. */
  unfinished(limit: number): Promise<readonly (Destruction & { readonly session: string })[]>
  finish(session: string): Promise<void>
  /** Takes or renews the right to do a work that one gateway does for all. @returns false while another has it */
  lease(work: string, forMs: number): Promise<boolean>
}

export interface EndedSession {
  readonly session: string
  readonly endedAtMs: number
  /** It has a key, and nothing holds it. */
  readonly due: boolean
}

export interface Destruction {
  readonly atMs: number
  readonly segments: number
  readonly reason: string
}

/** What is kept whatever its retention says. An identity's hold is on its own sessions and on those on its behalf. */
export interface Hold {
  readonly kind: 'session' | 'identity'
  /** Id of the session, or name of the identity. */
  readonly subject: string
  readonly by: string
  readonly reason: string
  readonly placedAtMs: number
}

export interface HoldStore {
  get(kind: Hold['kind'], subject: string): Promise<Hold | undefined>
  /** From then on nothing that it covers is destroyed. */
  place(hold: Hold): Promise<void>
  release(kind: Hold['kind'], subject: string): Promise<void>
  /** The newest first. */
  list(): Promise<readonly Hold[]>
}
