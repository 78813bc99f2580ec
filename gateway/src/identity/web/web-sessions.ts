import { createHash, createHmac, randomBytes } from 'node:crypto'
import { AuthenticationError, type Identity } from '../../governance/identity.ts'
import { type LockCheck, refuseLocked } from '../../governance/locks/lock.ts'
import type { PolicySource } from '../../governance/policy/policy.ts'
import type { VerifiedClaims } from '../../governance/session-tokens.ts'
import type { WebCaller, WebSessionRecord, WebSessionStore } from '../../governance/web-sessions.ts'
import type { ResolvedIdentity } from '../resolve-identity.ts'
import { resolveLogin } from './resolve-login.ts'

export interface WebSessionsOptions {
  readonly store: WebSessionStore
  readonly policies: PolicySource
  /** A session that is not used for this long is over. */
  readonly idleMs: number
  /** A session is over after this long, however much it is used. */
  readonly longestMs: number
  /** Whoever is locked does not log in. Sessions that began before are ended, and refused where requests come in. */
  readonly locks: LockCheck
  readonly now?: () => number
}

export interface WebSessionLogin {
  readonly claims: VerifiedClaims
  /** What an end at the provider wants to know, such as SAML's NameID and SessionIndex. No secret: it is kept in the clear. */
  readonly upstream?: Readonly<Record<string, string>>
  /** When the provider wants the login to end at the latest (SAML's SessionNotOnOrAfter), Unix milliseconds. */
  readonly endsAtMs?: number
}

export interface BegunWebSession {
  /** The cookie's value. It is nowhere else. */
  readonly cookie: string
  readonly csrf: string
  readonly identity: Identity
  /** The session's id, which stands for it in the ledger. */
  readonly tokenId: string
  readonly expiresAtMs: number
}

/** Most sessions of one person: an older one makes room. */
const MAX_PER_PERSON = 20
const SWEEP_EVERY_MS = 60_000
const PAGE = 500
const COOKIE = /^[A-Za-z0-9_-]{43}$/

/**
 * Sessions of people at the console. Each stands for the claims of one login; who that is and what they may do is resolved
 * anew for each request, under the policy of then. Nothing is kept in memory: an end holds at every gateway at once.
 */
export class WebSessions {
  readonly #options: WebSessionsOptions
  readonly #now: () => number
  #sweptAtMs = Number.NEGATIVE_INFINITY

  constructor(options: WebSessionsOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  get longestMs(): number {
    return this.#options.longestMs
  }

  /** @throws AuthenticationError when the claims are nobody's who may log in here */
  async begin({ claims, upstream = {}, endsAtMs = Number.POSITIVE_INFINITY }: WebSessionLogin): Promise<BegunWebSession> {
    const { store, longestMs, idleMs, locks } = this.#options
    const nowMs = this.#now()
    const { identity } = this.#resolve(claims, nowMs)
    refuseLocked(locks.on(identity))
    if (nowMs - this.#sweptAtMs >= SWEEP_EVERY_MS) {
      this.#sweptAtMs = nowMs
      await store.sweep(nowMs, idleMs)
    }
    const earlier = await store.listOf(identity.issuer, identity.subject)
    if (earlier.length >= MAX_PER_PERSON) await store.remove(earlier.slice(MAX_PER_PERSON - 1).map(({ id }) => id))
    const cookie = randomBytes(32).toString('base64url')
    const id = `web_${randomBytes(12).toString('hex')}`
    const expiresAtMs = Math.min(nowMs + longestMs, endsAtMs)
    await store.add({ id, hash: hashOf(cookie), login: claims, upstream, beganAtMs: nowMs, usedAtMs: nowMs, expiresAtMs })
    return { cookie, csrf: csrfOf(cookie), identity, tokenId: id, expiresAtMs }
  }

  /**
   * @param use false: asking does not put off the idle end
   * @throws AuthenticationError when there is no such session any more, or the policy of now knows its person no more
   */
  async find(cookie: string, use = true): Promise<WebCaller> {
    const { store, policies, idleMs } = this.#options
    const nowMs = this.#now()
    const record = COOKIE.test(cookie) ? await store.find(hashOf(cookie)) : undefined
    if (record === undefined) throw new AuthenticationError('this session is not known here, or was ended', AGAIN)
    if (nowMs >= record.expiresAtMs) throw new AuthenticationError('this session has reached its longest duration', AGAIN)
    if (nowMs >= record.usedAtMs + idleMs) throw new AuthenticationError('this session was not used for too long', AGAIN)
    const resolved = this.#resolve(record.login, nowMs)
    // Written now and then only: a page asks many questions at once.
    const touch = use && nowMs - record.usedAtMs >= Math.min(60_000, idleMs / 10)
    if (touch) await store.touch(record.id, nowMs)
    const usedAtMs = touch ? nowMs : record.usedAtMs
    return {
      identity: resolved.identity, tokenId: record.id, purpose: '', credential: 'web-session', csrf: csrfOf(cookie),
      expiresAtMs: record.expiresAtMs, idleEndsAtMs: Math.min(usedAtMs + idleMs, record.expiresAtMs),
      mayOpen: (target) => policies.current.document.targets.some((entry) => entry.name === target),
    }
  }

  /** Ends a session. @returns its record when there was one; safe to call twice */
  async end(cookie: string): Promise<WebSessionRecord | undefined> {
    const record = COOKIE.test(cookie) ? await this.#options.store.find(hashOf(cookie)) : undefined
    return record !== undefined && (await this.#options.store.remove([record.id])) > 0 ? record : undefined
  }

  /** Ends all sessions of one person. @returns how many */
  async endAllOf({ issuer, subject }: Pick<Identity, 'issuer' | 'subject'>): Promise<number> {
    const { store } = this.#options
    return store.remove((await store.listOf(issuer, subject)).map(({ id }) => id))
  }

  /**
   * Ends every session whose person, as the policy of now knows them, a test picks; for locks. Those whom it knows no more
   * are let in no more either way.
   * @returns how many
   */
  async endWhere(test: (identity: Identity, id: string) => boolean): Promise<number> {
    const { store } = this.#options
    let ended = 0
    for (let after = ''; ;) {
      const page = await store.list(after, PAGE)
      ended += await store.remove(page.filter((record) => this.#picks(record, test)).map(({ id }) => id))
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE) return ended
      after = last.id
    }
  }

  #picks({ login, id }: WebSessionRecord, test: (identity: Identity, id: string) => boolean): boolean {
    let resolved: ResolvedIdentity
    try {
      resolved = this.#resolve(login, this.#now())
    } catch (error) {
      if (error instanceof AuthenticationError) return false
      throw error
    }
    return test(resolved.identity, id)
  }

  #resolve(login: VerifiedClaims, nowMs: number): ResolvedIdentity {
    return resolveLogin(login, this.#options.policies.current.document, nowMs)
  }
}

const AGAIN = 'Log in again.'

function hashOf(cookie: string): string {
  return createHash('sha256').update(cookie).digest('hex')
}

/** Bound to the session, and worthless without its cookie: whoever knows one cannot make the other. */
function csrfOf(cookie: string): string {
  return createHmac('sha256', cookie).update('sallyport csrf').digest('base64url')
}
