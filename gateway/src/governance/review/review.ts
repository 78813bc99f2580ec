import type { Preview } from './preview.ts'

/** Who asks for something, or answers: as much of an identity as is kept. */
export interface Person {
  readonly kind: 'agent' | 'person'
  readonly name: string
  readonly issuer: string
  readonly subject: string
}

export interface Requester extends Person {
  readonly groups: readonly string[]
  /** RFC 8693 `act` chain, outermost first: who acts for the identity. */
  readonly actors: readonly string[]
  /** Who acts now, by more than the name in `actors`, which may change; absent when nobody does. */
  readonly actor?: Person
}

/** What one rule asks for before it lets something through. When several rules want a review, each must be satisfied. */
export interface ReviewDemand {
  readonly rule: string
  /** Groups whose people may answer; `agent:NAME` names an agent that may. */
  readonly reviewers: readonly string[]
  /** How many different people must approve. */
  readonly approvals: number
  /** How long a client is held, milliseconds; 0: never, it gets a ticket at once. */
  readonly holdMs: number
  /** The same inside a transaction, where others may wait for its locks. */
  readonly transactionHoldMs: number
  /** How long a request stays open, and how long an approval stays usable after it was given, milliseconds. */
  readonly expiresMs: number
  /** How the rows that it would touch are found out. */
  readonly preview: 'rehearse' | 'count' | 'none'
}

/**
 * `open`: waits for answers. `approved`: may be used once. `used`: has been. `denied`, `expired`, `withdrawn`: never
 * will be. An access request goes from `open` to `used` when it is approved: its grant says how long it lasts.
 */
export type ReviewState = 'open' | 'approved' | 'used' | 'denied' | 'expired' | 'withdrawn'

export interface Answer {
  readonly by: Person
  /** Groups that the person held when answering, as far as demands name them; an agent's own name as `agent:NAME`. */
  readonly groups: readonly string[]
  readonly answer: 'approve' | 'deny'
  /** Why; the requester reads it. */
  readonly reason?: string
  /** A smaller permission than was asked for. */
  readonly narrow?: Narrowing
  /** Unix milliseconds. */
  readonly atMs: number
}

export interface Narrowing {
  /** Of an operation: at most so many rows may be changed. */
  readonly rows?: number
  /** Of an access request: at most so many minutes. */
  readonly minutes?: number
}

/** What the reviewer reads, beside who asks. Every text is bounded; nothing in it is unmasked. */
export interface OperationCard {
  /** As the client wrote it, cut at 16 KiB. */
  readonly text: string
  /** Something that runs is not shown as a whole: the text, a definition, or a parameter. */
  readonly textTruncated: boolean
  /** What names in the text stand for: prepared statements and cursors that it runs. */
  readonly definitions: readonly string[]
  /** Cut at 1 KiB each, and at 100 of them. */
  readonly parameters: readonly (string | null)[]
  readonly actions: readonly string[]
  readonly objects: readonly string[]
  readonly filtered: boolean
  readonly inTransaction: boolean
  readonly preview: Preview | undefined
  readonly risk: RiskContext
}

export interface RiskContext {
  /** Registered owner of the agent. */
  readonly owner: string | undefined
  readonly application: string
  readonly clientAddress: string
  readonly sessionOpenedAtMs: number
  /** Decided in this session before, and how many of those were refused. */
  readonly operations: number
  readonly refused: number
  /** What the session did last, oldest first, at most 10. */
  readonly lately: readonly { readonly text: string; readonly decision: 'allow' | 'deny' | 'review'; readonly atMs: number }[]
  /** Objects of this operation that the identity has not touched before on this target, as far as the index goes back. Undefined: not known. */
  readonly firstTouched: readonly string[] | undefined
}

interface ReviewBase {
  /** The ticket: unguessable, and useless to anyone but the requester and the reviewers. */
  readonly id: string
  readonly state: ReviewState
  readonly requester: Requester
  readonly target: string
  readonly labels: Readonly<Record<string, string>>
  readonly purpose: string
  /** SHA-256, hex, over what was asked: an answer names it, and only what has it may run. */
  readonly digest: string
  readonly demands: readonly ReviewDemand[]
  readonly policyVersion: number
  readonly createdAtMs: number
  /** While open: until when it may be answered. Once approved: until when it may be used. */
  readonly expiresAtMs: number
  readonly answers: readonly Answer[]
}

export interface OperationReview extends ReviewBase {
  readonly kind: 'operation'
  readonly session: string
  /** Number of the operation in that session. */
  readonly operation: number
  readonly protocol: string
  readonly card: OperationCard
  /** More rows than this are rolled back: the least of what was previewed and what reviewers allowed. Undefined: no limit is known. */
  readonly rowLimit: number | undefined
}

export interface AccessReview extends ReviewBase {
  readonly kind: 'access'
  /** The rule that is to hold for a while. */
  readonly rule: string
  readonly minutes: number
  readonly reason: string
}

export type Review = OperationReview | AccessReview
