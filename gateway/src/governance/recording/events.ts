import type { RefusedLogin } from '../gatekeeper.ts'
import type { Session } from '../session.ts'
import type { CredentialUse, RecordedEvent } from './event-schema.ts'
import { cut, cutList } from './fit-entry.ts'
import { recordIdentity } from './record-identity.ts'

/**
 * Turns what happened into ledger entries; event-schema.ts says what is in them. No credential ever comes in
 * here, except inside a login that is refused, of which only the named members are read.
 */
export { encodeDecided, encodeFinished } from './operation-events.ts'
export type * from './event-schema.ts'

function encode(event: RecordedEvent): string {
  return JSON.stringify(event)
}

export function encodeSessionOpened(session: Session): string {
  const { identity, tokenId, purpose } = session.admission
  return encode({
    v: 1, event: 'session.opened', at: session.openedAtMs, session: session.id,
    identity: recordIdentity(identity),
    tokenId: cut(tokenId), target: cut(session.target.name), protocol: session.protocol, purpose: cut(purpose),
    client: cut(session.clientAddress), application: cut(session.application), policyVersion: session.policy.version,
  })
}

export function encodeSessionClosed(session: Session, reason: string, at: number): string {
  const { operations, refused } = session
  return encode({ v: 1, event: 'session.closed', at, session: session.id, reason: cut(reason), operations, refused })
}

/** @param reason fit for the client, so without secrets */
export function encodeLoginRefused(request: RefusedLogin, reason: string, at: number): string {
  const { target, protocol, clientAddress, application } = request
  return encode({
    v: 1, event: 'login.refused', at, target: cut(target), protocol, client: cut(clientAddress), application: cut(application), reason: cut(reason),
  })
}

/** @param sessionId absent for the gateway's own connection */
export function encodeCredentialUsed(sessionId: string | undefined, use: CredentialUse, at: number): string {
  const { target, user, credential, method, tls } = use
  const used = { target: cut(target), user: cut(user), credential: cut(credential), method: cut(method), tls }
  if (sessionId === undefined) return encode({ v: 1, event: 'catalog.opened', at, ...used })
  return encode({ v: 1, event: 'credential.used', at, session: sessionId, ...used })
}

/** @param revoked as `SessionTokenStore.revoke` gives them: the token itself first @param sessions how many it ended */
export function encodeTokenRevoked(revoked: readonly string[], sessions: number, at: number): string {
  const [tokenId = '', ...derived] = revoked
  return encode({ v: 1, event: 'token.revoked', at, tokenId: cut(tokenId), derived: cutList(derived), sessions })
}

/** @param sha256 hex digest of the document as it was written */
export function encodePolicyApplied(policyVersion: number, sha256: string, by: string, at: number): string {
  return encode({ v: 1, event: 'policy.applied', at, policyVersion, sha256, by: cut(by) })
}

export interface GatewayStart {
  /** Name and version of what runs. */
  readonly software: string
  readonly policyVersion: number
  /** From the ledger's recovery report. */
  readonly adopted: number
  readonly tornBytes: number
}

export function encodeGatewayStarted(start: GatewayStart, at: number): string {
  const { software, policyVersion, adopted, tornBytes } = start
  return encode({ v: 1, event: 'gateway.started', at, software: cut(software), policyVersion, adopted, tornBytes })
}

export function encodeGatewayStopped(reason: string, at: number): string {
  return encode({ v: 1, event: 'gateway.stopped', at, reason: cut(reason) })
}

/** @param since when recording stopped, Unix milliseconds */
export function encodeLedgerRecovered(since: number, error: string, at: number): string {
  return encode({ v: 1, event: 'ledger.recovered', at, since, error: cut(error) })
}

export interface AdministratorAction {
  readonly by: string
  readonly action: string
  readonly subject: string
  readonly reason: string
}

export function encodeAdministratorActed({ by, action, subject, reason }: AdministratorAction, at: number): string {
  return encode({ v: 1, event: 'administrator.acted', at, by: cut(by), action: cut(action), subject: cut(subject), reason: cut(reason) })
}

export function encodeVerificationFailed(size: number, finding: string, at: number): string {
  return encode({ v: 1, event: 'verification.failed', at, check: 'background', size, finding: cut(finding) })
}

/** @param since Unix milliseconds */
export function encodeAnchorFailed(anchor: string, since: number, error: string, at: number): string {
  return encode({ v: 1, event: 'anchor.failed', at, anchor: cut(anchor), since, error: cut(error) })
}

/** @param since Unix milliseconds @param size entries that the anchored checkpoint covers */
export function encodeAnchorRecovered(anchor: string, since: number, size: number, at: number): string {
  return encode({ v: 1, event: 'anchor.recovered', at, anchor: cut(anchor), since, size })
}

/** @param channel its name in the configuration @param since Unix milliseconds @param error without secrets */
export function encodeChannelFailed(channel: string, since: number, error: string, at: number): string {
  return encode({ v: 1, event: 'channel.failed', at, channel: cut(channel), since, error: cut(error) })
}

/** @param since Unix milliseconds @param dropped news that it never told */
export function encodeChannelRecovered(channel: string, since: number, dropped: number, at: number): string {
  return encode({ v: 1, event: 'channel.recovered', at, channel: cut(channel), since, dropped })
}
