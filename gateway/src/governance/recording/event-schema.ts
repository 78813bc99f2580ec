import type { Effect } from '../decision.ts'

/**
 * What goes on record: one JSON object an entry, on one line, at most 65,535 bytes of UTF-8. Readers must ignore
 * members that they do not know; a member is never given another meaning, a change of meaning raises `v`. The same in
 * zod, with a text for each member, is contract/src/events.ts; gateway/test/events.test.ts holds both to each other.
 */
interface EventBase<Name extends string> {
  /** Version of this schema. */
  readonly v: 1
  readonly event: Name
  /** Unix milliseconds, an integer. */
  readonly at: number
}

/** Stands beside a text, or a list, that was too long for an entry and is given only in part. */
export interface Truncated {
  /** UTF-8 bytes of the whole: of a text itself, of a list as a JSON array. */
  readonly bytes: number
  /** SHA-256 over those bytes, hex. */
  readonly sha256: string
}

export interface RecordedIdentity {
  readonly kind: 'agent' | 'person'
  readonly name: string
  readonly issuer: string
  readonly subject: string
  readonly groups: readonly string[]
  /** On whose behalf: RFC 8693 `act` chain, outermost first. */
  readonly actors: readonly string[]
}

export interface SessionOpened extends EventBase<'session.opened'> {
  readonly session: string
  readonly identity: RecordedIdentity
  /** Names the credential; useless as one. */
  readonly tokenId: string
  readonly target: string
  readonly protocol: string
  readonly purpose: string
  /** Address the client came from. */
  readonly client: string
  /** What the client calls itself. */
  readonly application: string
  readonly policyVersion: number
}

/** A session token was given for an identity token. */
export interface TokenIssued extends EventBase<'token.issued'> {
  /** Names the token; useless as one. */
  readonly tokenId: string
  readonly identity: RecordedIdentity
  readonly targets: readonly string[]
  readonly purpose: string
  /** Unix milliseconds. */
  readonly expiresAt: number
}

/** A token was made unusable, with all that were exchanged for it. */
export interface TokenRevoked extends EventBase<'token.revoked'> {
  readonly tokenId: string
  /** Ids of the session tokens that were exchanged for it. */
  readonly derived: readonly string[]
  /** Live sessions that were ended by it. */
  readonly sessions: number
}

/** How the gateway logged in to a target. */
export interface CredentialUse {
  readonly target: string
  /** Login at the target. */
  readonly user: string
  /** Reference to the secret, such as `vault:shop`; never the secret. */
  readonly credential: string
  /** Such as `scram-sha-256-plus`; `none` when the target asked for nothing. */
  readonly method: string
  /** `verified`: certificate and name were checked; `encrypted`: they were not. */
  readonly tls: 'verified' | 'encrypted' | 'none'
}

export interface CredentialUsed extends EventBase<'credential.used'>, CredentialUse {
  readonly session: string
}

/** The gateway logged in for itself, to read the target's catalog. */
export interface CatalogOpened extends EventBase<'catalog.opened'>, CredentialUse {}

/** Written before what it allows is forwarded. */
export interface OperationDecided extends EventBase<'operation.decided'> {
  readonly session: string
  /** Number of the operation in its session, from 1. */
  readonly n: number
  readonly text: string
  readonly textTruncated?: Truncated
  /** Absent when there are none. */
  readonly parameters?: readonly (string | null)[]
  readonly parametersTruncated?: Truncated
  readonly actions: readonly string[]
  readonly actionsTruncated?: Truncated
  readonly objects: readonly string[]
  readonly objectsTruncated?: Truncated
  /** Absent when none is called. */
  readonly functions?: readonly string[]
  readonly functionsTruncated?: Truncated
  readonly readOnly: boolean
  readonly decision: Effect
  readonly rule: string
  readonly policyVersion: number
}

/** Written when a forwarded operation has ended. A decision to allow without one was cut off by a crash. */
export interface OperationFinished extends EventBase<'operation.finished'> {
  readonly session: string
  readonly n: number
  readonly result: 'completed' | 'failed' | 'aborted'
  readonly rows: number
  /** Bytes of response that the client got, after masking. */
  readonly bytes: number
  /** SHA-256 over the result as the client got it, hex; of PostgreSQL all row descriptions, rows, COPY data, notices, errors and tags. */
  readonly digest?: string
  /** The target's error code, such as an SQLSTATE. */
  readonly code?: string
  /** Duration in microseconds: an integer is written out faster than a fraction. */
  readonly us: number
}

export interface SessionClosed extends EventBase<'session.closed'> {
  readonly session: string
  readonly reason: string
  readonly operations: number
  readonly refused: number
}

export interface LoginRefused extends EventBase<'login.refused'> {
  readonly target: string
  readonly protocol: string
  readonly client: string
  readonly application: string
  readonly reason: string
}

export interface PolicyApplied extends EventBase<'policy.applied'> {
  readonly policyVersion: number
  /** SHA-256 of the document as it was written, hex. */
  readonly sha256: string
  /** Who: an administrator's name, or `gateway` at start. */
  readonly by: string
}

/** A registered agent, as one version of the policy has it. */
export interface RecordedAgent {
  readonly agent: string
  readonly issuer: string
  /** Claims by which its tokens are recognised, each as `claim=value`. */
  readonly match: readonly string[]
  readonly owner: string
  readonly purpose: string
  /** `YYYY-MM-DD`, its last day in UTC. */
  readonly expires?: string
  readonly targets?: readonly string[]
  readonly policyVersion: number
}

export interface AgentRegistered extends EventBase<'agent.registered'>, RecordedAgent {}

export interface AgentChanged extends EventBase<'agent.changed'>, RecordedAgent {
  /** Which of its settings differ from the version before. */
  readonly changed: readonly string[]
}

export interface AgentRevoked extends EventBase<'agent.revoked'> {
  readonly agent: string
  readonly policyVersion: number
}

export interface GatewayStarted extends EventBase<'gateway.started'> {
  readonly software: string
  readonly policyVersion: number
  /** What opening the ledger found: entries behind the last checkpoint, and bytes of an entry cut off by a crash. */
  readonly adopted: number
  readonly tornBytes: number
}

export interface GatewayStopped extends EventBase<'gateway.stopped'> {
  readonly reason: string
}

/** The first entry after a time in which nothing could be recorded, and nothing was passed on. */
export interface LedgerRecovered extends EventBase<'ledger.recovered'> {
  /** When recording stopped. */
  readonly since: number
  readonly error: string
}

/** What an administrator or operator did. */
export interface AdministratorActed extends EventBase<'administrator.acted'> {
  readonly by: string
  /** Such as `session.end`, `token.revoke`, `target.lock`. */
  readonly action: string
  /** What it was done to. */
  readonly subject: string
  readonly reason: string
}

/** The ledger's files are not what was signed. */
export interface VerificationFailed extends EventBase<'verification.failed'> {
  readonly check: 'background'
  /** Entries that the checkpoint covers. */
  readonly size: number
  readonly finding: string
}

/** Checkpoints have not reached an anchor for too long. */
export interface AnchorFailed extends EventBase<'anchor.failed'> {
  /** Path of the file, or address of the webhook. */
  readonly anchor: string
  readonly since: number
  readonly error: string
}

export interface AnchorRecovered extends EventBase<'anchor.recovered'> {
  readonly anchor: string
  readonly since: number
  /** Entries that the anchored checkpoint covers. */
  readonly size: number
}

/** A channel has not told anybody of reviews for too long. */
export interface ChannelFailed extends EventBase<'channel.failed'> {
  /** Its name in the configuration. */
  readonly channel: string
  readonly since: number
  readonly error: string
}

export interface ChannelRecovered extends EventBase<'channel.recovered'> {
  readonly channel: string
  readonly since: number
  /** News that it never told, because they were too many or too old by then. */
  readonly dropped: number
}

/** A part of a session's stream was sealed and kept. The segment's name in the store is `session/segment`. */
export interface SegmentSealed extends EventBase<'segment.sealed'> {
  readonly session: string
  /** From 1, without gaps. */
  readonly segment: number
  /** Of the sealed segment, as it is stored. */
  readonly bytes: number
  /** SHA-256 over those bytes, hex. */
  readonly sha256: string
  /** Operations that it holds something of; 0 where none. */
  readonly firstOperation: number
  readonly lastOperation: number
}

/** The content of an operation was recorded only in part, as the policy asks. */
export interface RecordingLimited extends EventBase<'recording.limited'> {
  readonly session: string
  readonly n: number
  /** Such as `first 1000 rows`. */
  readonly limit: string
}

/** The session's data key and segments are gone; that they existed stays proved by their `segment.sealed` events. */
export interface RecordingDestroyed extends EventBase<'recording.destroyed'> {
  readonly session: string
  readonly segments: number
  /** Such as `retention of 400d is over`. */
  readonly reason: string
}

export interface HoldChanged extends EventBase<'hold.placed' | 'hold.released'> {
  /** `session` or `identity`, and which. */
  readonly kind: 'session' | 'identity'
  readonly subject: string
  readonly by: string
  readonly reason: string
}

export type RecordedEvent =
  | SegmentSealed | RecordingLimited | RecordingDestroyed | HoldChanged
  | TokenIssued | TokenRevoked | LoginRefused | SessionOpened | SessionClosed | CredentialUsed | CatalogOpened
  | OperationDecided | OperationFinished | PolicyApplied | AgentRegistered | AgentChanged | AgentRevoked
  | GatewayStarted | GatewayStopped | AdministratorActed
  | LedgerRecovered | VerificationFailed | AnchorFailed | AnchorRecovered | ChannelFailed | ChannelRecovered
