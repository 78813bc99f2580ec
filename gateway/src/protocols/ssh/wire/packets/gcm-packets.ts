import { createCipheriv, createDecipheriv, createSecretKey, type CipherGCMTypes, type KeyObject } from 'node:crypto'
import {
  checkPacketLength, LENGTH_BYTES, PacketForgedError, type PacketOpener, type PacketPieces, type PacketSealer, paddingFor,
  payloadOf,
} from './packet-codec.ts'
import { layOut } from './plain-scratch.ts'

const BLOCK_BYTES = 16
const TAG_BYTES = 16
export const GCM_IV_BYTES = 12
const OPTIONS = { authTagLength: TAG_BYTES } as const

/**
 * aes128-gcm@openssh.com and aes256-gcm@openssh.com: https://www.rfc-editor.org/rfc/rfc5647#section-7.2
 *
 *   | uint32 length, authenticated only | encrypted: padding length, payload, padding | tag, 16 bytes |
 *
 * The key is held as a KeyObject: with the bare bytes Node.js needs three times as long for each packet.
 */
class GcmPackets {
  protected readonly cipher: CipherGCMTypes
  protected readonly key: KeyObject
  readonly #iv: Buffer

  /** @param iv four fixed bytes and an eight-byte counter, which goes up by one for each packet (section 7.1) */
  constructor(cipher: CipherGCMTypes, key: Buffer, iv: Buffer) {
    this.cipher = cipher
    this.key = createSecretKey(key)
    this.#iv = Buffer.from(iv.subarray(0, GCM_IV_BYTES))
  }

  /** The IV to use next; to be followed by `advance` once it is used. */
  protected get iv(): Buffer {
    return this.#iv
  }

  protected advance(): void {
    const iv = this.#iv
    for (let at = GCM_IV_BYTES - 1; at >= 4; at--) {
      const next = ((iv[at] ?? 0) + 1) & 0xff
      iv[at] = next
      if (next !== 0) return
    }
  }
}

export class GcmSealer extends GcmPackets implements PacketSealer {
  seal(pieces: PacketPieces, _sequence: number, header: Buffer, data: Buffer, start: number, end: number): number {
    const padding = paddingFor(header.length + end - start, BLOCK_BYTES, 0)
    const plain = layOut(0, padding, header, data, start, end)
    const head = pieces.reserve(LENGTH_BYTES)
    head.writeUInt32BE(plain.length, 0)
    const cipher = createCipheriv(this.cipher, this.key, this.iv, OPTIONS)
    this.advance()
    cipher.setAAD(head)
    pieces.add(cipher.update(plain))
    cipher.final()
    pieces.add(cipher.getAuthTag())
    return LENGTH_BYTES + plain.length + TAG_BYTES
  }
}

export class GcmOpener extends GcmPackets implements PacketOpener {
  readonly headBytes = LENGTH_BYTES

  frameLength(bytes: Buffer, at: number): number {
    return LENGTH_BYTES + checkPacketLength(bytes.readUInt32BE(at), BLOCK_BYTES, 0) + TAG_BYTES
  }

  open(bytes: Buffer, start: number, end: number): Buffer {
    const decipher = createDecipheriv(this.cipher, this.key, this.iv, OPTIONS)
    this.advance()
    decipher.setAAD(bytes.subarray(start, start + LENGTH_BYTES))
    decipher.setAuthTag(bytes.subarray(end - TAG_BYTES, end))
    const plain = decipher.update(bytes.subarray(start + LENGTH_BYTES, end - TAG_BYTES))
    try {
      decipher.final()
    } catch {
      throw new PacketForgedError()
    }
    return payloadOf(plain)
  }
}
