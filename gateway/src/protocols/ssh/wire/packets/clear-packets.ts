import {
  checkPacketLength, LENGTH_BYTES, type PacketOpener, type PacketPieces, type PacketSealer, paddingFor, payloadOf,
} from './packet-codec.ts'

const BLOCK_BYTES = 8

/** Packets before the first keys are in use: neither encrypted nor authenticated. */
export class ClearPackets implements PacketSealer, PacketOpener {
  readonly headBytes = LENGTH_BYTES

  seal(pieces: PacketPieces, _sequence: number, header: Buffer, data: Buffer, start: number, end: number): number {
    const payloadBytes = header.length + end - start
    const padding = paddingFor(payloadBytes, BLOCK_BYTES, LENGTH_BYTES)
    const packet = pieces.reserve(LENGTH_BYTES + 1 + payloadBytes + padding)
    packet.writeUInt32BE(packet.length - LENGTH_BYTES, 0)
    packet[LENGTH_BYTES] = padding
    header.copy(packet, LENGTH_BYTES + 1)
    data.copy(packet, LENGTH_BYTES + 1 + header.length, start, end)
    packet.fill(0, packet.length - padding)
    return packet.length
  }

  frameLength(bytes: Buffer, at: number): number {
    return LENGTH_BYTES + checkPacketLength(bytes.readUInt32BE(at), BLOCK_BYTES, LENGTH_BYTES)
  }

  open(bytes: Buffer, start: number, end: number): Buffer {
    return payloadOf(bytes.subarray(start + LENGTH_BYTES, end))
  }
}
