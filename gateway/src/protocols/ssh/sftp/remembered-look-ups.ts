const MAX_REMEMBERED = 1024
/** A look-up that comes again within this time runs under the decision that is on record. */
const REMEMBERED_MS = 60_000

/**
 * Look-ups that policy let through, so that a client that asks for the same again and again does not fill the ledger. By
 * everything that a decision could depend on; another policy is asked anew.
 */
export class RememberedLookUps {
  readonly #atMs = new Map<string, number>()
  #policy: object | undefined = undefined

  has(digest: string, policy: object, nowMs: number): boolean {
    const atMs = this.#policy === policy ? this.#atMs.get(digest) : undefined
    return atMs !== undefined && nowMs - atMs < REMEMBERED_MS
  }

  add(digest: string, policy: object, nowMs: number): void {
    if (this.#policy !== policy) this.#atMs.clear()
    this.#policy = policy
    this.#atMs.delete(digest)
    this.#atMs.set(digest, nowMs)
    const [oldest] = this.#atMs.keys()
    if (this.#atMs.size > MAX_REMEMBERED && oldest !== undefined) this.#atMs.delete(oldest)
  }
}
