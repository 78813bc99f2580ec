import type { Exchange, Outcome } from './exchange.ts'
import type { ProvedToken } from './identity.ts'
import type { CredentialUse } from './recording/event-schema.ts'
import type { Session } from './session.ts'

/** Everything a protocol may ask of the core. Implemented by `govern-exchange.ts` and `sessions.ts`. */
export interface Gatekeeper {
  /**
   * Verifies a client's credential and opens a session on a target.
   * @param end called when the session must end at once (revoked, locked, expired, policy changed), with words for the client
   * @throws AuthenticationError, also when the target does not exist or may not be opened
   */
  open(request: OpenRequest): Promise<Session>
  /** Records a login that the protocol itself refused, such as one with a certificate of somebody else. @param reason without secrets */
  loginRefused(login: RefusedLogin, reason: string): void
  /** Decides, records, and then forwards or refuses. Calls back into the exchange in the order of the calls of one session. */
  govern(session: Session, exchange: Exchange): void
  /** Records how a forwarded operation ended. */
  finish(session: Session, operationNumber: number, outcome: Outcome): void
  /** Records that the gateway logged in to a target: for a session, or for itself. */
  credentialUsed(session: Session | undefined, use: CredentialUse): void
  /** Records the end of a session. Safe to call twice. */
  close(session: Session, reason: string): void
}

/** What is on record of a login that comes to nothing. */
export type RefusedLogin = Pick<OpenRequest, 'protocol' | 'target' | 'clientAddress' | 'application'>

export interface OpenRequest {
  readonly protocol: string
  readonly credential: string | ProvedToken
  readonly target: string
  readonly clientAddress: string
  readonly application: string
  /** Why, as the client declares it while it connects; see `declared-purpose.ts`. */
  readonly purpose?: string
  readonly end: (reason: string) => void
}
