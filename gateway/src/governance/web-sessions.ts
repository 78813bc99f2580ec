import { AuthenticationError, type Identity } from './identity.ts'
import type { VerifiedClaims } from './session-tokens.ts'
import type { IdentifiedCaller } from './token-exchange.ts'

/** The port to where sessions of people at the console are kept. What it holds cannot be used as one. */
export interface WebSessionStore {
  add(record: WebSessionRecord): Promise<void>
  /** The record with that hash, also when it is over. Undefined when its id was revoked like a token's. */
  find(hash: string): Promise<WebSessionRecord | undefined>
  touch(id: string, usedAtMs: number): Promise<void>
  /** Removes those of the ids that there are. @returns how many that were */
  remove(ids: readonly string[]): Promise<number>
  /** In order of their ids, which come after `after`. */
  list(after: string, limit: number): Promise<readonly WebSessionRecord[]>
  /** Of one person, newest first. */
  listOf(issuer: string, subject: string): Promise<readonly WebSessionRecord[]>
  /** Forgets those that were over before `nowMs`, also for not being used for `idleMs`. */
  sweep(nowMs: number, idleMs: number): Promise<void>
}

export interface WebSessionRecord {
  /** `web_` and 24 hexadecimal digits. Names the session in the ledger; not derived from its cookie. */
  readonly id: string
  /** SHA-256 of the cookie's value, hexadecimal. */
  readonly hash: string
  readonly login: VerifiedClaims
  /** What an end at the provider wants to know, such as SAML's NameID. No secret: it is kept in the clear. */
  readonly upstream: Readonly<Record<string, string>>
  readonly beganAtMs: number
  readonly usedAtMs: number
  /** Its longest duration ends here. */
  readonly expiresAtMs: number
}

/** The port to where logins are kept that a browser has begun and not yet come back from. */
export interface LoginTransactionStore {
  add(record: LoginTransactionRecord): Promise<void>
  /** Gives the record once: whoever takes it second gets nothing, also at another gateway. */
  take(hash: string): Promise<LoginTransactionRecord | undefined>
  /** Forgets what expired before `nowMs`, and of the rest the oldest beyond `most`. */
  sweep(nowMs: number, most: number): Promise<void>
}

export interface LoginTransactionRecord {
  /** SHA-256 of the id, hexadecimal. */
  readonly hash: string
  /** Sealed under a key that only the browser's cookie gives. */
  readonly sealed: string
  readonly expiresAtMs: number
}

/** Who a request's cookie stands for, under the policy of now. */
export interface WebCaller extends IdentifiedCaller {
  readonly credential: 'web-session'
  /** What requests that change something must carry beside the cookie. */
  readonly csrf: string
  /** When it ends unless it is used before; never later than `expiresAtMs`. */
  readonly idleEndsAtMs: number
  readonly expiresAtMs: number
}

/** People at the console, as the API asks for them. */
export interface WebLogin {
  /** Origin under which browsers reach the gateway; undefined when it is not known, and nobody can log in. */
  readonly origin: () => string | undefined
  /** How long a session lasts at the most, for the cookie. */
  readonly longestMs: number
  /** Where a person can log in, in the document's order. */
  providers(): readonly LoginProvider[]
  /** @throws AuthenticationError */
  begin(provider: string, next: string | undefined): Promise<BegunLogin>
  /** @param params of the provider's answer @throws AuthenticationError */
  finish(provider: string, params: URLSearchParams, browserCookie: string | undefined): Promise<FinishedLogin>
  /** @throws AuthenticationError @param use false: this question does not put off the idle end */
  find(cookie: string, use?: boolean): Promise<WebCaller>
  /** Ends a session. @returns whose it was, and where to end it at the provider too, when that is possible */
  logout(cookie: string): Promise<EndedLogin | undefined>
}

export interface LoginProvider {
  readonly name: string
  readonly kind: 'oidc' | 'saml'
}

export interface BegunLogin {
  /** Where the browser is to go. */
  readonly location: string
  /** Binds the answer to this browser. */
  readonly browserCookie: string
}

export interface EndedLogin {
  readonly issuer: string
  readonly subject: string
  readonly tokenId: string
  readonly location?: string
}

export interface FinishedLogin {
  readonly cookie: string
  readonly csrf: string
  readonly identity: Identity
  readonly tokenId: string
  readonly expiresAtMs: number
  /** Local path to go to. */
  readonly next: string
}

/** Nobody can log in this way now, whoever they are. */
export class LoginUnavailable extends AuthenticationError {}
