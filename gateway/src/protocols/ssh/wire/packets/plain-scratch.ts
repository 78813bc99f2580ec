import { MAX_PAYLOAD_BYTES } from './packet-codec.ts'

/** Padding length, the longest payload, the longest padding; a length or a sequence number before it. */
const SCRATCH_BYTES = MAX_PAYLOAD_BYTES + 512

/**
 * One place where packets are laid out before they are encrypted, which copies them. Shared by all connections: it is
 * filled and read without a wait between. Only what was written in this call may be read.
 */
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)

/**
 * Lays out padding length, payload, and padding of zeros after `before` free bytes; all of it, with the free bytes.
 * RFC 4253 asks for random padding; where packets are encrypted with fresh counters it adds nothing.
 */
export function layOut(before: number, padding: number, header: Buffer, data: Buffer, start: number, end: number): Buffer {
  const length = before + 1 + header.length + (end - start) + padding
  if (length > SCRATCH_BYTES) throw new RangeError('a message is too long for one packet')
  scratch[before] = padding
  scratch.set(header, before + 1)
  if (end > start) data.copy(scratch, before + 1 + header.length, start, end)
  scratch.fill(0, length - padding, length)
  return scratch.subarray(0, length)
}
