import { type Cipheriv, createCipheriv, createDecipheriv, type Decipheriv } from 'node:crypto'
import {
  checkPacketLength, LENGTH_BYTES, PacketForgedError, type PacketOpener, type PacketPieces, type PacketSealer, paddingFor,
  payloadOf,
} from './packet-codec.ts'
import type { PacketMac } from './packet-mac.ts'
import { layOut } from './plain-scratch.ts'

const BLOCK_BYTES = 16

/**
 * AES-CTR (RFC 4344) with a code over what was encrypted: `-etm@openssh.com` in PROTOCOL section 1.5.
 *
 *   | uint32 length, clear | encrypted: padding length, payload, padding | MAC of sequence number and all before it |
 */
export class EtmSealer implements PacketSealer {
  readonly #cipher: Cipheriv
  readonly #mac: PacketMac

  constructor(cipher: string, key: Buffer, iv: Buffer, mac: PacketMac) {
    this.#cipher = createCipheriv(cipher, key, iv)
    this.#mac = mac
  }

  seal(pieces: PacketPieces, sequence: number, header: Buffer, data: Buffer, start: number, end: number): number {
    const padding = paddingFor(header.length + end - start, BLOCK_BYTES, 0)
    const plain = layOut(0, padding, header, data, start, end)
    const sealed = this.#cipher.update(plain)
    pieces.reserve(LENGTH_BYTES).writeUInt32BE(sealed.length, 0)
    pieces.add(sealed)
    pieces.add(this.#mac.of(sequence, sealed.length, sealed, 0, sealed.length))
    return LENGTH_BYTES + sealed.length + this.#mac.byteLength
  }
}

export class EtmOpener implements PacketOpener {
  readonly headBytes = LENGTH_BYTES
  readonly #decipher: Decipheriv
  readonly #mac: PacketMac

  constructor(cipher: string, key: Buffer, iv: Buffer, mac: PacketMac) {
    this.#decipher = createDecipheriv(cipher, key, iv)
    this.#mac = mac
  }

  frameLength(bytes: Buffer, at: number): number {
    return LENGTH_BYTES + checkPacketLength(bytes.readUInt32BE(at), BLOCK_BYTES, 0) + this.#mac.byteLength
  }

  open(bytes: Buffer, start: number, end: number, sequence: number): Buffer {
    const sealedEnd = end - this.#mac.byteLength
    const length = sealedEnd - start - LENGTH_BYTES
    if (!this.#mac.verify(bytes.subarray(sealedEnd, end), sequence, length, bytes, start + LENGTH_BYTES, sealedEnd)) throw new PacketForgedError()
    return payloadOf(this.#decipher.update(bytes.subarray(start + LENGTH_BYTES, sealedEnd)))
  }
}
