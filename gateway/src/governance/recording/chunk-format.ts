import type { StreamChunk } from './stream.ts'

/**
 * How chunks stand in a segment, one behind the other, before it is compressed:
 *
 *   +-------+-----------+-----------+-----------+-------+
 *   | kind  | operation | at        | length    | bytes |
 *   | uint8 | uint32    | uint32    | uint32    |       |
 *   +-------+-----------+-----------+-----------+-------+
 *             little-endian, `at` in milliseconds since the session was opened
 */
export const CHUNK_HEADER_BYTES = 13
export const OPERATION_OFFSET = 1
export const AT_OFFSET = 5
export const LENGTH_OFFSET = 9

/** The numbers are part of the format: never given another meaning. */
export const CHUNK_KINDS = { received: 1, sent: 2, limited: 3, original: 4 } as const satisfies Record<StreamChunk['kind'], number>

const NAMES = new Map<number, StreamChunk['kind']>(Object.entries(CHUNK_KINDS).map(([name, number]) => [number, name as StreamChunk['kind']]))

/** @throws Error when the bytes are no chunks: they were authenticated before, so a newer version wrote them */
export function* readChunks(plain: Buffer): Generator<StreamChunk> {
  for (let at = 0; at < plain.length;) {
    if (plain.length - at < CHUNK_HEADER_BYTES) throw new Error('a chunk is cut off')
    const kind = NAMES.get(plain.readUInt8(at))
    if (kind === undefined) throw new Error('a chunk is of a kind that this version does not know')
    const start = at + CHUNK_HEADER_BYTES
    const end = start + plain.readUInt32LE(at + LENGTH_OFFSET)
    if (end > plain.length) throw new Error('a chunk is cut off')
    yield { kind, operation: plain.readUInt32LE(at + OPERATION_OFFSET), atMs: plain.readUInt32LE(at + AT_OFFSET), bytes: plain.subarray(start, end) }
    at = end
  }
}
