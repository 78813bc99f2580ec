import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { privateKeyOf, rawPublicKey } from './governance/recording/hpke.ts'
import { type Original, openOriginals } from './governance/recording/originals.ts'

/** What an auditor needs to read masked values as they were. Nothing of this runs in a gateway. */
export interface AuditorKey {
  /** As `record.originals.publicKey` has it. */
  readonly publicKey: string
  /** @throws Error when the values were sealed to another key, belong to another session, or were changed */
  open(session: string, sealed: Buffer): Generator<Original>
}

/** @param pem PKCS#8. @throws Error when it is no private key of X25519 */
export function auditorKey(pem: string): AuditorKey {
  const privateKey = privateKeyOf(pem)
  return {
    publicKey: rawPublicKey(createPublicKey(privateKey)).toString('base64'),
    open: (session, sealed) => openOriginals(privateKey, session, sealed),
  }
}

/** A new private key, PKCS#8 in PEM. */
export function newAuditorKeyPem(): string {
  return generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}
