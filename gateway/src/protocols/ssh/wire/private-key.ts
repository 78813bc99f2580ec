// Stub being filled in: signatures are final. `readPrivateKey(text: string): PrivateKey` reads OpenSSH and PKCS#8 PEM.
import type { KeyObject } from 'node:crypto'
import type { PublicKey } from './public-key.ts'

/** A key that the gateway can sign with. */
export interface PrivateKey {
  readonly key: KeyObject
  readonly publicKey: PublicKey
}
