import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto'

/** Up to here two plain hashes over a copy cost less than an Hmac object. */
const MAX_COPIED_BYTES = 4096
/** Sequence number and packet length. */
const HEAD_BYTES = 8
const MAX_BLOCK_BYTES = 128

/** Where a key block, the head and the rest of a packet are joined; shared, as in plain-scratch.ts. */
const scratch = Buffer.allocUnsafeSlow(MAX_BLOCK_BYTES + HEAD_BYTES + MAX_COPIED_BYTES)

/** HMAC (RFC 2104) of packets with SHA-256 or SHA-512 (RFC 6668): of the sequence number, the packet length, and the rest. */
export class PacketMac {
  readonly byteLength: number
  readonly #digest: 'sha256' | 'sha512'
  readonly #blockBytes: number
  readonly #key: KeyObject
  readonly #inner: Buffer
  readonly #outer: Buffer
  readonly #head = Buffer.alloc(HEAD_BYTES)

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

  /** @param length what the packet says its length is; bytes.subarray(start, end) is what follows it */
  of(sequence: number, length: number, bytes: Buffer, start: number, end: number): Buffer {
    const head = this.#head
    head.writeUInt32BE(sequence, 0)
    head.writeUInt32BE(length, 4)
    if (end - start > MAX_COPIED_BYTES) {
      return createHmac(this.#digest, this.#key).update(head).update(bytes.subarray(start, end)).digest()
    }
    const joined = this.#blockBytes + HEAD_BYTES + end - start
    scratch.set(this.#inner, 0)
    scratch.set(head, this.#blockBytes)
    bytes.copy(scratch, this.#blockBytes + HEAD_BYTES, start, end)
    this.#outer.set(hash(this.#digest, scratch.subarray(0, joined), 'buffer'), this.#blockBytes)
    return hash(this.#digest, this.#outer, 'buffer')
  }

  /** Whether `code` is the code of the packet. */
  verify(code: Buffer, sequence: number, length: number, bytes: Buffer, start: number, end: number): boolean {
    return timingSafeEqual(this.of(sequence, length, bytes, start, end), code)
  }
}
