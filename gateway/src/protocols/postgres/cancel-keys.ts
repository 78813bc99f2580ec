import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto'

/** The gateway's own cancel keys: a client never learns the target's. */
export class CancelKeys {
  readonly #entries = new Map<number, { readonly secret: Buffer; readonly cancel: () => void }>()

  /** @param secretBytes 4 in protocol 3.0, up to 256 in 3.2 */
  register(secretBytes: number, cancel: () => void): { readonly processId: number; readonly secret: Buffer } {
    let processId = randomInt(1, 2 ** 31)
    while (this.#entries.has(processId)) processId = randomInt(1, 2 ** 31)
    const secret = randomBytes(secretBytes)
    this.#entries.set(processId, { secret, cancel })
    return { processId, secret }
  }

  forget(processId: number): void {
    this.#entries.delete(processId)
  }

  /** Passes a cancel on when the key is right. The client is told nothing either way, as PostgreSQL does. */
  cancel(processId: number, secret: Buffer): void {
    const entry = this.#entries.get(processId)
    if (entry === undefined || entry.secret.length !== secret.length || !timingSafeEqual(entry.secret, secret)) return
    entry.cancel()
  }
}
