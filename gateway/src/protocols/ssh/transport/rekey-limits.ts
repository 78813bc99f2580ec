const REKEY_BYTES = 1024 ** 3
const REKEY_PACKETS = 2 ** 31
const REKEY_MS = 60 * 60 * 1000
/** What a peer may send on after it was asked for new keys: far more than is ever under way. */
const OVERRUN_BYTES = 256 * 1024 * 1024

export const REKEY_DEADLINE_MS = 60_000

/** What was sent or received under the present keys. */
interface KeyUse {
  readonly bytes: number
  readonly packets: number
}

/** When new keys are due: far within what RFC 4344 section 3 and AES-GCM allow, as RFC 4253 section 9 asks. */
export class RekeyLimits {
  readonly #bytes: number
  #sinceMs = 0

  constructor(bytes: number = REKEY_BYTES) {
    this.#bytes = bytes
  }

  /** New keys are in use. */
  renew(): void {
    this.#sinceMs = performance.now()
  }

  areReached(use: KeyUse): boolean {
    return use.bytes > this.#bytes || use.packets > REKEY_PACKETS || performance.now() - this.#sinceMs > REKEY_MS
  }

  /** A peer that was asked for new keys sends on and on under the old ones. */
  areOverrun(use: KeyUse): boolean {
    return use.bytes > this.#bytes + OVERRUN_BYTES
  }
}
