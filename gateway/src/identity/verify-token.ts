import { createHash } from 'node:crypto'
import { errors, jwtVerify, type JWTVerifyGetKey } from 'jose'
import { AuthenticationError } from '../governance/identity.ts'
import type { IssuerKeyState } from '../governance/issuer-key-state.ts'
import type { IssuerEntry } from '../governance/policy/policy-document.ts'
import type { VerifiedClaims } from '../governance/session-tokens.ts'
import { BoundedGate, GateFull } from './bounded-gate.ts'
import { ISSUER_KEYS_DEFAULTS, IssuerKeys, type IssuerKeysOptions } from './issuer-keys.ts'
import { readToken, type UnverifiedToken } from './read-token.ts'

/** How far clocks may differ. */
export const CLOCK_TOLERANCE_SECONDS = 30

const CACHE_MS = 30_000
const CACHE_ENTRIES = 2_000
const GATE = { maxRunning: 64, maxWaiting: 2_000, waitMs: 10_000 }

export interface VerifiedToken extends VerifiedClaims {
  readonly tokenId: string
  readonly expiresAtMs: number
  /** The `typ` header in lower case; empty when there was none. */
  readonly type: string
}

interface Remembered {
  readonly token: VerifiedToken
  readonly issuerEntry: IssuerEntry
  readonly untilMs: number
}

/** Verifies identity tokens of the configured issuers: RFC 7519 §7.2, RFC 9068 §4, RFC 8725. */
export class TokenVerifier {
  readonly #issuers: () => readonly IssuerEntry[]
  readonly #options: IssuerKeysOptions
  /** By issuer identifier. Each has its own gate: logins that wait for one issuer keep nobody else's waiting. */
  readonly #sources = new Map<string, { readonly keys: IssuerKeys; readonly gate: BoundedGate }>()
  /** By the token's hash, oldest first. 200 connections at once with one token are one verification. */
  readonly #verified = new Map<string, Remembered>()
  readonly #underWay = new Map<string, Promise<VerifiedToken>>()
  /** Signatures checked so far. */
  verifications = 0

  constructor(issuers: () => readonly IssuerEntry[], options: Partial<IssuerKeysOptions> = {}) {
    this.#issuers = issuers
    this.#options = { ...ISSUER_KEYS_DEFAULTS, ...options }
  }

  /** @throws AuthenticationError, IssuerUnavailable */
  async verify(token: string): Promise<VerifiedToken> {
    const hash = createHash('sha256').update(token).digest('base64')
    const remembered = this.#remembered(hash)
    if (remembered !== undefined) return remembered
    let verification = this.#underWay.get(hash)
    if (verification === undefined) {
      verification = this.#verifyOnce(token, hash).finally(() => this.#underWay.delete(hash))
      this.#underWay.set(hash, verification)
    }
    return verification
  }

  /** @param issuer its identifier @returns undefined when its keys were not wanted yet */
  keyState(issuer: string): IssuerKeyState | undefined {
    return this.#sources.get(issuer)?.keys.state
  }

  #remembered(hash: string): VerifiedToken | undefined {
    const remembered = this.#verified.get(hash)
    if (remembered === undefined) return undefined
    // An entry changed by a new policy version is another object: the token is then verified against the new one.
    if (this.#options.now() < remembered.untilMs && this.#issuers().includes(remembered.issuerEntry)) return remembered.token
    this.#verified.delete(hash)
    return undefined
  }

  async #verifyOnce(token: string, hash: string): Promise<VerifiedToken> {
    const unverified = readToken(token)
    const candidates = this.#issuers().filter((entry) => entry.issuer === unverified.claims['iss'])
    const issuerEntry = candidates.find((entry) => isFor(unverified.claims['aud'], entry.audience))
    if (candidates.length === 0) throw refuse('the token is of an issuer that is not configured', 'Get a token from an issuer in the policy document.')
    if (issuerEntry === undefined) {
      throw refuse('the token is for another audience', 'Ask the issuer for a token whose aud is the audience in the policy document.')
    }
    const source = this.#sourceOf(issuerEntry)
    try {
      const verified = await source.gate.run(() => this.#check(token, unverified, issuerEntry, source.keys))
      const untilMs = Math.min(this.#options.now() + CACHE_MS, verified.expiresAtMs)
      if (this.#verified.size >= CACHE_ENTRIES) this.#verified.delete(this.#verified.keys().next().value ?? '')
      this.#verified.set(hash, { token: verified, issuerEntry, untilMs })
      return verified
    } catch (error) {
      if (error instanceof GateFull) throw refuse('too many logins are being verified', 'Try again in a moment.')
      throw error
    }
  }

  async #check(token: string, unverified: UnverifiedToken, issuerEntry: IssuerEntry, keys: IssuerKeys): Promise<VerifiedToken> {
    let verifyWith = await keys.current()
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.verifications += 1
        const claims = await this.#signedClaims(token, verifyWith, issuerEntry)
        const type = unverified.header['typ']
        const expiresAtMs = (Number(claims['exp']) + CLOCK_TOLERANCE_SECONDS) * 1_000
        return {
          issuer: issuerEntry.name, claims: Object.freeze(claims), tokenId: unverified.tokenId, expiresAtMs,
          type: typeof type === 'string' ? type.toLowerCase() : '',
        }
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || attempt > 1) throw inWords(error)
        verifyWith = await keys.afterUnknownKey()
      }
    }
  }

  async #signedClaims(token: string, keys: JWTVerifyGetKey, issuerEntry: IssuerEntry): Promise<Record<string, unknown>> {
    const nowMs = this.#options.now()
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ['RS256', 'ES256', 'EdDSA'],
      issuer: issuerEntry.issuer,
      audience: issuerEntry.audience,
      requiredClaims: ['iss', 'aud', 'exp', 'sub'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(nowMs),
    })
    if (!Number.isSafeInteger(Math.trunc(payload.exp ?? Number.NaN) * 1_000)) throw new errors.JWTClaimValidationFailed('', payload, 'exp')
    if (payload.iat !== undefined && payload.iat > nowMs / 1_000 + CLOCK_TOLERANCE_SECONDS) throw new errors.JWTClaimValidationFailed('', payload, 'iat')
    if (typeof payload.sub !== 'string' || payload.sub === '') throw new errors.JWTClaimValidationFailed('', payload, 'sub')
    // RFC 7800: only whoever holds that key may use the token, and a password cannot prove that.
    if (payload['cnf'] !== undefined) throw refuse('the token is bound to a key (cnf) and cannot be used as a password', 'Ask the issuer for a bearer token.')
    // OpenID Connect Back-Channel Logout 1.0 §2.4: not a statement that somebody is logged in.
    if (payload['events'] !== undefined) throw refuse('the token is a notice of an event', 'Send an access token or an ID token.')
    return payload
  }

  #sourceOf(entry: IssuerEntry): { readonly keys: IssuerKeys; readonly gate: BoundedGate } {
    for (const issuer of this.#sources.keys()) {
      if (!this.#issuers().some((configured) => configured.issuer === issuer)) this.#sources.delete(issuer)
    }
    const source = this.#sources.get(entry.issuer) ?? {
      keys: new IssuerKeys(entry.name, entry.issuer, this.#options),
      gate: new BoundedGate(GATE),
    }
    this.#sources.set(entry.issuer, source)
    return source
  }
}

/** RFC 7519 §4.1.3: one string, or an array of nothing but strings. */
function isFor(audiences: unknown, audience: string): boolean {
  if (Array.isArray(audiences)) return audiences.every((one) => typeof one === 'string') && audiences.includes(audience)
  return audiences === audience
}

/** jose's own messages quote nothing, but its errors carry the claims: only our words go on. */
function inWords(error: unknown): AuthenticationError {
  const fresh = 'Get a new token from the issuer.'
  if (error instanceof AuthenticationError) return error
  if (error instanceof errors.JWTExpired) return refuse('the token has expired', fresh)
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf' || error.claim === 'iat') return refuse(`the token is not valid yet (its ${error.claim} claim)`, 'Compare the clocks of issuer and gateway.')
    return refuse(`the token's ${error.claim} claim is missing or wrong`, fresh)
  }
  if (error instanceof errors.JWKSNoMatchingKey) return refuse("the token names a key that is not among its issuer's", fresh)
  if (error instanceof errors.JWKSMultipleMatchingKeys) return refuse('the token does not say which key it is signed with', 'Have the issuer set the kid header.')
  if (error instanceof errors.JWSSignatureVerificationFailed) return refuse("the token's signature is wrong", fresh)
  return refuse('the token cannot be verified', fresh)
}

function refuse(message: string, hint: string): AuthenticationError {
  return new AuthenticationError(message, hint)
}
