import { createHmac } from 'node:crypto'
import type { Hmac } from 'node:crypto'
import type { DetectorMask } from '../../policy/policy-document.ts'
import { REDACTED } from '../apply-mask.ts'

/** Stars that stand for a long value: their number must not take the memory. */
const MAX_STARS = 64
const REDACTED_BYTES = Buffer.from(REDACTED)
const NOTHING = Buffer.alloc(0)

/** What stands in place of one value that comes in pieces. */
export class Replacement {
  readonly #mask: DetectorMask
  readonly #hmac: Hmac | undefined
  #last: Buffer = NOTHING
  #characters = 0
  /** Characters that were shown before they were known to belong to a value. */
  readonly #shown: number

  constructor(mask: DetectorMask, key: Uint8Array, shown = 0) {
    this.#mask = mask
    this.#shown = shown
    if (mask.method === 'hash') this.#hmac = createHmac('sha256', key)
  }

  /** What goes before the value. */
  get before(): Buffer {
    return this.#mask.method === 'redact' ? REDACTED_BYTES : NOTHING
  }

  add(bytes: Uint8Array): void {
    this.#hmac?.update(bytes)
    if (this.#mask.method !== 'keep-last') return
    for (const byte of bytes) if ((byte & 0xc0) !== 0x80) this.#characters += 1
    // A character has at most four bytes.
    const kept = 4 * (this.#mask.keep ?? 4)
    this.#last = Buffer.concat([this.#last, bytes.subarray(Math.max(0, bytes.length - kept))]).subarray(-kept)
  }

  /** What goes behind the value, once it is there as a whole. */
  after(): Buffer {
    if (this.#hmac !== undefined) return Buffer.from(this.#hmac.digest('hex'))
    if (this.#mask.method !== 'keep-last') return NOTHING
    const keep = this.#mask.keep ?? 4
    const kept = this.#characters > keep ? Array.from(this.#last.toString()).slice(-keep).join('') : ''
    const stars = this.#characters - (kept === '' ? 0 : keep)
    return Buffer.from('*'.repeat(Math.max(0, Math.min(MAX_STARS, stars - this.#shown))) + kept)
  }
}
