import { createHash, randomBytes } from 'node:crypto'
import { SAML } from '@node-saml/node-saml'
import { AuthenticationError } from '../../governance/identity.ts'
import type { PolicySource } from '../../governance/policy/policy.ts'
import type { SamlEntry } from '../../governance/policy/saml-entry.ts'
import type { SamlAnswer, SamlCertificateState, SamlLogin, UsedAssertions } from '../../governance/saml-login.ts'
import type { VerifiedClaims } from '../../governance/session-tokens.ts'
import { type BegunLogin, type FinishedLogin, type LoginProvider, LoginUnavailable } from '../../governance/web-sessions.ts'
import { BoundedGate, GateFull } from '../bounded-gate.ts'
import { checkNext } from '../web/check-next.ts'
import type { LoginTransactions } from '../web/login-transactions.ts'
import { certificateStates } from './certificate-states.ts'
import { ownMetadata } from './own-metadata.ts'
import { readCertificates, readOwnKey, type ReadEntry } from './read-keys.ts'
import type { ReadAssertion } from './read-assertion.ts'
import { verifyResponse } from './verify-response.ts'

export interface SamlLoginsOptions {
  readonly policies: PolicySource
  readonly transactions: LoginTransactions
  readonly beginSession: (login: SamlSessionLogin) => Promise<Omit<FinishedLogin, 'next'>>
  readonly used: UsedAssertions
  /** Origin under which browsers reach the gateway. */
  readonly origin: () => string | undefined
  readonly secretOf: (reference: string) => Promise<string>
  readonly now?: () => number
}

export interface SamlSessionLogin {
  readonly claims: VerifiedClaims
  /** When the provider wants the login to end at the latest, Unix milliseconds. */
  readonly endsAtMs?: number
}

const SWEEP_EVERY_MS = 60_000
/** Each takes some milliseconds of CPU, and somebody who only began a login can ask for it. */
const VERIFYING = { maxRunning: 2, maxWaiting: 64, waitMs: 5_000 }

/** Logins of people by SAML 2.0, begun here and nowhere else. */
export class SamlLogins implements SamlLogin {
  readonly #options: SamlLoginsOptions
  readonly #now: () => number
  readonly #gate = new BoundedGate(VERIFYING)
  #sweptAtMs = 0

  constructor(options: SamlLoginsOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  providers(): readonly LoginProvider[] {
    return (this.#options.policies.current.document.saml ?? []).map(({ name }) => ({ name, kind: 'saml' }))
  }

  async metadata(provider: string): Promise<string> {
    const entry = await this.#entry(provider)
    return ownMetadata({ entityId: entry.audience, acsUrl: this.#acsUrl(entry), ...(entry.own && { certificate: entry.own.certificate }) })
  }

  async certificates(provider: string): Promise<readonly SamlCertificateState[]> {
    const entry = this.#options.policies.current.document.saml?.find(({ name }) => name === provider)
    return entry === undefined ? [] : certificateStates(entry, this.#options.secretOf)
  }

  async begin(provider: string, next: string | undefined): Promise<BegunLogin> {
    const path = checkNext(next)
    if (path === undefined) throw new AuthenticationError('"next" is not a path of this gateway', 'Give a path such as /reviews, or leave it out.')
    const entry = await this.#entry(provider)
    const acsUrl = this.#acsUrl(entry)
    const key = await readOwnKey(entry, this.#options.secretOf)
    // An ID begins with a letter or underscore, and has at least 128 random bits (saml-core §1.3.4).
    const requestId = `_${randomBytes(20).toString('hex')}`
    const { id, browserCookie } = await this.#options.transactions.begin({ provider, next: path, secrets: { requestId } })
    const saml = new SAML({
      idpCert: [...entry.certificates], issuer: entry.audience, callbackUrl: acsUrl, entryPoint: entry.signOn,
      identifierFormat: null, disableRequestedAuthnContext: true, generateUniqueId: () => requestId,
      ...(key === undefined ? {} : { privateKey: key, signatureAlgorithm: 'sha256' as const }),
    })
    return { location: await saml.getAuthorizeUrlAsync(id, undefined, {}), browserCookie }
  }

  async finish(provider: string, { response, relayState }: SamlAnswer, browserCookie: string | undefined): Promise<FinishedLogin> {
    const entry = await this.#entry(provider)
    const acsUrl = this.#acsUrl(entry)
    const transaction = await this.#options.transactions.take(relayState, browserCookie)
    const { requestId } = transaction.secrets
    if (transaction.provider !== provider || requestId === undefined) {
      throw new AuthenticationError('the answer is of another provider than the login was begun with', 'Log in again, from the beginning.')
    }
    const key = await readOwnKey(entry, this.#options.secretOf)
    const read = await this.#verify(() => verifyResponse(response, { entry, acsUrl, requestId }, key, this.#now()))
    await this.#useOnce(entry, read)
    const claims = { issuer: entry.name, claims: read.claims }
    const session = await this.#options.beginSession({ claims, ...(read.loginEndsAtMs === undefined ? {} : { endsAtMs: read.loginEndsAtMs }) })
    return { ...session, next: transaction.next }
  }

  async #verify(verify: () => Promise<ReadAssertion>): Promise<ReadAssertion> {
    try {
      return await this.#gate.run(verify)
    } catch (error) {
      if (error instanceof GateFull) throw new LoginUnavailable('too many people log in at this moment', 'Log in again in some seconds.')
      throw error
    }
  }

  /** The request's id is used up already; this holds also for an assertion that is signed for two requests. */
  async #useOnce({ issuer }: SamlEntry, { id, usableUntilMs }: ReadAssertion): Promise<void> {
    const { used } = this.#options
    const nowMs = this.#now()
    if (nowMs - this.#sweptAtMs >= SWEEP_EVERY_MS) {
      this.#sweptAtMs = nowMs
      await used.sweep(nowMs)
    }
    const key = createHash('sha256').update(JSON.stringify([issuer, id])).digest('hex')
    if (!(await used.use(key, usableUntilMs))) throw new AuthenticationError('the assertion was used before', 'Log in again; if you did not log in just now, tell an operator.')
  }

  #entry(provider: string): Promise<ReadEntry> {
    const entry = this.#options.policies.current.document.saml?.find(({ name }) => name === provider)
    if (entry === undefined) return Promise.reject(new AuthenticationError('there is no SAML provider of that name', 'GET /auth/providers lists those that there are.'))
    return readCertificates(entry, this.#options.secretOf)
  }

  #acsUrl({ name }: SamlEntry): string {
    const origin = this.#options.origin()
    if (origin === undefined) throw new LoginUnavailable('it is not known under which address browsers reach this gateway', 'Have the operator set gateway.console.url.')
    return `${origin}/auth/saml/${name}/acs`
  }
}
