import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import type { FrameAssembler } from '../../../bytes/frame-assembler.ts'
import { HEADER_BYTES } from './message-types.ts'

/**
 * Gives each message that `chunk` completes, as a buffer of its own; what is left over stays in `received`.
 * @throws MalformedFrameError
 */
export function takeFrames(received: FrameAssembler, chunk: Buffer, maxBytes: number, take: (frame: Buffer) => void): void {
  let at = 0
  while (at < chunk.length) {
    if (received.filled < HEADER_BYTES) at += received.add(chunk, at, HEADER_BYTES)
    if (received.filled < HEADER_BYTES) return
    const length = received.bytes.readInt32BE(1)
    if (length < 4 || length > maxBytes) throw new MalformedFrameError('invalid message length')
    at += received.add(chunk, at, length + 1)
    if (received.filled === length + 1) take(received.take())
  }
}
