import type { BegunLogin, FinishedLogin, LoginProvider } from './web-sessions.ts'

/** The port to logins by SAML 2.0 web single sign-on (saml-profiles-2.0-os §4.1), as the control API offers them. */
export interface SamlLogin {
  /** In the document's order. */
  providers(): readonly LoginProvider[]
  /**
   * Our metadata, for the provider's administrator (saml-metadata-2.0-os).
   * @throws AuthenticationError when there is no such provider
   */
  metadata(provider: string): Promise<string>
  /** Of the provider, then our own for it; none when there is no such provider. Never throws. */
  certificates(provider: string): Promise<readonly SamlCertificateState[]>
  /**
   * Sends a browser to the provider.
   * @param next local path to go to after the login
   * @throws AuthenticationError
   */
  begin(provider: string, next: string | undefined): Promise<BegunLogin>
  /**
   * Takes the provider's answer. Every failure is a refusal in words fit for the person and for the record: nothing of the
   * answer is in them.
   * @throws AuthenticationError
   */
  finish(provider: string, answer: SamlAnswer, browserCookie: string | undefined): Promise<FinishedLogin>
}

/** A certificate as it can be read now. Logins go by its key alone: one that has ended still counts. */
export interface SamlCertificateState {
  /** Whose key: the provider's, which signs assertions, or ours. */
  readonly use: 'provider' | 'own'
  /** `document`, or the reference to its file. */
  readonly from: string
  /** Its last moment, Unix milliseconds; absent when it cannot be read. */
  readonly endsAtMs?: number
  /** Why it cannot be read, in words. */
  readonly failure?: string
}

/** Form fields as they came. */
export interface SamlAnswer {
  readonly response: string
  readonly relayState: string
}

/** The port to where used assertions are noted until they end by themselves; shared by all gateways of one state. */
export interface UsedAssertions {
  /**
   * Notes that an assertion is used.
   * @param key names the assertion, at most 100 characters
   * @param untilMs Unix milliseconds from which nobody takes it any more
   * @returns false when it was used before, here or at another gateway
   */
  use(key: string, untilMs: number): Promise<boolean>
  /** Forgets what ended before `nowMs`. */
  sweep(nowMs: number): Promise<void>
}
