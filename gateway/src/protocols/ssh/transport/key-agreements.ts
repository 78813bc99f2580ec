import {
  createDiffieHellmanGroup, createECDH, createHash, createPublicKey, decapsulate, diffieHellman, encapsulate, generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { SshWriter } from '../wire/ssh-writer.ts'

/** How two sides come to a secret that nobody else knows. */
export interface KeyAgreement {
  /** The hash that goes with it, also for the exchange hash and the keys. */
  readonly digest: 'sha256' | 'sha384' | 'sha512'
  /** Public values are sent as mpint, not as string. */
  readonly numbers: boolean
  /** The client's part. `finish` gives the secret as it goes into the hashes, its length before it. */
  start(): { readonly publicValue: Buffer, finish(theirs: Buffer): Buffer }
  /** The server's part, from the client's public value. */
  answer(theirs: Buffer): { readonly publicValue: Buffer, readonly secret: Buffer }
}

/** By their names in KEXINIT. All throw MalformedFrameError for public values that are none. */
export function keyAgreement(name: string): KeyAgreement {
  const agreement = AGREEMENTS.get(name)
  if (agreement === undefined) throw new TypeError(`no key exchange ${name}`)
  return agreement
}

/** An exchange in which both parts are alike. */
function symmetric(digest: KeyAgreement['digest'], numbers: boolean, start: KeyAgreement['start']): KeyAgreement {
  return {
    digest, numbers, start,
    answer: (theirs) => {
      const own = start()
      return { publicValue: own.publicValue, secret: own.finish(theirs) }
    },
  }
}

function checked<T>(compute: () => T): T {
  try {
    return compute()
  } catch {
    throw new MalformedFrameError('a public value of the key exchange is not valid')
  }
}

const X25519_BYTES = 32
/** SubjectPublicKeyInfo up to the key itself. */
const X25519_PREFIX = Buffer.from('302a300506032b656e032100', 'hex')

function x25519(): { publicValue: Buffer, finish(theirs: Buffer): Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync('x25519')
  return {
    publicValue: lastBytes(publicKey, X25519_BYTES),
    finish: (theirs) => {
      if (theirs.length !== X25519_BYTES) throw new MalformedFrameError('a public value of the key exchange has the wrong length')
      // OpenSSL refuses a secret of zeros, as RFC 8731 section 3 asks.
      return checked(() => diffieHellman({ privateKey, publicKey: fromSpki(X25519_PREFIX, theirs) }))
    },
  }
}

function lastBytes(key: KeyObject, length: number): Buffer {
  return key.export({ type: 'spki', format: 'der' }).subarray(-length)
}

function fromSpki(prefix: Buffer, bytes: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([prefix, bytes]), type: 'spki', format: 'der' })
}

function mpint(secret: Buffer): Buffer {
  return new SshWriter().mpint(secret).take()
}

/** https://www.rfc-editor.org/rfc/rfc8731#section-3: | string 32 bytes |, the secret as mpint */
const CURVE25519 = symmetric('sha256', false, () => {
  const own = x25519()
  return { publicValue: own.publicValue, finish: (theirs) => mpint(own.finish(theirs)) }
})

const ML_KEM_PUBLIC_BYTES = 1184
const ML_KEM_CIPHERTEXT_BYTES = 1088
const ML_KEM_PREFIX = Buffer.from('308204b2300b0609608648016503040402038204a100', 'hex')

/**
 * https://datatracker.ietf.org/doc/draft-ietf-sshm-mlkem-hybrid-kex/
 *
 *   client: | ML-KEM-768 public key, 1184 bytes | X25519, 32 bytes |
 *   server: | ML-KEM-768 ciphertext, 1088 bytes | X25519, 32 bytes |
 *   secret: SHA-256 of both secrets, ML-KEM's first, as string
 */
const ML_KEM_X25519: KeyAgreement = {
  digest: 'sha256',
  numbers: false,
  start: () => {
    const { privateKey, publicKey } = generateKeyPairSync('ml-kem-768')
    const curve = x25519()
    return {
      publicValue: Buffer.concat([lastBytes(publicKey, ML_KEM_PUBLIC_BYTES), curve.publicValue]),
      finish: (theirs) => {
        const ciphertext = theirs.subarray(0, ML_KEM_CIPHERTEXT_BYTES)
        if (ciphertext.length < ML_KEM_CIPHERTEXT_BYTES) throw new MalformedFrameError('a public value of the key exchange has the wrong length')
        return joined(checked(() => decapsulate(privateKey, ciphertext)), curve.finish(theirs.subarray(ML_KEM_CIPHERTEXT_BYTES)))
      },
    }
  },
  answer: (theirs) => {
    if (theirs.length !== ML_KEM_PUBLIC_BYTES + X25519_BYTES) throw new MalformedFrameError('a public value of the key exchange has the wrong length')
    const { ciphertext, sharedKey } = checked(() => encapsulate(fromSpki(ML_KEM_PREFIX, theirs.subarray(0, ML_KEM_PUBLIC_BYTES))))
    const curve = x25519()
    return {
      publicValue: Buffer.concat([ciphertext, curve.publicValue]),
      secret: joined(sharedKey, curve.finish(theirs.subarray(ML_KEM_PUBLIC_BYTES))),
    }
  },
}

function joined(kem: Uint8Array, curve: Buffer): Buffer {
  return new SshWriter().string(createHash('sha256').update(kem).update(curve).digest()).take()
}

/** https://www.rfc-editor.org/rfc/rfc5656#section-4: | string uncompressed point |, the secret as mpint */
function ecdh(digest: KeyAgreement['digest'], curve: string, pointBytes: number): KeyAgreement {
  return symmetric(digest, false, () => {
    const own = createECDH(curve)
    return {
      publicValue: own.generateKeys(),
      finish: (theirs) => {
        if (theirs.length !== pointBytes || theirs[0] !== 4) throw new MalformedFrameError('a public value of the key exchange is not a point')
        return mpint(checked(() => own.computeSecret(theirs)))
      },
    }
  })
}

/** https://www.rfc-editor.org/rfc/rfc8268, https://www.rfc-editor.org/rfc/rfc4253#section-8: | mpint e or f | */
function finiteField(digest: KeyAgreement['digest'], group: string): KeyAgreement {
  return symmetric(digest, true, () => {
    const own = createDiffieHellmanGroup(group)
    // Values outside of 2 … p - 2 are refused by OpenSSL.
    return { publicValue: own.generateKeys(), finish: (theirs) => mpint(checked(() => own.computeSecret(theirs))) }
  })
}

const AGREEMENTS: ReadonlyMap<string, KeyAgreement> = new Map([
  ['mlkem768x25519-sha256', ML_KEM_X25519],
  ['curve25519-sha256', CURVE25519],
  ['curve25519-sha256@libssh.org', CURVE25519],
  ['ecdh-sha2-nistp256', ecdh('sha256', 'prime256v1', 65)],
  ['ecdh-sha2-nistp384', ecdh('sha384', 'secp384r1', 97)],
  ['ecdh-sha2-nistp521', ecdh('sha512', 'secp521r1', 133)],
  ['diffie-hellman-group14-sha256', finiteField('sha256', 'modp14')],
  ['diffie-hellman-group16-sha512', finiteField('sha512', 'modp16')],
])
