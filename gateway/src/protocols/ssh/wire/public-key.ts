/**
 * Public keys as SSH writes them. Makes and reads: `readPublicKey(blob)`, `publicKeyOf(keyObject)`,
 * `readPublicKeyLine('ssh-ed25519 AAAA… comment')`, `publicKeyLine(blob, comment)`, `fingerprintOf(blob)`.
 */
import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { SshReader } from './ssh-reader.ts'
import { SshWriter } from './ssh-writer.ts'

export type KeyType =
  | 'ssh-ed25519' | 'ecdsa-sha2-nistp256' | 'ecdsa-sha2-nistp384' | 'ecdsa-sha2-nistp521' | 'ssh-rsa'

/** A public key of a kind that the gateway accepts (RFC 4253 section 6.6, RFC 5656, RFC 8709). */
export interface PublicKey {
  readonly type: KeyType
  /** As it goes over the wire and, in base64, into authorized_keys. */
  readonly blob: Buffer
  readonly key: KeyObject
}

interface Curve {
  readonly type: KeyType
  /** Its name in SSH and in JSON Web Keys. */
  readonly name: string
  readonly jwk: string
  readonly bytes: number
}

const CURVES: readonly Curve[] = [
  { type: 'ecdsa-sha2-nistp256', name: 'nistp256', jwk: 'P-256', bytes: 32 },
  { type: 'ecdsa-sha2-nistp384', name: 'nistp384', jwk: 'P-384', bytes: 48 },
  { type: 'ecdsa-sha2-nistp521', name: 'nistp521', jwk: 'P-521', bytes: 66 },
]

const ED25519_BYTES = 32
/** Shorter RSA keys are no proof of anything; longer ones only cost time. */
const MIN_RSA_BITS = 2048
const MAX_RSA_BITS = 16_384

/**
 * https://www.rfc-editor.org/rfc/rfc8709#section-4, https://www.rfc-editor.org/rfc/rfc5656#section-3.1,
 * https://www.rfc-editor.org/rfc/rfc4253#section-6.6
 *
 *   | string "ssh-ed25519"     | string key (32 bytes)                    |
 *   | string "ecdsa-sha2-NAME" | string NAME | string point (04, x, y)    |
 *   | string "ssh-rsa"         | mpint exponent | mpint modulus           |
 *
 * @throws MalformedFrameError for anything else, also for keys that are too weak
 */
export function readPublicKey(blob: Buffer): PublicKey {
  const reader = new SshReader(blob)
  const type = reader.string().toString('latin1')
  const key = readKeyFields(type, reader)
  reader.expectEnd()
  return key
}

/** Reads what follows the type of a key, in a key blob or in a certificate. */
export function readKeyFields(type: string, reader: SshReader): PublicKey {
  if (type === 'ssh-ed25519') {
    const bytes = reader.string()
    if (bytes.length !== ED25519_BYTES) throw new MalformedFrameError('an Ed25519 key has the wrong length')
    return fromJwk({ kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') })
  }
  const curve = CURVES.find((one) => one.type === type)
  if (curve !== undefined) {
    const name = reader.string().toString('latin1')
    const point = reader.string()
    if (name !== curve.name || point.length !== 1 + 2 * curve.bytes || point[0] !== 4) {
      throw new MalformedFrameError('an ECDSA key is not a point of its curve')
    }
    return fromJwk({
      kty: 'EC', crv: curve.jwk,
      x: point.toString('base64url', 1, 1 + curve.bytes), y: point.toString('base64url', 1 + curve.bytes),
    })
  }
  if (type === 'ssh-rsa') {
    const exponent = reader.mpint()
    const modulus = reader.mpint()
    if (exponent.length > 4) throw new MalformedFrameError('an RSA exponent is too long')
    return fromJwk({ kty: 'RSA', e: exponent.toString('base64url'), n: modulus.toString('base64url') })
  }
  throw new MalformedFrameError('a key has a type that is not known')
}

function fromJwk(jwk: JsonWebKey): PublicKey {
  let key: KeyObject
  try {
    key = createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    throw new MalformedFrameError('a key is not valid')
  }
  return publicKeyOf(key)
}

/** @param key a public key; the public part of a private one. @throws MalformedFrameError for kinds not accepted */
export function publicKeyOf(key: KeyObject): PublicKey {
  const held = key.type === 'private' ? createPublicKey(key) : key
  const writer = new SshWriter()
  const jwk = held.asymmetricKeyType === 'ed25519' || held.asymmetricKeyType === 'ec' || held.asymmetricKeyType === 'rsa'
    ? held.export({ format: 'jwk' })
    : {}
  const field = (name: 'x' | 'y' | 'n' | 'e'): Buffer => Buffer.from(String(jwk[name]), 'base64url')
  if (jwk.crv === 'Ed25519') {
    return { type: 'ssh-ed25519', blob: writer.string('ssh-ed25519').string(field('x')).take(), key: held }
  }
  const curve = CURVES.find((one) => one.jwk === jwk.crv)
  if (curve !== undefined) {
    const point = Buffer.concat([Buffer.of(4), field('x'), field('y')])
    return { type: curve.type, blob: writer.string(curve.type).string(curve.name).string(point).take(), key: held }
  }
  if (jwk.kty === 'RSA') {
    const bits = held.asymmetricKeyDetails?.modulusLength ?? 0
    if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) throw new MalformedFrameError(`an RSA key has ${bits} bits`)
    return { type: 'ssh-rsa', blob: writer.string('ssh-rsa').mpint(field('e')).mpint(field('n')).take(), key: held }
  }
  throw new MalformedFrameError('a key is of a kind that is not accepted')
}

/**
 * One line of a `.pub` file, of authorized_keys without options, or what follows the names in known_hosts:
 * type, base64, and a comment that is left out.
 * @throws MalformedFrameError
 */
export function readPublicKeyLine(line: string): PublicKey {
  const [type = '', base64 = ''] = line.trim().split(/[ \t]+/, 2)
  const key = readPublicKey(decodeBase64(base64))
  if (key.type !== type) throw new MalformedFrameError('a key is not of the type that its line says')
  return key
}

/** `ssh-ed25519 AAAA… comment`; also for the blob of a certificate. */
export function publicKeyLine(blob: Buffer, comment = ''): string {
  const type = new SshReader(blob).string().toString('latin1')
  return `${type} ${blob.toString('base64')}${comment === '' ? '' : ` ${comment}`}`
}

/** `SHA256:…`, as `ssh-keygen -l` shows it. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

/** @throws MalformedFrameError where the text is no base64, whole and padded */
export function decodeBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text) throw new MalformedFrameError('a text is no base64')
  return bytes
}
