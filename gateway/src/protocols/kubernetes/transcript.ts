import { createHash } from 'node:crypto'
import { RowLimit } from '../../governance/recording/row-limit.ts'
import type { Session } from '../../governance/session.ts'

/**
 * Pieces of a recorded stream: each is a byte for its kind, its length as a big-endian uint32, and as many bytes.
 * `channel` begins with the number of the channel: 0 input, 1 output, 2 errors, 3 result, 4 size of the terminal.
 */
export const PIECES = { head: 1, body: 2, channel: 3, end: 4 } as const
export const PIECE_HEADER_BYTES = 5
export const CHANNELS = { input: 0, output: 1, errors: 2, result: 3, resize: 4 } as const

/** Of what has no rows, the policy's limit on rows is on pieces of this size. */
const ROW_BYTES = 1024

/** What the agent got and sent of one operation: into the session's recording, and into its digest. */
export class Transcript {
  readonly #session: Session
  readonly #operation: number
  readonly #hash = createHash('sha256')
  readonly #limit: RowLimit
  #told = false
  /** Of content, as the client got it. */
  bytes = 0
  /** Values that masks replaced in it. */
  masked = 0

  constructor(session: Session, operation: number) {
    this.#session = session
    this.#operation = operation
    this.#limit = new RowLimit(session.recorder?.rowsPerOperation ?? 0)
  }

  head(status: number, contentType: string): void {
    this.#keep('received', PIECES.head, Buffer.from(JSON.stringify({ status, contentType })))
  }

  body(bytes: Buffer): void {
    this.#count(bytes)
    if (this.#fits(bytes.length)) this.#keep('received', PIECES.body, bytes)
  }

  /** Of a connection that was upgraded. */
  channel(direction: 'received' | 'sent', channel: number, bytes: Buffer): void {
    if (direction === 'received') this.#count(bytes)
    if (this.#fits(bytes.length)) this.#keep(direction, PIECES.channel, Buffer.concat([Buffer.from([channel]), bytes]))
  }

  /** @returns SHA-256 over the content as the client got it, hex; undefined when it got nothing */
  end(): string | undefined {
    this.#keep('received', PIECES.end, Buffer.alloc(0))
    return this.bytes === 0 ? undefined : this.#hash.digest('hex')
  }

  #count(bytes: Buffer): void {
    this.bytes += bytes.length
    this.#hash.update(bytes)
  }

  #fits(length: number): boolean {
    this.#limit.take(Math.ceil(length / ROW_BYTES))
    if (!this.#limit.reached) return true
    if (!this.#told) {
      this.#told = true
      const rows = this.#session.recorder?.rowsPerOperation ?? 0
      this.#session.recorder?.limited(this.#operation, rows === 0 ? 'no content' : `first ${rows} KiB`)
    }
    return false
  }

  #keep(direction: 'received' | 'sent', kind: number, bytes: Buffer): void {
    const { recorder } = this.#session
    if (recorder === undefined) return
    const piece = Buffer.alloc(PIECE_HEADER_BYTES + bytes.length)
    piece[0] = kind
    piece.writeUInt32BE(bytes.length, 1)
    bytes.copy(piece, PIECE_HEADER_BYTES)
    recorder[direction](this.#operation, piece, 0, piece.length)
  }
}
