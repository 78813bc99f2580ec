import { constants, sign, verify } from 'node:crypto'
import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import type { PrivateKey } from './private-key.ts'
import type { KeyType, PublicKey } from './public-key.ts'
import { SshReader } from './ssh-reader.ts'
import { SshWriter } from './ssh-writer.ts'

interface SignatureScheme {
  readonly keyType: KeyType
  /** The digest; null where the scheme has its own. */
  readonly digest: string | null
  /** ECDSA: how long one coordinate is. */
  readonly coordinateBytes?: number
}

/** RFC 8709, RFC 5656, RFC 8332. `ssh-rsa` with SHA-1 is not there on purpose. */
const SCHEMES: ReadonlyMap<string, SignatureScheme> = new Map<string, SignatureScheme>([
  ['ssh-ed25519', { keyType: 'ssh-ed25519', digest: null }],
  ['ecdsa-sha2-nistp256', { keyType: 'ecdsa-sha2-nistp256', digest: 'sha256', coordinateBytes: 32 }],
  ['ecdsa-sha2-nistp384', { keyType: 'ecdsa-sha2-nistp384', digest: 'sha384', coordinateBytes: 48 }],
  ['ecdsa-sha2-nistp521', { keyType: 'ecdsa-sha2-nistp521', digest: 'sha512', coordinateBytes: 66 }],
  ['rsa-sha2-512', { keyType: 'ssh-rsa', digest: 'sha512' }],
  ['rsa-sha2-256', { keyType: 'ssh-rsa', digest: 'sha256' }],
])

/** All signature algorithms that the gateway makes and accepts, the preferred first. */
export const SIGNATURE_ALGORITHMS: readonly string[] = [...SCHEMES.keys()]

/** Those that keys of this type sign with, the preferred first. */
export function signatureAlgorithmsFor(type: KeyType): string[] {
  return SIGNATURE_ALGORITHMS.filter((name) => SCHEMES.get(name)?.keyType === type)
}

/**
 * https://www.rfc-editor.org/rfc/rfc4253#section-6.6
 *
 *   | string algorithm | string signature |
 *
 * In it for ECDSA (https://www.rfc-editor.org/rfc/rfc5656#section-3.1.2): | mpint r | mpint s |
 *
 * @param algorithm the one that was agreed on; undefined where any that fits the key may have been used
 * @returns false where it is no signature of `data` by this key
 * @throws MalformedFrameError
 */
export function verifySignature(key: PublicKey, algorithm: string | undefined, signature: Buffer, data: Uint8Array): boolean {
  const reader = new SshReader(signature)
  const name = reader.string().toString('latin1')
  const blob = reader.string()
  reader.expectEnd()
  const scheme = SCHEMES.get(name)
  if (scheme === undefined || scheme.keyType !== key.type || (algorithm !== undefined && algorithm !== name)) return false
  const raw = scheme.coordinateBytes === undefined ? blob : fixedCoordinates(blob, scheme.coordinateBytes)
  try {
    return verify(scheme.digest, data, keyInput(key.key), raw)
  } catch {
    return false
  }
}

/** @throws TypeError where the key does not sign by this algorithm */
export function makeSignature(key: PrivateKey, algorithm: string, data: Uint8Array): Buffer {
  const scheme = SCHEMES.get(algorithm)
  if (scheme === undefined || scheme.keyType !== key.publicKey.type) throw new TypeError(`this key makes no ${algorithm} signatures`)
  const raw = sign(scheme.digest, data, keyInput(key.key))
  const writer = new SshWriter().string(algorithm)
  if (scheme.coordinateBytes === undefined) return writer.string(raw).take()
  const half = scheme.coordinateBytes
  return writer.string(new SshWriter().mpint(raw.subarray(0, half)).mpint(raw.subarray(half)).take()).take()
}

/** Fixed-length coordinates instead of DER, and PKCS #1 v1.5 for RSA. */
function keyInput(key: PublicKey['key']): { key: PublicKey['key'], dsaEncoding: 'ieee-p1363', padding: number } | PublicKey['key'] {
  return key.asymmetricKeyType === 'ed25519' ? key : { key, dsaEncoding: 'ieee-p1363', padding: constants.RSA_PKCS1_PADDING }
}

function fixedCoordinates(blob: Buffer, coordinateBytes: number): Buffer {
  const reader = new SshReader(blob)
  const raw = Buffer.alloc(2 * coordinateBytes)
  for (let end = coordinateBytes; end <= raw.length; end += coordinateBytes) {
    const number = reader.mpint()
    if (number.length > coordinateBytes) throw new MalformedFrameError('an ECDSA signature is too long')
    number.copy(raw, end - number.length)
  }
  reader.expectEnd()
  return raw
}
