import type { Effect } from '../decision.ts'
import type { LoginMade, LoginRemained, LoginRemoved } from './login-event-schema.ts'
import type { CampaignClosed, CampaignDecided, CampaignOpened } from './campaign-event-schema.ts'
import type { EventBase, RecordedIdentity, RecordedPerson, Truncated } from './event-base.ts'

export type { CampaignClosed, CampaignDecided, CampaignOpened, RecordedIdentity, RecordedPerson, Truncated }

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
  /** It opens one session; absent when it opens any number. */
  readonly singleUse?: boolean
}

/** A certificate was given for a session token. */
export interface CertificateIssued extends EventBase<'certificate.issued'> {
  /** The session token that it stands for. */
  readonly tokenId: string
  readonly identity: RecordedIdentity
  readonly protocol: string
  readonly targets: readonly string[]
  /** Digest of the public key. */
  readonly fingerprint: string
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
  /** Without which it would not be allowed. */
  readonly grant?: string
  /** Allowed only to be made known to the target; to run it a review is needed. Absent where that is not so. */
  readonly prepares?: boolean
}

/** Written when a forwarded operation has ended. A decision to allow without one was cut off by a crash. */
export interface OperationFinished extends EventBase<'operation.finished'> {
  readonly session: string
  readonly n: number
  readonly result: 'completed' | 'failed' | 'aborted'
  readonly rows: number
  /** Bytes of response that the client got, after masking. */
  readonly bytes: number
  /** Values that a mask replaced in them; absent when none was. */
  readonly masked?: number
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

/** Written before it takes effect. */
export interface LockChanged extends EventBase<'lock.placed' | 'lock.lifted'> {
  readonly kind: 'identity' | 'agent' | 'target'
  readonly name: string
  readonly by: string
  readonly reason: string
}

/** What a review asks for, written before anybody is told of it. */
export interface ReviewRequested extends EventBase<'review.requested'> {
  readonly review: string
  readonly kind: 'operation' | 'access'
  readonly identity: RecordedIdentity
  readonly target: string
  readonly purpose: string
  /** Of an operation: the one in this session that was held. */
  readonly session?: string
  readonly n?: number
  /** SHA-256 over what was asked, hex. */
  readonly digest: string
  readonly demands: readonly { readonly rule: string; readonly reviewers: readonly string[]; readonly approvals: number }[]
  readonly policyVersion: number
  /** Until when it may be answered. */
  readonly expiresAt: number
  /** Of an operation: how the rows that it would touch were found out, and how many they are. */
  readonly preview?: { readonly method: 'rehearsed' | 'counted' | 'estimated' | 'none'; readonly rows?: number }
  /** Of an access request. */
  readonly rule?: string
  readonly minutes?: number
  readonly reason?: string
}

/** Written before it counts. */
export interface ReviewAnswered extends EventBase<'review.answered'> {
  readonly review: string
  readonly by: RecordedPerson
  /** With which they may answer. */
  readonly groups: readonly string[]
  readonly answer: 'approve' | 'deny'
  readonly reason?: string
  /** Smaller permissions than were asked for. */
  readonly rows?: number
  readonly minutes?: number
  readonly digest: string
  /** Of the review, once this answer counts. */
  readonly state: 'open' | 'approved' | 'denied'
}

/** An answer that is on record does not count: the review was closed, or answered by them, in that moment. */
export interface AnswerVoided extends EventBase<'answer.voided'> {
  readonly review: string
  readonly by: RecordedPerson
  readonly reason: string
}

export interface ReviewClosed extends EventBase<'review.closed'> {
  readonly review: string
  readonly state: 'denied' | 'expired' | 'withdrawn'
  readonly reason: string
}

/** An approval was spent; the operation is forwarded after this. */
export interface ReviewUsed extends EventBase<'review.used'> {
  readonly review: string
  readonly session: string
  readonly n: number
  readonly digest: string
  /** More changed rows are rolled back. */
  readonly rows?: number
}

export interface AccessGranted extends EventBase<'access.granted'> {
  readonly grant: string
  readonly kind: 'access' | 'break-glass'
  readonly identity: RecordedIdentity
  readonly target: string
  readonly rules: readonly string[]
  readonly until: number
  readonly reason: string
  readonly review?: string
}

export interface AccessEnded extends EventBase<'access.ended'> {
  readonly grant: string
  readonly reason: string
}

/** Stands beside the `access.granted` of the same grant, so that it is seen. */
export interface BreakGlassOpened extends EventBase<'break-glass.opened'> {
  readonly grant: string
  readonly identity: RecordedIdentity
  readonly target: string
  readonly until: number
  readonly reason: string
}

export type RecordedEvent =
  | CampaignOpened | CampaignDecided | CampaignClosed
  | LoginMade | LoginRemoved | LoginRemained
  | ReviewRequested | ReviewAnswered | AnswerVoided | ReviewClosed | ReviewUsed | AccessGranted | AccessEnded | BreakGlassOpened
  | SegmentSealed | RecordingLimited | RecordingDestroyed | HoldChanged | LockChanged
  | TokenIssued | CertificateIssued | TokenRevoked | LoginRefused | SessionOpened | SessionClosed | CredentialUsed | CatalogOpened
  | OperationDecided | OperationFinished | PolicyApplied | AgentRegistered | AgentChanged | AgentRevoked
  | GatewayStarted | GatewayStopped | AdministratorActed
  | LedgerRecovered | VerificationFailed | AnchorFailed | AnchorRecovered | ChannelFailed | ChannelRecovered
