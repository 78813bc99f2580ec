import type { Admission } from './identity.ts'
import type { Grant } from './review/grant.ts'
import type { SessionPolicy } from './policy/policy.ts'
import type { TargetEntry } from './policy/policy-document.ts'
import type { SessionRecorder } from './recording/stream.ts'

/** One identity's authorised conversation with one target. Made by {@link Sessions.open} alone. */
export interface Session {
  /** Unguessable, sortable by time. */
  readonly id: string
  readonly admission: Admission
  readonly target: TargetEntry
  readonly protocol: string
  /** Address the client came from. */
  readonly clientAddress: string
  /** What the client calls itself. */
  readonly application: string
  readonly openedAtMs: number
  /** The policy in force for it; replaced when a new version means the same masks and read-only state here. */
  policy: SessionPolicy
  /** Taken in when it was opened; it ends with the first of them that ends. */
  readonly grants: readonly Grant[]
  /** Operations decided so far; the next operation's number. */
  operations: number
  refused: number
  /** Why it was ended from outside; nothing of it may be forwarded any more. */
  ended: string | undefined
  /** Takes down what the agent receives and sends; absent where the policy wants nothing of that. Closed with the session. */
  recorder?: SessionRecorder | undefined
}
