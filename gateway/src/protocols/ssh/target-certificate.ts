import type { CertificateAuthorities } from '../../governance/certificates/certificate-authorities.ts'
import { newSerial } from './certificate-writer.ts'
import { makeCertificate } from './wire/make-certificate.ts'
import { makeEd25519Key, privateKeyOf, type PrivateKey } from './wire/private-key.ts'

export interface TargetLogin {
  /** Login at the target. */
  readonly user: string
  /** What the target's log shows of it. */
  readonly session: string
  readonly identity: string
  /** Names that the target asks for in a certificate; the user when absent. */
  readonly principals?: readonly string[] | undefined
  /** How long it can be used to log in, milliseconds. */
  readonly validForMs?: number
}

/** It is used at once, and for the login alone. */
const LASTS_MS = 2 * 60_000
const EARLIER_MS = 2 * 60_000
/** What sessions do is for the policy: a target that trusts the gateway lets it forward what was allowed. */
const EXTENSIONS = ['permit-port-forwarding', 'permit-pty']

/** A key and a certificate over it for one login at one target: never kept, and worth nothing minutes later. */
export function makeTargetCertificate({ user, session, identity, principals = [user], validForMs = LASTS_MS }: TargetLogin, authorities: Pick<CertificateAuthorities, 'target'>, nowMs: number): { readonly key: PrivateKey; readonly certificate: Buffer } {
  const key = makeEd25519Key()
  const certificate = makeCertificate({
    kind: 'user', key: key.publicKey, serial: newSerial(), keyId: `sallyport session ${session} of ${printable(identity)}`, principals,
    validAfter: (nowMs - EARLIER_MS) / 1_000, validBefore: (nowMs + validForMs) / 1_000, extensions: EXTENSIONS,
  }, privateKeyOf(authorities.target))
  return { key, certificate }
}

/** It goes into a log of somebody else's. */
function printable(name: string): string {
  return name.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100)
}
