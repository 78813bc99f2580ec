import { createHmac, createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { decrypt, encrypt, NONCE_BYTES } from '../aead.ts'

/**
 * Hybrid public key encryption, RFC 9180, base mode, one message a key: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and an
 * AES-GCM. What is sealed is the encapsulated key, 32 bytes, and the ciphertext with its tag.
 */
export interface Suite {
  readonly aeadId: number
  readonly cipher: 'aes-128-gcm' | 'aes-256-gcm'
  readonly keyBytes: number
}

export const AES_256_GCM: Suite = { aeadId: 2, cipher: 'aes-256-gcm', keyBytes: 32 }

const KEM_ID = 0x0020
const KDF_ID = 0x0001
const MODE_BASE = 0
const ENC_BYTES = 32

export function sealHpke(recipient: KeyObject, info: string, aad: Buffer, plain: Buffer, suite = AES_256_GCM): Buffer {
  const ephemeral = generateKeyPairSync('x25519')
  const enc = rawPublicKey(ephemeral.publicKey)
  const secret = sharedSecret(ephemeral.privateKey, recipient, enc, rawPublicKey(recipient))
  const { key, nonce } = keySchedule(secret, Buffer.from(info), suite)
  return Buffer.concat([enc, encrypt(key, nonce, plain, aad, suite.cipher)])
}

/** @throws Error when it was sealed to another key, for something else, or was changed */
export function openHpke(recipient: KeyObject, info: string, aad: Buffer, sealed: Buffer, suite = AES_256_GCM): Buffer {
  if (sealed.length < ENC_BYTES) throw new Error('this is too short to be sealed')
  const enc = sealed.subarray(0, ENC_BYTES)
  const secret = sharedSecret(recipient, publicKeyOf(enc), enc, rawPublicKey(createPublicKey(recipient)))
  const { key, nonce } = keySchedule(secret, Buffer.from(info), suite)
  return decrypt(key, nonce, sealed.subarray(ENC_BYTES), aad, suite.cipher)
}

/** @param raw 32 bytes */
export function publicKeyOf(raw: Buffer): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: raw.toString('base64url') }, format: 'jwk' })
}

export function rawPublicKey(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url')
}

/** PKCS#8 in PEM. @throws Error when it is none of X25519 */
export function privateKeyOf(pem: string): KeyObject {
  const key = createPrivateKey(pem)
  if (key.asymmetricKeyType !== 'x25519') throw new Error('this is no X25519 key')
  return key
}

/** RFC 9180 §4.1. OpenSSL refuses a result of zeros, as §7.1.4 asks. */
function sharedSecret(privateKey: KeyObject, publicKey: KeyObject, enc: Buffer, recipient: Buffer): Buffer {
  const suiteId = Buffer.concat([Buffer.from('KEM'), int16(KEM_ID)])
  const extracted = labeledExtract(suiteId, EMPTY, 'eae_prk', diffieHellman({ privateKey, publicKey }))
  return labeledExpand(suiteId, extracted, 'shared_secret', Buffer.concat([enc, recipient]), 32)
}

/** RFC 9180 §5.1, without a pre-shared key. */
function keySchedule(secret: Buffer, info: Buffer, { aeadId, keyBytes }: Suite): { key: Buffer; nonce: Buffer } {
  const suiteId = Buffer.concat([Buffer.from('HPKE'), int16(KEM_ID), int16(KDF_ID), int16(aeadId)])
  const context = Buffer.concat([
    Buffer.of(MODE_BASE), labeledExtract(suiteId, EMPTY, 'psk_id_hash', EMPTY), labeledExtract(suiteId, EMPTY, 'info_hash', info),
  ])
  const extracted = labeledExtract(suiteId, secret, 'secret', EMPTY)
  return { key: labeledExpand(suiteId, extracted, 'key', context, keyBytes), nonce: labeledExpand(suiteId, extracted, 'base_nonce', context, NONCE_BYTES) }
}

const EMPTY = Buffer.alloc(0)
const VERSION = Buffer.from('HPKE-v1')

function labeledExtract(suiteId: Buffer, salt: Buffer, label: string, input: Buffer): Buffer {
  return createHmac('sha256', salt).update(VERSION).update(suiteId).update(label).update(input).digest()
}

/** Never more than one block of SHA-256. */
function labeledExpand(suiteId: Buffer, key: Buffer, label: string, info: Buffer, length: number): Buffer {
  return createHmac('sha256', key).update(int16(length)).update(VERSION).update(suiteId).update(label).update(info).update(Buffer.of(1)).digest().subarray(0, length)
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}
