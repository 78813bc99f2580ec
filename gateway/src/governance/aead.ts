import { type CipherGCMTypes, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/**
 * AES-GCM (NIST SP 800-38D) as RFC 5116 §5 has it: a nonce of 12 bytes, and behind the ciphertext a tag of 16. `aad` is
 * authenticated beside the ciphertext, and not part of it.
 */
export const NONCE_BYTES = 12
export const TAG_BYTES = 16

/** @param nonce no other text may be encrypted by it under the same key @returns ciphertext, tag */
export function encrypt(key: Buffer, nonce: Buffer, plain: Buffer, aad: Buffer, cipher: CipherGCMTypes = 'aes-256-gcm'): Buffer {
  const cipheriv = createCipheriv(cipher, key, nonce, { authTagLength: TAG_BYTES }).setAAD(aad)
  return Buffer.concat([cipheriv.update(plain), cipheriv.final(), cipheriv.getAuthTag()])
}

/** @throws Error when it was changed, or encrypted under another key, or with another nonce or `aad` */
export function decrypt(key: Buffer, nonce: Buffer, sealed: Buffer, aad: Buffer, cipher: CipherGCMTypes = 'aes-256-gcm'): Buffer {
  const end = sealed.length - TAG_BYTES
  if (end < 0) throw new Error('this is too short to be sealed')
  const decipher = createDecipheriv(cipher, key, nonce, { authTagLength: TAG_BYTES }).setAAD(aad).setAuthTag(sealed.subarray(end))
  return Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()])
}

/** With a random nonce, in front. */
export function seal(key: Buffer, plain: Buffer, aad: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  return Buffer.concat([nonce, encrypt(key, nonce, plain, aad)])
}

/** @throws as {@link decrypt} */
export function unseal(key: Buffer, sealed: Buffer, aad: Buffer): Buffer {
  return decrypt(key, sealed.subarray(0, NONCE_BYTES), sealed.subarray(NONCE_BYTES), aad)
}
