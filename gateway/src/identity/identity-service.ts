import { randomBytes } from 'node:crypto'
import { oneLine } from '../governance/declared-purpose.ts'
import { type Admission, AuthenticationError, type Authenticator, type ProvedToken } from '../governance/identity.ts'
import { type LockCheck, refuseLocked } from '../governance/locks/lock.ts'
import type { PolicySource } from '../governance/policy/policy.ts'
import type { PolicyDocument } from '../governance/policy/policy-document.ts'
import type { SessionTokenStore, StoredSessionToken } from '../governance/session-tokens.ts'
import {
  type ExchangeRequest, type Identification, type IdentifiedCaller, type IssuedToken, type TokenExchange,
  TokenExchangeError,
} from '../governance/token-exchange.ts'
import type { IssuerKeysOptions } from './issuer-keys.ts'
import { IssuerUnavailable } from './issuer-unavailable.ts'
import { MAX_TOKEN_CHARACTERS } from './read-token.ts'
import { type ResolvedIdentity, resolveIdentity } from './resolve-identity.ts'
import { hashSessionToken, isWholeSessionToken, makeSessionToken, SESSION_TOKEN_PREFIX } from './session-token.ts'
import { TokenVerifier, type VerifiedToken } from './verify-token.ts'

export const SESSION_TOKEN_TTL_MS = 15 * 60_000

const SWEEP_EVERY_MS = 60_000
const MAX_TARGETS = 32
/** A revocation of a token whose end is not known is kept this long. */
const REVOCATION_MS = 30 * 24 * 3_600_000

export interface IdentityServiceOptions {
  readonly policies: PolicySource
  readonly tokens: SessionTokenStore
  /** Who is locked gets no session token, and is nobody for the control API. */
  readonly locks: LockCheck
  /** How long a session token lasts, unless its identity token ends before. */
  readonly sessionTokenTtlMs?: number
  readonly issuerKeys?: Partial<IssuerKeysOptions>
  readonly now?: () => number
}

interface Credential extends ResolvedIdentity {
  readonly tokenId: string
  readonly purpose: string
  readonly expiresAtMs: number
  /** Only these targets; all that the policy allows when absent. */
  readonly targets?: readonly string[]
  readonly parentIds?: readonly string[]
  readonly purposeFixed?: boolean
  /** It opens one session, and has not yet. */
  readonly singleUse?: boolean
}

/** Says who is there. Takes identity tokens of the configured issuers, and the session tokens it gave for them. */
export class IdentityService implements Authenticator, TokenExchange, Identification {
  readonly #policies: PolicySource
  readonly #tokens: SessionTokenStore
  readonly #locks: LockCheck
  readonly #ttlMs: number
  readonly #now: () => number
  readonly #listeners = new Set<(tokenIds: readonly string[]) => void>()
  #sweptAtMs: number
  readonly verifier: TokenVerifier

  constructor(options: IdentityServiceOptions) {
    this.#policies = options.policies
    this.#tokens = options.tokens
    this.#locks = options.locks
    this.#ttlMs = options.sessionTokenTtlMs ?? SESSION_TOKEN_TTL_MS
    this.#now = options.now ?? Date.now
    this.#sweptAtMs = this.#now()
    this.verifier = new TokenVerifier(() => this.#document.issuers, { ...options.issuerKeys, now: this.#now })
  }

  get #document(): PolicyDocument {
    return this.#policies.current.document
  }

  async authenticate(credential: string | ProvedToken, target: string): Promise<Admission> {
    const found = typeof credential === 'string' ? await this.#credential(credential) : this.#stored(await this.#tokens.findById(credential.tokenId))
    if (!this.#mayOpen(found, target)) {
      throw new AuthenticationError(
        'this login does not open that target, or there is none of that name',
        'Check the name; GET /api/v1/targets of the control API lists what you may open.',
      )
    }
    // Spent last: a mistake in the name of the target costs no token.
    if (found.singleUse === true && !(await this.#tokens.spend(found.tokenId, this.#now()))) throw used()
    const { identity, purpose, tokenId, expiresAtMs, parentIds, purposeFixed } = found
    return { identity, purpose, tokenId, expiresAtMs, ...(parentIds && { parentIds }), ...(purposeFixed && { purposeFixed }) }
  }

  async identify(credential: string): Promise<IdentifiedCaller> {
    const found = await this.#credential(credential)
    const { identity, tokenId, purpose, targets, expiresAtMs } = found
    return {
      identity, tokenId, purpose, expiresAtMs, credential: targets === undefined ? 'identity-token' : 'session-token',
      ...(targets !== undefined && { targets }),
      mayOpen: (target) => this.#mayOpen(found, target),
    }
  }

  async exchange(request: ExchangeRequest): Promise<IssuedToken> {
    try {
      return await this.#exchange(request)
    } catch (error) {
      if (error instanceof IssuerUnavailable) throw new TokenExchangeError('temporarily_unavailable', error.message, error.hint)
      // RFC 8693 §2.2.2: an unacceptable subject or actor token is an invalid request.
      if (error instanceof AuthenticationError) throw new TokenExchangeError('invalid_request', error.message, error.hint)
      throw error
    }
  }

  /**
   * Makes a token unusable from now on, with all that was exchanged for it.
   * @param tokenId as in the ledger and in {@link Admission}
   * @returns ids of all tokens that are revoked by it, itself the first
   */
  async revoke(tokenId: string): Promise<readonly string[]> {
    const revoked = await this.#tokens.revoke(tokenId, this.#now() + REVOCATION_MS)
    for (const listener of this.#listeners) listener(revoked)
    return revoked
  }

  /** Revokes a session token for whoever holds it. One that is not known, or not whole, is no use to anybody as it is. */
  async revokeHeld(token: string): Promise<void> {
    const stored = isWholeSessionToken(token) ? await this.#tokens.find(hashSessionToken(token)) : undefined
    if (stored !== undefined && !stored.revoked) await this.revoke(stored.tokenId)
  }

  /** Calls back with the ids of revoked tokens, so that sessions opened with them can end. Returns how to stop. */
  onRevoked(listener: (tokenIds: readonly string[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async #exchange(request: ExchangeRequest): Promise<IssuedToken> {
    const subject = await this.#verifyAs(request.subjectToken, request.subjectTokenType)
    const actor = request.actorToken === undefined
      ? undefined
      : await this.#verifyAs(request.actorToken, request.actorTokenType ?? '')
    const nowMs = this.#now()
    const resolved = resolveIdentity(subject, actor, this.#document, nowMs)
    refuseLocked(this.#locks.on(resolved.identity))
    const targets = [...new Set(request.targets)]
    this.#requireTargets(targets, resolved)
    const endsAtMs = [subject, ...(actor === undefined ? [] : [actor])].map((token) => Number(token.claims['exp']) * 1_000)
    const expiresAtMs = Math.floor(Math.min(nowMs + this.#ttlMs, resolved.endsAtMs, ...endsAtMs))
    const expiresIn = Math.floor((expiresAtMs - nowMs) / 1_000)
    if (expiresIn < 1) throw new AuthenticationError('the token has expired', 'Get a new token from the issuer.')
    const purpose = oneLine(request.purpose) ?? registeredPurpose(resolved)
    const singleUse = request.singleUse === true
    const token = makeSessionToken()
    const tokenId = `tok_${randomBytes(12).toString('hex')}`
    await this.#sweep(nowMs)
    await this.#tokens.add({
      tokenId, hash: hashSessionToken(token), parentId: subject.tokenId,
      subject: { issuer: subject.issuer, claims: subject.claims },
      ...(actor === undefined ? {} : { actorParentId: actor.tokenId, actor: { issuer: actor.issuer, claims: actor.claims } }),
      targets, purpose, singleUse, issuedAtMs: nowMs, expiresAtMs,
    })
    return { token, tokenId, identity: resolved.identity, targets, purpose, singleUse, expiresAtMs, expiresIn }
  }

  #requireTargets(targets: readonly string[], resolved: ResolvedIdentity): void {
    if (targets.length === 0) throw new TokenExchangeError('invalid_target', 'no target is named', 'Name each target to open as audience.')
    if (targets.length > MAX_TARGETS) throw new TokenExchangeError('invalid_target', `more than ${MAX_TARGETS} targets are named`, 'Ask for several tokens.')
    if (!targets.every((target) => this.#mayOpen(resolved, target))) {
      throw new TokenExchangeError(
        'invalid_target', 'a named target does not exist, or may not be opened by this identity',
        'Check the name; GET /api/v1/targets of the control API lists what you may open.',
      )
    }
  }

  async #verifyAs(token: string, declaredType: string): Promise<VerifiedToken> {
    if (token.startsWith(SESSION_TOKEN_PREFIX)) throw new AuthenticationError('a session token cannot be exchanged', 'Send an identity token of the issuer.')
    const verified = await this.verifier.verify(token)
    if (await this.#tokens.isRevoked(verified.tokenId)) throw revoked()
    const isAccessToken = verified.type.endsWith('at+jwt')
    if ((declaredType.endsWith(':id_token') && isAccessToken) || (declaredType.endsWith(':access_token') && verified.type === 'id_token+jwt')) {
      throw new AuthenticationError('the token is of another type than declared', 'Correct subject_token_type or actor_token_type.')
    }
    return verified
  }

  async #credential(credential: string): Promise<Credential> {
    if (credential === '') throw new AuthenticationError('no token was given', 'Give a session token or an identity token.')
    if (credential.length > MAX_TOKEN_CHARACTERS) throw new AuthenticationError('the token is too long', 'Exchange it for a session token.')
    if (credential.startsWith(SESSION_TOKEN_PREFIX)) return this.#sessionToken(credential)
    if (!credential.includes('.')) throw new AuthenticationError('this is not a token', 'Give a session token or an identity token.')
    const verified = await this.verifier.verify(credential)
    if (await this.#tokens.isRevoked(verified.tokenId)) throw revoked()
    const resolved = resolveIdentity(verified, undefined, this.#document, this.#now())
    refuseLocked(this.#locks.on(resolved.identity))
    const expiresAtMs = Math.min(verified.expiresAtMs, resolved.endsAtMs)
    return { ...resolved, tokenId: verified.tokenId, purpose: registeredPurpose(resolved), expiresAtMs }
  }

  async #sessionToken(token: string): Promise<Credential> {
    if (!isWholeSessionToken(token)) throw new AuthenticationError('the session token is not whole', 'Copy it again, from its first to its last character.')
    return this.#stored(await this.#tokens.find(hashSessionToken(token)))
  }

  #stored(stored: StoredSessionToken | undefined): Credential {
    if (stored === undefined) throw new AuthenticationError('the session token is not known here', RENEW)
    if (stored.revoked) throw revoked()
    const nowMs = this.#now()
    if (nowMs >= stored.expiresAtMs) throw new AuthenticationError('the session token has expired', RENEW)
    const resolved = this.#resolveAgain(stored, nowMs)
    refuseLocked(this.#locks.on(resolved.identity))
    if (stored.used === true) throw used()
    const { parentId, actorParentId } = stored
    return {
      ...resolved, tokenId: stored.tokenId, purpose: stored.purpose, targets: stored.targets,
      parentIds: [parentId, ...(actorParentId === undefined ? [] : [actorParentId])],
      // An agent's registered purpose is what a token has for which none was declared.
      purposeFixed: stored.purpose !== '' && stored.purpose !== registeredPurpose(resolved), singleUse: stored.singleUse === true,
      expiresAtMs: Math.min(stored.expiresAtMs, resolved.endsAtMs),
    }
  }

  /** The policy may have changed since the token was issued: agents go, expire, or lose targets; issuers change audience. */
  #resolveAgain(stored: StoredSessionToken, nowMs: number): ResolvedIdentity {
    for (const verified of [stored.subject, ...(stored.actor === undefined ? [] : [stored.actor])]) {
      const entry = this.#document.issuers.find((issuer) => issuer.name === verified.issuer)
      const audiences = [verified.claims['aud']].flat()
      if (entry === undefined || !audiences.includes(entry.audience)) {
        throw new AuthenticationError('the token is of an issuer that is no longer configured', RENEW)
      }
    }
    return resolveIdentity(stored.subject, stored.actor, this.#document, nowMs)
  }

  #mayOpen(credential: ResolvedIdentity & { readonly targets?: readonly string[] }, target: string): boolean {
    return (
      this.#document.targets.some((entry) => entry.name === target) &&
      (credential.targets === undefined || credential.targets.includes(target)) &&
      credential.agents.every((agent) => agent.targets === undefined || agent.targets.includes(target))
    )
  }

  async #sweep(nowMs: number): Promise<void> {
    if (nowMs - this.#sweptAtMs < SWEEP_EVERY_MS) return
    this.#sweptAtMs = nowMs
    await this.#tokens.sweep(nowMs)
  }
}

const RENEW = 'Exchange a fresh identity token for a new one: `sallyport token`, or POST /oauth/token.'

function revoked(): AuthenticationError {
  return new AuthenticationError('the token was revoked', 'Ask the operator why, then get a new one.')
}

function used(): AuthenticationError {
  return new AuthenticationError('the session token was made for one login, and that was used', RENEW)
}

function registeredPurpose(resolved: ResolvedIdentity): string {
  return resolved.agents[0]?.purpose ?? ''
}
