import type { KeyObject } from 'node:crypto'

/**
 * Key pairs with which one installation vouches: private Ed25519 keys, made at its first start, sealed in the vault, and
 * the same at all its gateways. Each is for one purpose: what one signed proves nothing where another is asked for.
 */
export interface CertificateAuthorities {
  /** The gateway's own key towards clients. */
  readonly hostKey: KeyObject
  /** Signs the certificate over `hostKey`, so that a client knows the gateway before it has seen it. */
  readonly host: KeyObject
  /** Signs certificates by which those who hold a session token log in here. */
  readonly login: KeyObject
  /** Signs certificates of minutes by which the gateway logs in to targets that trust it. */
  readonly target: KeyObject
}
