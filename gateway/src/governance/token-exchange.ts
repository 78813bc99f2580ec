import type { Identity } from './identity.ts'

/** RFC 8693: an identity token for a session token. */
export interface TokenExchange {
  /** @throws TokenExchangeError */
  exchange(request: ExchangeRequest): Promise<IssuedToken>
}

export interface ExchangeRequest {
  readonly subjectToken: string
  readonly subjectTokenType: string
  readonly actorToken?: string
  readonly actorTokenType?: string
  /** Names of the targets to open. */
  readonly targets: readonly string[]
  /** Why; an agent's registered purpose when absent. */
  readonly purpose?: string
  /** The token opens one session. */
  readonly singleUse?: boolean
}

export interface IssuedToken {
  /** The secret itself. It is nowhere else. */
  readonly token: string
  readonly tokenId: string
  readonly identity: Identity
  readonly targets: readonly string[]
  readonly purpose: string
  readonly singleUse?: boolean
  readonly expiresAtMs: number
  /** Seconds, rounded down. */
  readonly expiresIn: number
}

export type TokenExchangeErrorCode = 'invalid_request' | 'invalid_target' | 'temporarily_unavailable'

export class TokenExchangeError extends Error {
  override readonly name = 'TokenExchangeError'
  readonly code: TokenExchangeErrorCode
  readonly hint: string
  constructor(code: TokenExchangeErrorCode, message: string, hint: string) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

/** Who holds a credential, asked where no target is opened: the control API. */
export interface Identification {
  /** @throws AuthenticationError */
  identify(credential: string): Promise<IdentifiedCaller>
}

export interface IdentifiedCaller {
  readonly identity: Identity
  readonly tokenId: string
  /** A session token is for opening targets: native clients carry it, and it may lie about where agents run. */
  readonly credential: 'identity-token' | 'session-token' | 'web-session'
  /** Declared with a session token, else the registered purpose of the agent. */
  readonly purpose: string
  /** When the credential ends at the latest, Unix milliseconds. */
  readonly expiresAtMs: number
  /** A session token's: the targets that it is for. */
  readonly targets?: readonly string[]
  /** Targets the caller may open. */
  mayOpen(target: string): boolean
}
