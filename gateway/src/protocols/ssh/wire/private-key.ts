/**
 * Private keys: `readPrivateKey(text)` reads unencrypted OpenSSH and PEM (PKCS #8, PKCS #1, SEC 1) files,
 * `privateKeyOf(keyObject)`, `makeEd25519Key()`, `openSshPrivateKeyText(key, comment)` writes what `ssh -i` reads.
 */
import { createPrivateKey, generateKeyPairSync, type JsonWebKey, type KeyObject, randomBytes } from 'node:crypto'
import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { decodeBase64, type PublicKey, publicKeyOf, readPublicKey } from './public-key.ts'
import { SshReader } from './ssh-reader.ts'
import { SshWriter } from './ssh-writer.ts'

/** A key that the gateway can sign with. */
export interface PrivateKey {
  readonly key: KeyObject
  readonly publicKey: PublicKey
}

const BEGIN = '-----BEGIN OPENSSH PRIVATE KEY-----'
const END = '-----END OPENSSH PRIVATE KEY-----'
const MAGIC = Buffer.from('openssh-key-v1\0')
const MAX_FILE_CHARACTERS = 64 * 1024
const BLOCK_BYTES = 8

/** @throws MalformedFrameError where the text is no private key, is encrypted, or is of a kind that is not accepted */
export function readPrivateKey(text: string): PrivateKey {
  if (text.length > MAX_FILE_CHARACTERS) throw new MalformedFrameError('a private key is too long')
  const trimmed = text.trim()
  if (trimmed.startsWith(BEGIN)) {
    if (!trimmed.endsWith(END)) throw new MalformedFrameError('a private key is not complete')
    return readOpenSshKey(decodeBase64(trimmed.slice(BEGIN.length, -END.length).replace(/\s+/g, '')))
  }
  let key: KeyObject
  try {
    key = createPrivateKey(trimmed)
  } catch {
    throw new MalformedFrameError('this is no private key, or it is encrypted')
  }
  return privateKeyOf(key)
}

/** @throws MalformedFrameError for kinds not accepted */
export function privateKeyOf(key: KeyObject): PrivateKey {
  return { key, publicKey: publicKeyOf(key) }
}

export function makeEd25519Key(): PrivateKey {
  return privateKeyOf(generateKeyPairSync('ed25519').privateKey)
}

/**
 * https://cvsweb.openbsd.org/cgi-bin/cvsweb/src/usr.bin/ssh/PROTOCOL.key
 *
 *   +------------------+---------------+------------+-------------+------------+----------------+----------------+
 *   | "openssh-key-v1" | string cipher | string kdf | string kdf  | uint32     | string public  | string private |
 *   | and NUL          | "none"        | "none"     | options, "" | keys, 1    | key            | section        |
 *   +------------------+---------------+------------+-------------+------------+----------------+----------------+
 *   private section: | uint32 check | uint32 the same | string type | fields | string comment | 1, 2, 3 … to a multiple of 8 |
 */
function readOpenSshKey(bytes: Buffer): PrivateKey {
  const reader = new SshReader(bytes)
  if (!reader.take(MAGIC.length).equals(MAGIC)) throw new MalformedFrameError('this is no OpenSSH private key')
  const cipher = reader.string().toString('latin1')
  const derivation = reader.string().toString('latin1')
  reader.string()
  if (cipher !== 'none' || derivation !== 'none') throw new MalformedFrameError('the private key is encrypted')
  if (reader.uint32() !== 1) throw new MalformedFrameError('the file holds not exactly one key')
  const publicKey = readPublicKey(Buffer.from(reader.string()))
  const section = reader.string()
  reader.expectEnd()
  const inner = new SshReader(section)
  if (inner.uint32() !== inner.uint32()) throw new MalformedFrameError('the private key is damaged')
  const key = importKey(readPrivateFields(inner.string().toString('latin1'), inner))
  inner.string()
  for (let expected = 1; inner.remaining > 0; expected++) {
    if (inner.uint8() !== expected) throw new MalformedFrameError('the private key is damaged')
  }
  const read = privateKeyOf(key)
  if (!read.publicKey.blob.equals(publicKey.blob)) throw new MalformedFrameError('the private key does not fit its public key')
  return read
}

function readPrivateFields(type: string, reader: SshReader): JsonWebKey {
  const base64 = (bytes: Buffer): string => bytes.toString('base64url')
  if (type === 'ssh-ed25519') {
    const publicBytes = reader.string()
    const seedAndPublic = reader.string()
    if (seedAndPublic.length !== 64) throw new MalformedFrameError('an Ed25519 key has the wrong length')
    return { kty: 'OKP', crv: 'Ed25519', d: base64(seedAndPublic.subarray(0, 32)), x: base64(publicBytes) }
  }
  const curve = /^ecdsa-sha2-nistp(256|384|521)$/.exec(type)?.[1]
  if (curve !== undefined) {
    reader.string()
    const point = reader.string()
    const half = Math.ceil(Number(curve) / 8)
    if (point.length !== 1 + 2 * half) throw new MalformedFrameError('an ECDSA key is not a point of its curve')
    const scalar = reader.mpint()
    if (scalar.length > half) throw new MalformedFrameError('an ECDSA key is too long')
    const d = Buffer.concat([Buffer.alloc(half - scalar.length), scalar])
    return { kty: 'EC', crv: `P-${curve}`, x: base64(point.subarray(1, 1 + half)), y: base64(point.subarray(1 + half)), d: base64(d) }
  }
  if (type === 'ssh-rsa') {
    const [n, e, d, qi, p, q] = [reader.mpint(), reader.mpint(), reader.mpint(), reader.mpint(), reader.mpint(), reader.mpint()]
    return {
      kty: 'RSA', n: base64(n), e: base64(e), d: base64(d), p: base64(p), q: base64(q), qi: base64(qi),
      dp: base64(exponentOf(d, p)), dq: base64(exponentOf(d, q)),
    }
  }
  throw new MalformedFrameError('a key has a type that is not known')
}

/** d mod (prime - 1), which the file leaves out and OpenSSL wants. */
function exponentOf(d: Buffer, prime: Buffer): Buffer {
  const less = BigInt(`0x${prime.toString('hex')}`) - 1n
  if (less < 1n) throw new MalformedFrameError('an RSA key is not valid')
  const hex = (BigInt(`0x${d.toString('hex')}`) % less).toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
}

function importKey(jwk: JsonWebKey): KeyObject {
  try {
    return createPrivateKey({ key: jwk, format: 'jwk' })
  } catch {
    throw new MalformedFrameError('a private key is not valid')
  }
}

/** An Ed25519 key as an unencrypted OpenSSH file, for clients that read nothing else. @throws TypeError for other keys */
export function openSshPrivateKeyText({ key, publicKey }: PrivateKey, comment: string): string {
  if (publicKey.type !== 'ssh-ed25519') throw new TypeError('only Ed25519 keys are written')
  const { d = '', x = '' } = key.export({ format: 'jwk' })
  const publicBytes = Buffer.from(x, 'base64url')
  const check = randomBytes(4)
  const section = new SshWriter().bytes(check).bytes(check)
    .string(publicKey.type).string(publicBytes).string(Buffer.concat([Buffer.from(d, 'base64url'), publicBytes])).string(comment)
  for (let padding = 1; section.take().length % BLOCK_BYTES !== 0; padding++) section.uint8(padding)
  const whole = new SshWriter().bytes(MAGIC).string('none').string('none').string('').uint32(1)
    .string(publicKey.blob).string(section.take()).take()
  return `${BEGIN}\n${whole.toString('base64').replace(/.{1,70}/g, '$&\n')}${END}\n`
}
