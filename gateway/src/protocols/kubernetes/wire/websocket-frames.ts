/**
 * Frames of a WebSocket connection, RFC 6455 §5.2. Pure.
 *
 *     0 1 2 3 4 5 6 7 8 ...
 *    |F|R|opcode |M|  length 7  | 16 or 64 more | masking key 4 | payload
 */
export interface WebSocketFrame {
  readonly fin: boolean
  readonly opcode: number
  /** Unmasked. */
  readonly payload: Buffer
}

export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const
const KNOWN: readonly number[] = Object.values(OPCODES)

export class BrokenFrames extends Error {
  override readonly name = 'BrokenFrames'
}

/** Cuts one direction's bytes into frames. No more than one frame is held. */
export class WebSocketReader {
  readonly #fromClient: boolean
  readonly #maxBytes: number
  #held: Buffer = Buffer.alloc(0)

  /** @param fromClient clients mask their frames, servers never do */
  constructor(fromClient: boolean, maxBytes: number) {
    this.#fromClient = fromClient
    this.#maxBytes = maxBytes
  }

  /** @throws BrokenFrames */
  *push(bytes: Buffer): Generator<WebSocketFrame> {
    let held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    for (;;) {
      const frame = this.#frame(held)
      if (frame === undefined) break
      held = held.subarray(frame.bytes)
      yield frame.frame
    }
    this.#held = Buffer.from(held)
  }

  #frame(held: Buffer): { readonly frame: WebSocketFrame; readonly bytes: number } | undefined {
    if (held.length < 2) return undefined
    const [first = 0, second = 0] = held
    const opcode = first & 0x0f
    const isMasked = (second & 0x80) !== 0
    if ((first & 0x70) !== 0 || !KNOWN.includes(opcode)) throw new BrokenFrames('a frame of an unknown kind')
    if (isMasked !== this.#fromClient) throw new BrokenFrames('a frame is masked where it must not be, or not where it must')
    const short = second & 0x7f
    const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0
    if (opcode >= OPCODES.close && (lengthBytes > 0 || (first & 0x80) === 0)) throw new BrokenFrames('a control frame in several pieces')
    const header = 2 + lengthBytes + (isMasked ? 4 : 0)
    if (held.length < header) return undefined
    const length = short === 127 ? Number(held.readBigUInt64BE(2)) : short === 126 ? held.readUInt16BE(2) : short
    if (length > this.#maxBytes) throw new BrokenFrames('a frame is too large')
    if (held.length < header + length) return undefined
    const payload = Buffer.from(held.subarray(header, header + length))
    if (isMasked) for (let at = 0; at < length; at++) payload[at] = (payload[at] ?? 0) ^ (held[header - 4 + (at & 3)] ?? 0)
    return { frame: { fin: (first & 0x80) !== 0, opcode, payload }, bytes: header + length }
  }
}

/** As a server sends it: not masked. */
export function writeServerFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  header[0] = 0x80 | opcode
  if (length < 126) header[1] = length
  else if (length < 65_536) {
    header[1] = 126
    header.writeUInt16BE(length, 2)
  } else {
    header[1] = 127
    header.writeBigUInt64BE(BigInt(length), 2)
  }
  return Buffer.concat([header, payload])
}
