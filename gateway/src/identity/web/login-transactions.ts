import { createHash, hkdfSync, randomBytes } from 'node:crypto'
import { seal, unseal } from '../../governance/aead.ts'
import { AuthenticationError } from '../../governance/identity.ts'
import type { LoginTransactionStore } from '../../governance/web-sessions.ts'

/** How long a person may take at the provider. */
export const LOGIN_TRANSACTION_MS = 10 * 60_000

/** More under way at once than people log in; the oldest of more are forgotten. */
const MAX_TRANSACTIONS = 10_000
const SWEEP_EVERY = 100
const SECRET = /^[A-Za-z0-9_-]{43}$/

/** What a login must remember until the browser comes back. */
export interface LoginTransaction {
  /** Name of the issuer or SAML provider in the policy document. */
  readonly provider: string
  /** Local path to go to afterwards, checked by `checkNext`. */
  readonly next: string
  /** Of the protocol: nonce, PKCE verifier, request id. Kept sealed. */
  readonly secrets: Readonly<Record<string, string>>
}

/**
 * Logins that browsers have begun. Each is known by an id that travels through the provider (OIDC's `state`, SAML's
 * RelayState) and readable only with the cookie of the browser that began it: neither the database nor whoever sees the id
 * can finish it.
 */
export class LoginTransactions {
  readonly #store: LoginTransactionStore
  readonly #now: () => number
  #begun = 0

  constructor(store: LoginTransactionStore, now: () => number = Date.now) {
    this.#store = store
    this.#now = now
  }

  async begin(transaction: LoginTransaction): Promise<{ readonly id: string; readonly browserCookie: string }> {
    const [id, browserCookie] = [randomBytes(32).toString('base64url'), randomBytes(32).toString('base64url')]
    const { provider, next, secrets } = transaction
    const nowMs = this.#now()
    if (this.#begun++ % SWEEP_EVERY === 0) await this.#store.sweep(nowMs, MAX_TRANSACTIONS)
    const sealed = sealText(JSON.stringify({ provider, next, secrets }), id, browserCookie)
    await this.#store.add({ hash: hashOf(id), sealed, expiresAtMs: nowMs + LOGIN_TRANSACTION_MS })
    return { id, browserCookie }
  }

  /**
   * Gives a transaction once, to the browser that began it. An attempt with the wrong cookie spends it too: its id is then
   * in hands that should not have it.
   *
   * @throws AuthenticationError
   */
  async take(id: string, browserCookie: string | undefined): Promise<LoginTransaction> {
    if (!SECRET.test(id)) throw new AuthenticationError('the answer names no login that was begun here', AGAIN)
    const record = await this.#store.take(hashOf(id))
    if (record === undefined) throw new AuthenticationError('this login was finished already, or never begun', AGAIN)
    if (browserCookie === undefined || !SECRET.test(browserCookie)) {
      throw new AuthenticationError('this browser has not begun this login: its cookie is missing', 'Begin and finish the login in the same browser, with cookies allowed.')
    }
    if (this.#now() >= record.expiresAtMs) throw new AuthenticationError('this login took too long', AGAIN)
    const text = unsealText(record.sealed, id, browserCookie)
    if (text === undefined) throw new AuthenticationError('this login was begun in another browser', AGAIN)
    return JSON.parse(text) as LoginTransaction
  }
}

const AGAIN = 'Log in again, from the beginning.'

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('hex')
}

function keyOf(id: string, browserCookie: string): Buffer {
  return Buffer.from(hkdfSync('sha256', browserCookie, id, 'sallyport login transaction', 32))
}

/** Base64. The key is used once. */
function sealText(text: string, id: string, browserCookie: string): string {
  return seal(keyOf(id, browserCookie), Buffer.from(text), EMPTY).toString('base64')
}

/** @returns undefined when it was sealed for another browser or another login, or changed */
function unsealText(sealed: string, id: string, browserCookie: string): string | undefined {
  try {
    return unseal(keyOf(id, browserCookie), Buffer.from(sealed, 'base64'), EMPTY).toString('utf8')
  } catch {
    return undefined
  }
}

const EMPTY = Buffer.alloc(0)
