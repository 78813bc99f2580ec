import { AuthenticationError } from '../../governance/identity.ts'
import type { BegunLogin, FinishedLogin, LoginProvider, WebCaller, WebLogin } from '../../governance/web-sessions.ts'
import { checkNext } from './check-next.ts'
import type { OidcLogin } from './oidc-login.ts'
import type { WebSessions } from './web-sessions.ts'

export interface ConsoleLoginOptions {
  readonly oidc: OidcLogin
  readonly saml?: { providers(): readonly LoginProvider[] }
  readonly sessions: WebSessions
  readonly origin: () => string | undefined
}

/** What the API lends to browsers: logins, and the sessions that come of them. */
export class ConsoleLogin implements WebLogin {
  readonly #options: ConsoleLoginOptions
  readonly origin: () => string | undefined

  constructor(options: ConsoleLoginOptions) {
    this.#options = options
    this.origin = options.origin
  }

  get longestMs(): number {
    return this.#options.sessions.longestMs
  }

  providers(): readonly LoginProvider[] {
    const { oidc, saml } = this.#options
    return [...oidc.entries().map(({ name }) => ({ name, kind: 'oidc' as const })), ...(saml?.providers() ?? [])]
  }

  async begin(provider: string, next: string | undefined): Promise<BegunLogin> {
    const path = checkNext(next)
    if (path === undefined) throw new AuthenticationError('"next" is not a path of this gateway', 'Give a path such as /reviews, or leave it out.')
    return this.#options.oidc.begin(provider, path)
  }

  async finish(provider: string, parameters: URLSearchParams, browserCookie: string | undefined): Promise<FinishedLogin> {
    const { oidc, sessions } = this.#options
    const { claims, next } = await oidc.finish(provider, parameters, browserCookie)
    return { ...(await sessions.begin({ claims })), next }
  }

  find(cookie: string, use?: boolean): Promise<WebCaller> {
    return this.#options.sessions.find(cookie, use)
  }

  async logout(cookie: string): ReturnType<WebLogin['logout']> {
    const { oidc, sessions } = this.#options
    const ended = await sessions.end(cookie)
    if (ended === undefined) return undefined
    const location = await oidc.logoutLocation(ended.login.issuer)
    return { issuer: ended.login.issuer, subject: String(ended.login.claims['sub']), tokenId: ended.id, ...(location === undefined ? {} : { location }) }
  }
}
