/** The port to where session tokens are kept. What it holds cannot be used to log in. */
export interface SessionTokenStore {
  add(record: SessionTokenRecord): Promise<void>
  /** The record with that hash, also when it is revoked or expired. */
  find(hash: string): Promise<StoredSessionToken | undefined>
  /** The same by its id, for who has proved in another way that the token is theirs. */
  findById(tokenId: string): Promise<StoredSessionToken | undefined>
  /**
   * Makes a token unusable, and every session token that was exchanged for it.
   * @param untilMs Unix milliseconds from which the token is useless anyway, so that the note may go
   * @returns ids of all tokens that are revoked by it, itself among them
   */
  revoke(tokenId: string, untilMs: number): Promise<readonly string[]>
  isRevoked(tokenId: string): Promise<boolean>
  /** Those of the ids that are revoked themselves. */
  revokedAmong(tokenIds: readonly string[]): Promise<readonly string[]>
  /** Uses up a token that opens one session. @returns false when it was used before: one caller among all gateways gets true */
  spend(tokenId: string, nowMs: number): Promise<boolean>
  /** Forgets what expired before `nowMs`. */
  sweep(nowMs: number): Promise<void>
}

export interface SessionTokenRecord {
  /** Names the token in the ledger; not derived from it. */
  readonly tokenId: string
  /** SHA-256 of the token, hexadecimal. */
  readonly hash: string
  /** Id of the identity token it was exchanged for. */
  readonly parentId: string
  /** Id of the actor token, when one was given. */
  readonly actorParentId?: string
  readonly subject: VerifiedClaims
  /** Whoever acts for the subject, when an actor token was given. */
  readonly actor?: VerifiedClaims
  /** Names of the targets it opens. */
  readonly targets: readonly string[]
  readonly purpose: string
  /** It opens one session. */
  readonly singleUse?: boolean
  readonly issuedAtMs: number
  readonly expiresAtMs: number
}

export interface StoredSessionToken extends SessionTokenRecord {
  readonly revoked: boolean
  /** Of one that opens one session: it did. */
  readonly used?: boolean
}

/** Claims whose signature, issuer, audience and times were verified. */
export interface VerifiedClaims {
  /** Name of the issuer in the policy document. */
  readonly issuer: string
  readonly claims: Readonly<Record<string, unknown>>
}
