import type { Session } from '../session.ts'

/** The port to the list of sessions. Written when a session opens and ends, never in between. */
export interface SessionStore {
  /** Resolves once the session is on record; until then nothing of it may be forwarded. */
  opened(session: Session, application: string): Promise<void>
  /** Queues the end of a session and returns at once; ends are written in order, after the session's beginning. */
  closed(session: Session, reason: string): void
  /** Newest first. */
  list(query: SessionListQuery): Promise<readonly SessionRecord[]>
  get(id: string): Promise<SessionRecord | undefined>
  /** Resolves once all that is queued is written, or given up. */
  flush(): Promise<void>
}

export interface SessionListQuery {
  readonly limit: number
  /** Id of the last session of the page before. */
  readonly after?: string
  readonly owner?: SessionOwner
}

/** Whose sessions are asked for: this very identity's own; with actors, of those only what the same did for it. */
export interface SessionOwner {
  readonly name: string
  readonly kind: 'agent' | 'person'
  readonly issuer: string
  readonly actors: readonly string[]
  /** Only on these targets, which are never none; on all when absent. */
  readonly targets?: readonly string[]
}

export interface SessionRecord {
  readonly id: string
  /** Id of the gateway that had it, and has what it recorded. */
  readonly gateway: string
  readonly state: 'open' | 'closed' | 'aborted'
  readonly identity: { readonly name: string; readonly kind: 'agent' | 'person'; readonly issuer: string }
  readonly actors: readonly string[]
  readonly target: string
  readonly protocol: string
  readonly purpose: string
  readonly clientAddress: string
  readonly application: string
  readonly openedAtMs: number
  readonly closedAtMs: number | null
  readonly reason: string | null
  readonly operations: number
  readonly refused: number
}
