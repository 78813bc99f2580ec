import { generateKeyPairSync, randomBytes } from 'node:crypto'

export interface KeyPair {
  /** As `ssh -i` reads it. Older ssh knows no other form of an Ed25519 key. */
  readonly privateKey: string
  /** The line of a `.pub` file. */
  readonly publicKey: string
}

const TYPE = Buffer.from('ssh-ed25519')
const BLOCK_BYTES = 8

/**
 * A new Ed25519 key pair in OpenSSH's notation (PROTOCOL.key), without a passphrase: it is worth nothing without a
 * certificate, which lasts minutes.
 * @param comment ASCII
 */
export function makeKeyPair(comment: string): KeyPair {
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const point = Buffer.from(x, 'base64url')
  const publicBlob = Buffer.concat([field(TYPE), field(point)])
  const check = randomBytes(4)
  const fields = Buffer.concat([check, check, publicBlob, field(Buffer.concat([Buffer.from(d, 'base64url'), point])), field(Buffer.from(comment))])
  const padding = Buffer.from(Array.from({ length: (BLOCK_BYTES - (fields.length % BLOCK_BYTES)) % BLOCK_BYTES }, (_, index) => index + 1))
  const none = field(Buffer.from('none'))
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'), none, none, field(Buffer.alloc(0)), Buffer.from([0, 0, 0, 1]), field(publicBlob), field(Buffer.concat([fields, padding])),
  ])
  const lines = whole.toString('base64').match(/.{1,70}/g) ?? []
  return {
    privateKey: ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'),
    publicKey: `${TYPE.toString()} ${publicBlob.toString('base64')} ${comment}`,
  }
}

function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
