import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto'

/** Up to here two plain hashes over a copy cost less than an Hmac object. */
const MAX_COPIED_BYTES = 4096
const SEQUENCE_BYTES = 4
const MAX_BLOCK_BYTES = 128

/** Where a key block, a sequence number and the bytes after it are joined; shared, as in plain-scratch.ts. */
const scratch = Buffer.allocUnsafeSlow(MAX_BLOCK_BYTES + SEQUENCE_BYTES + MAX_COPIED_BYTES)

/** HMAC (RFC 2104) of packets with SHA-256 or SHA-512 (RFC 6668): mac(key, sequence number, bytes). */
export class PacketMac {
  readonly byteLength: number
  readonly #digest: 'sha256' | 'sha512'
  readonly #blockBytes: number
  readonly #key: KeyObject
  readonly #inner: Buffer
  readonly #outer: Buffer
  readonly #sequence = Buffer.alloc(SEQUENCE_BYTES)

  /** @param key as long as the digest, so that it is never hashed first */
  constructor(digest: 'sha256' | 'sha512', key: Buffer) {
    this.#digest = digest
    this.#blockBytes = digest === 'sha256' ? 64 : 128
    this.byteLength = key.length
    this.#key = createSecretKey(key)
    this.#inner = Buffer.alloc(this.#blockBytes, 0x36)
    this.#outer = Buffer.alloc(this.#blockBytes + key.length, 0x5c)
    for (let at = 0; at < key.length; at++) {
      const byte = key[at] ?? 0
      this.#inner[at] = byte ^ 0x36
      this.#outer[at] = byte ^ 0x5c
    }
  }

  of(sequence: number, bytes: Buffer, start: number, end: number): Buffer {
    if (end - start > MAX_COPIED_BYTES) {
      this.#sequence.writeUInt32BE(sequence, 0)
      return createHmac(this.#digest, this.#key).update(this.#sequence).update(bytes.subarray(start, end)).digest()
    }
    const length = this.#blockBytes + SEQUENCE_BYTES + end - start
    scratch.set(this.#inner, 0)
    scratch.writeUInt32BE(sequence, this.#blockBytes)
    bytes.copy(scratch, this.#blockBytes + SEQUENCE_BYTES, start, end)
    this.#outer.set(hash(this.#digest, scratch.subarray(0, length), 'buffer'), this.#blockBytes)
    return hash(this.#digest, this.#outer, 'buffer')
  }

  /** Whether bytes.subarray(end) begins with the code of bytes.subarray(start, end). */
  verify(sequence: number, bytes: Buffer, start: number, end: number): boolean {
    return timingSafeEqual(this.of(sequence, bytes, start, end), bytes.subarray(end, end + this.byteLength))
  }
}
