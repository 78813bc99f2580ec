import { type Cipheriv, createCipheriv, createDecipheriv, type Decipheriv } from 'node:crypto'
import {
  checkPacketLength, LENGTH_BYTES, PacketForgedError, type PacketOpener, type PacketPieces, type PacketSealer, paddingFor,
  payloadOf,
} from './packet-codec.ts'
import type { PacketMac } from './packet-mac.ts'
import { layOut } from './plain-scratch.ts'

const BLOCK_BYTES = 16

/**
 * AES-CTR with a code over the clear packet, for targets that know nothing better: RFC 4253 section 6.4.
 *
 *   | encrypted: uint32 length, padding length, payload, padding | MAC of sequence number and clear packet |
 */
export class MacSealer implements PacketSealer {
  readonly #cipher: Cipheriv
  readonly #mac: PacketMac

  constructor(cipher: string, key: Buffer, iv: Buffer, mac: PacketMac) {
    this.#cipher = createCipheriv(cipher, key, iv)
    this.#mac = mac
  }

  seal(pieces: PacketPieces, sequence: number, header: Buffer, data: Buffer, start: number, end: number): number {
    const padding = paddingFor(header.length + end - start, BLOCK_BYTES, LENGTH_BYTES)
    const plain = layOut(LENGTH_BYTES, padding, header, data, start, end)
    plain.writeUInt32BE(plain.length - LENGTH_BYTES, 0)
    pieces.add(this.#cipher.update(plain))
    pieces.add(this.#mac.of(sequence, plain.length - LENGTH_BYTES, plain, LENGTH_BYTES, plain.length))
    return plain.length + this.#mac.byteLength
  }
}

export class MacOpener implements PacketOpener {
  readonly headBytes = BLOCK_BYTES
  readonly #decipher: Decipheriv
  readonly #mac: PacketMac
  /** The first block of the packet that is being read: clear. A stream cipher reads it once only. */
  #first: Buffer | undefined

  constructor(cipher: string, key: Buffer, iv: Buffer, mac: PacketMac) {
    this.#decipher = createDecipheriv(cipher, key, iv)
    this.#mac = mac
  }

  frameLength(bytes: Buffer, at: number): number {
    const first = this.#first ?? this.#decipher.update(bytes.subarray(at, at + BLOCK_BYTES))
    this.#first = first
    return LENGTH_BYTES + checkPacketLength(first.readUInt32BE(0), BLOCK_BYTES, LENGTH_BYTES) + this.#mac.byteLength
  }

  open(bytes: Buffer, start: number, end: number, sequence: number): Buffer {
    const first = this.#first
    if (first === undefined) throw new TypeError('frameLength comes before open')
    this.#first = undefined
    const sealedEnd = end - this.#mac.byteLength
    const rest = this.#decipher.update(bytes.subarray(start + BLOCK_BYTES, sealedEnd))
    const plain = Buffer.concat([first.subarray(LENGTH_BYTES), rest])
    if (!this.#mac.verify(bytes.subarray(sealedEnd, end), sequence, first.readUInt32BE(0), plain, 0, plain.length)) throw new PacketForgedError()
    return payloadOf(plain)
  }
}
