/** What a gateway has of one issuer's verification keys, since its start. */
export interface IssuerKeyState {
  /** When they were last had; undefined when never. */
  readonly fetchedAtMs: number | undefined
  /** Why the latest attempt to have them came to nothing, in words; undefined when it did not. */
  readonly failure: string | undefined
}

/** Of two parts of a gateway that each ask an issuer: the one with the newer keys. */
export function newerKeyState(one: IssuerKeyState | undefined, other: IssuerKeyState | undefined): IssuerKeyState | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return (other.fetchedAtMs ?? 0) > (one.fetchedAtMs ?? 0) ? other : one
}
