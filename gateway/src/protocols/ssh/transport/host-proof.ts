import { CERTIFICATE_SUFFIX, readCertificate } from '../wire/certificate.ts'
import { readPublicKey } from '../wire/public-key.ts'
import { verifySignature } from '../wire/signature.ts'
import { KeyExchangeError } from './key-exchange-error.ts'
import type { HostIdentity } from './roles.ts'

/**
 * Who has signed the exchange hash.
 * @param algorithm the host key algorithm that was agreed on
 * @throws KeyExchangeError where it is not the holder of the key that it shows; MalformedFrameError
 */
export function provenHost(algorithm: string, hostKey: Buffer, signature: Buffer, hash: Buffer): HostIdentity {
  const blob = Buffer.from(hostKey)
  const certified = algorithm.endsWith(CERTIFICATE_SUFFIX)
  const certificate = certified ? readCertificate(blob) : undefined
  const key = certificate?.key ?? readPublicKey(blob)
  const scheme = certified ? algorithm.slice(0, -CERTIFICATE_SUFFIX.length) : algorithm
  if (!verifySignature(key, scheme, signature, hash)) {
    throw new KeyExchangeError('the host has not proved that it holds its key')
  }
  return { key, certificate }
}
