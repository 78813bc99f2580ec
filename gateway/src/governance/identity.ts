/** A verified principal, as `identity/` hands it out. Nothing else in the gateway makes one. */
export interface Identity {
  readonly kind: 'agent' | 'person'
  /** Registered name of an agent; the configured name claim of a person. */
  readonly name: string
  /** Name of the issuer in the policy document. */
  readonly issuer: string
  readonly subject: string
  readonly groups: readonly string[]
  /** Verified claims, usable in rules. */
  readonly claims: Readonly<Record<string, unknown>>
  /** RFC 8693 `act` chain, outermost first; empty when the identity acts for itself. */
  readonly actors: readonly string[]
  /** Who acts now, the first of `actors`, as it was recognised by itself; absent when the identity acts for itself. */
  readonly actor?: Omit<Identity, 'actors' | 'actor'>
}

/** A verified identity together with what its credential lets it open. */
export interface Admission {
  readonly identity: Identity
  readonly purpose: string
  /** Names the credential in the ledger without being usable as one. */
  readonly tokenId: string
  /** Ids of the tokens it was exchanged for: with one of them it is revoked too. */
  readonly parentIds?: readonly string[]
  /** The credential was asked for with this purpose: no other can be declared when it is used. */
  readonly purposeFixed?: boolean
  /** Unix milliseconds. */
  readonly expiresAtMs: number
}

/**
 * Stands for a session token whose holder has proved to an adapter that it is theirs: with a private key, and the
 * certificate over it that this installation issued for the token. Only who verified both may make one.
 */
export interface ProvedToken {
  readonly tokenId: string
}

/** Verifies what a native client presents as its password. */
export interface Authenticator {
  /**
   * @param credential a session token, an identity token of a configured issuer, or the proof of having a session token
   * @param target name of the target the client wants to open
   * @throws AuthenticationError with words fit for the client and no secret in them
   */
  authenticate(credential: string | ProvedToken, target: string): Promise<Admission>
}

export class AuthenticationError extends Error {
  override readonly name = 'AuthenticationError'
  /** What to do next, for the client. */
  readonly hint: string
  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}
