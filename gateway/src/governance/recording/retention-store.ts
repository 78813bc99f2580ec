/**
 * The port to what is kept of recordings besides their segments: which are over, which are held, whose key is gone.
 * Among gateways that share it each sees to its own sessions, and to those of gateways that have not been heard of lately.
 */
export interface RetentionStore {
  /**
   * A page of a target's ended sessions that this gateway sees to, in the order of their ends; each looked at once,
   * whether it is due or not.
   * @param endedBeforeMs only those that ended before
   */
  ended(target: string, endedBeforeMs: number, after: EndedSession | undefined, limit: number): Promise<readonly EndedSession[]>
  /** Destroys a session's key for good, unless it is held or destroyed already; in one step. @returns whether it did */
  destroyKey(session: string, destruction: Destruction): Promise<boolean>
  /** Removes what the database itself may still hold of destroyed keys, as far as it can. */
  purge(): Promise<void>
  /** Destroyed keys that this gateway sees to, and after which the event or the segments' removal has not followed yet. */
  unfinished(limit: number): Promise<readonly UnfinishedDestruction[]>
  /** What this gateway could do is done. Of a session of its own that is all; else the rest waits for the gateway that had it. */
  finish(session: string): Promise<void>
}

export interface EndedSession {
  readonly session: string
  readonly endedAtMs: number
  /** It has a key, and nothing holds it. */
  readonly due: boolean
}

export interface Destruction {
  readonly atMs: number
  /** That the gateway that destroyed the key had of it. */
  readonly segments: number
  readonly reason: string
}

export interface UnfinishedDestruction extends Destruction {
  readonly session: string
  /** Whether this gateway had the session: its ledger tells of the segments, and its folder holds them. */
  readonly own: boolean
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
