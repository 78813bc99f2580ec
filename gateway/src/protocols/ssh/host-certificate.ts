import type { CertificateAuthorities } from '../../governance/certificates/certificate-authorities.ts'
import { newSerial } from './certificate-writer.ts'
import { makeCertificate } from './wire/make-certificate.ts'
import { privateKeyOf } from './wire/private-key.ts'
import { publicKeyOf } from './wire/public-key.ts'

const LASTS_MS = 24 * 3_600_000
/** Long before it ends, so that a client with a slow clock takes it too. */
const RENEWED_AFTER_MS = 12 * 3_600_000
/** Clients' clocks may be behind. */
const EARLIER_MS = 3_600_000

/** The certificate by which clients know the gateway's host key: short-lived, and renewed while clients come. */
export class HostCertificate {
  readonly #authorities: Pick<CertificateAuthorities, 'host' | 'hostKey'>
  readonly #names: readonly string[]
  readonly #now: () => number
  #made: { readonly blob: Buffer; readonly atMs: number } | undefined

  /** @param names by which clients reach the gateway */
  constructor(authorities: Pick<CertificateAuthorities, 'host' | 'hostKey'>, names: readonly string[], now: () => number = Date.now) {
    this.#authorities = authorities
    this.#names = names
    this.#now = now
  }

  /** The certificate for a client that connects now; undefined where the gateway has no name that it could vouch for. */
  current(): Buffer | undefined {
    if (this.#names.length === 0) return undefined
    const nowMs = this.#now()
    // A clock that was set back counts as time that has passed.
    if (this.#made === undefined || Math.abs(nowMs - this.#made.atMs) >= RENEWED_AFTER_MS) this.#made = { blob: this.#make(nowMs), atMs: nowMs }
    return this.#made.blob
  }

  #make(nowMs: number): Buffer {
    return makeCertificate({
      kind: 'host', key: publicKeyOf(this.#authorities.hostKey), serial: newSerial(), keyId: 'sallyport gateway', principals: this.#names,
      validAfter: (nowMs - EARLIER_MS) / 1_000, validBefore: (nowMs + LASTS_MS) / 1_000,
    }, privateKeyOf(this.#authorities.host))
  }
}
