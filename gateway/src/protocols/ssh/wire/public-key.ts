// Stub being filled in: signatures are final.
import type { KeyObject } from 'node:crypto'

export type KeyType =
  | 'ssh-ed25519' | 'ecdsa-sha2-nistp256' | 'ecdsa-sha2-nistp384' | 'ecdsa-sha2-nistp521' | 'ssh-rsa'

/** A public key of a kind that the gateway accepts (RFC 4253 section 6.6, RFC 5656, RFC 8709). */
export interface PublicKey {
  readonly type: KeyType
  /** As it goes over the wire and, in base64, into authorized_keys. */
  readonly blob: Buffer
  readonly key: KeyObject
}
