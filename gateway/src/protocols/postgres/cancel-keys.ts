import { randomBytes, timingSafeEqual } from 'node:crypto'

export interface CancelKey {
  readonly processId: number
  readonly secret: Buffer
  readonly cancel: () => void
}

/** The gateway's own cancel keys: a client never learns the target's. */
export class CancelKeys {
  /** By process id; servers of several targets may use the same one. */
  readonly #keys = new Map<number, CancelKey[]>()

  /**
   * @param processId the target's own: clients compare it with what the server says of itself
   * @param secretBytes 4 in protocol 3.0, up to 256 in 3.2
   */
  register(processId: number, secretBytes: number, cancel: () => void): CancelKey {
    const key = { processId, secret: randomBytes(secretBytes), cancel }
    this.#keys.set(processId, [...(this.#keys.get(processId) ?? []), key])
    return key
  }

  forget(key: CancelKey): void {
    const others = (this.#keys.get(key.processId) ?? []).filter((other) => other !== key)
    if (others.length === 0) this.#keys.delete(key.processId)
    else this.#keys.set(key.processId, others)
  }

  /** Passes a cancel on when the key is right. The client is told nothing either way, as PostgreSQL does. */
  cancel(processId: number, secret: Buffer): void {
    const keys = this.#keys.get(processId) ?? []
    keys.find((key) => key.secret.length === secret.length && timingSafeEqual(key.secret, secret))?.cancel()
  }
}
