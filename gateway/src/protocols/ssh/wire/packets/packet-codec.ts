import { MalformedFrameError } from '../../../../bytes/byte-reader.ts'

/**
 * The binary packet, https://www.rfc-editor.org/rfc/rfc4253#section-6
 *
 *   +---------------+----------------+-----------------------+-------------------------+------------+
 *   | packet length | padding length | payload               | padding                 | MAC or tag |
 *   | uint32        | byte, 4 to 255 | at least its number   | to a multiple of blocks |            |
 *   +---------------+----------------+-----------------------+-------------------------+------------+
 *                   |<------------- packet length bytes -------------------------------->|
 *
 * How it is encrypted and authenticated differs; the three ways are the classes beside this file.
 */
export interface PacketSealer {
  /**
   * Seals a packet whose payload is `header` and data.subarray(start, end), and adds its bytes to `pieces`.
   * @returns how many bytes it added
   */
  seal(pieces: PacketPieces, sequence: number, header: Buffer, data: Buffer, start: number, end: number): number
}

export interface PacketOpener {
  /** So many bytes must be there before `frameLength` can tell. */
  readonly headBytes: number
  /**
   * How long the packet that begins at `at` is, all in all.
   * @throws MalformedFrameError where no packet may have the length that it says
   */
  frameLength(bytes: Buffer, at: number): number
  /**
   * Opens one packet; its payload is at least one byte long.
   * @param end where the packet ends, as `frameLength` said
   * @throws PacketForgedError, MalformedFrameError
   */
  open(bytes: Buffer, start: number, end: number, sequence: number): Buffer
}

/** Where sealed bytes go. */
export interface PacketPieces {
  /** Bytes that stay as they are until they are written. */
  add(bytes: Buffer): void
  /** A place for `length` bytes, which the caller fills at once. */
  reserve(length: number): Buffer
}

/** A packet was not made by who holds the keys, or was changed on its way. */
export class PacketForgedError extends Error {
  override readonly name = 'PacketForgedError'

  constructor() {
    super('a packet does not have the authentication code of its content')
  }
}

export const LENGTH_BYTES = 4
const MIN_PADDING = 4
/** As OpenSSH: what its own clients and servers never go beyond. */
const MAX_PACKET_LENGTH = 256 * 1024
/** Padding length, one byte of payload, least padding. */
const MIN_PACKET_LENGTH = 1 + 1 + MIN_PADDING

/** The longest payload that one packet holds, whatever its padding. */
export const MAX_PAYLOAD_BYTES = MAX_PACKET_LENGTH - 256

/**
 * @param counted bytes that are counted into the multiple of blocks besides the packet length: the length field or 0
 * @throws MalformedFrameError
 */
export function checkPacketLength(length: number, blockBytes: number, counted: number): number {
  if (length < MIN_PACKET_LENGTH || length > MAX_PACKET_LENGTH) throw new MalformedFrameError('a packet has a length that is not allowed')
  if ((length + counted) % blockBytes !== 0) throw new MalformedFrameError('a packet is no multiple of its blocks')
  return length
}

/** The padding for a payload, at least 4 bytes. */
export function paddingFor(payloadBytes: number, blockBytes: number, counted: number): number {
  const padding = blockBytes - ((1 + payloadBytes + counted) % blockBytes)
  return padding < MIN_PADDING ? padding + blockBytes : padding
}

/** @param plain padding length, payload, padding. @throws MalformedFrameError */
export function payloadOf(plain: Buffer): Buffer {
  const end = plain.length - (plain[0] ?? 0)
  if (end < 2 || plain.length - end < MIN_PADDING) throw new MalformedFrameError('a packet has a padding that is not allowed')
  return plain.subarray(1, end)
}
