import { type KeyObject, randomBytes } from 'node:crypto'
import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import { type CertificateWriter, UnusableKey } from '../../governance/certificates/certificate-writer.ts'
import { makeCertificate } from './wire/make-certificate.ts'
import { privateKeyOf } from './wire/private-key.ts'
import { fingerprintOf, type PublicKey, publicKeyLine, publicKeyOf, readPublicKeyLine } from './wire/public-key.ts'

/** Terminals are asked for by clients; forwarding, agents and X11 are the policy's to allow, or nobody's. */
const EXTENSIONS = ['permit-pty']

/** OpenSSH certificates: the id is that of the session token, the principals are the targets. */
export const sshCertificates: CertificateWriter = {
  fingerprint: (publicKey) => fingerprintOf(keyOf(publicKey).blob),
  writeLogin({ publicKey, tokenId, targets, notBeforeMs, notAfterMs }, { login }) {
    return publicKeyLine(makeCertificate({
      kind: 'user', key: keyOf(publicKey), serial: newSerial(), keyId: tokenId, principals: targets,
      validAfter: notBeforeMs / 1_000, validBefore: notAfterMs / 1_000, extensions: EXTENSIONS,
    }, privateKeyOf(login)), tokenId)
  },
  publicKeys: ({ hostKey, host, target }) => ({ hostKey: lineOf(hostKey), host: lineOf(host), target: lineOf(target) }),
}

/** So that two certificates are told apart, as in a KRL. */
export function newSerial(): bigint {
  return randomBytes(8).readBigUInt64BE()
}

function lineOf(key: KeyObject): string {
  return publicKeyLine(publicKeyOf(key).blob)
}

/** @throws UnusableKey */
function keyOf(line: string): PublicKey {
  try {
    return readPublicKeyLine(line)
  } catch (error) {
    if (!(error instanceof MalformedFrameError)) throw error
    throw new UnusableKey(`the public key cannot be used: ${error.message}`)
  }
}
