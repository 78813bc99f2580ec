/** People who log in where there is no browser: RFC 8628, at an issuer that the policy names for it. */
export interface DeviceLogins {
  /** Names of the issuers where that is possible, in the order of the policy. None: it is not offered. */
  issuers(): readonly string[]
  /**
   * Asks the issuer for a code.
   * @throws AuthenticationError also when too many wait, from everywhere or from one address
   */
  start(request: DeviceLoginRequest): Promise<DeviceLogin>
}

export interface DeviceLoginRequest {
  readonly issuer: string
  /** Whose logins are counted together. */
  readonly clientAddress: string
  /** Ends the login: the client has gone. */
  readonly signal: AbortSignal
}

/** All texts are printable ASCII on one line each, as the issuer's words go to terminals. */
export interface DeviceLogin {
  /** Page where the code is typed in. */
  readonly uri: string
  /** The same page with the code in it. */
  readonly uriComplete?: string
  readonly userCode: string
  /** Unix milliseconds. */
  readonly expiresAtMs: number
  /**
   * The identity token, once the person has logged in. May be left alone: it is never an unhandled rejection.
   * Rejects with AuthenticationError when they refuse or do not come in time, or the client has gone.
   */
  readonly done: Promise<string>
}
