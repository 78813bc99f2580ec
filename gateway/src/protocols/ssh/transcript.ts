import { createHash } from 'node:crypto'
import { RowLimit } from '../../governance/recording/row-limit.ts'
import type { SessionRecorder } from '../../governance/recording/stream.ts'
import { message, messageWith } from './messages.ts'
import { MESSAGE } from './wire/message-numbers.ts'

/**
 * What one channel's operation gave to its client: its digest, and what goes on record of it. A recording is made of
 * messages of RFC 4254 section 5, each behind its length as uint32, with 0 for the number of the channel. The digest is
 * SHA-256 over the data of all CHANNEL_DATA and CHANNEL_EXTENDED_DATA in the order in which the client got it.
 */
export class Transcript {
  readonly operation: number
  readonly startedAtMs = performance.now()
  readonly #recorder: SessionRecorder | undefined
  readonly #received: RowLimit
  readonly #sent: RowLimit
  readonly #hash = createHash('sha256')
  /** Values in the data that masks replaced. */
  masked = 0
  #bytes = 0
  #told = false

  /**
   * @param recorder absent where nothing of its data goes on record
   * @param isTerminal a terminal is recorded as a whole, where the policy wants anything at all: every key makes messages
   */
  constructor(operation: number, recorder: SessionRecorder | undefined, isTerminal = false) {
    this.operation = operation
    this.#recorder = recorder
    const perOperation = recorder?.rowsPerOperation ?? 0
    const rows = isTerminal && perOperation > 0 ? Infinity : perOperation
    this.#received = new RowLimit(rows)
    this.#sent = new RowLimit(rows)
    this.#received.begin()
    this.#sent.begin()
  }

  /** Bytes of data that the client got. */
  get bytes(): number {
    return this.#bytes
  }

  /** Hex; undefined when the client got no data. */
  get digest(): string | undefined {
    return this.#bytes === 0 ? undefined : this.#hash.copy().digest('hex')
  }

  /** Data on its way to the client. */
  received(stream: number, bytes: Buffer, start: number, end: number): void {
    this.#bytes += end - start
    this.#hash.update(bytes.subarray(start, end))
    if (this.#recorder === undefined) return
    if (this.#received.take(1) === 0) return this.#tell()
    const header = headerOf(stream, end - start)
    this.#recorder.received(this.operation, header, 0, header.length)
    this.#recorder.received(this.operation, bytes, start, end)
  }

  /** Data from the client. */
  sent(bytes: Buffer, start: number, end: number): void {
    if (this.#recorder === undefined) return
    if (this.#sent.take(1) === 0) return this.#tell()
    const header = headerOf(0, end - start)
    this.#recorder.sent(this.operation, header, 0, header.length)
    this.#recorder.sent(this.operation, bytes, start, end)
  }

  /** A request that says how the terminal looks, or how the program ended. */
  request(from: 'client' | 'target', type: string, rest: Buffer): void {
    const body = messageWith(MESSAGE.channelRequest, [0, type, false], rest)
    const framed = Buffer.concat([lengthOf(body.length), body])
    if (from === 'client') this.#recorder?.sent(this.operation, framed, 0, framed.length)
    else this.#recorder?.received(this.operation, framed, 0, framed.length)
  }

  #tell(): void {
    if (this.#told || this.#recorder === undefined) return
    this.#told = true
    const rows = this.#recorder.rowsPerOperation
    this.#recorder.limited(this.operation, rows === 0 ? 'no data' : `first ${rows} messages of data`)
  }
}

/** What stands before `length` bytes of data in a recording. @param stream 0, or a type of extended data */
export function headerOf(stream: number, length: number): Buffer {
  const header = stream === 0 ? message(MESSAGE.channelData, 0, length) : message(MESSAGE.channelExtendedData, 0, stream, length)
  return Buffer.concat([lengthOf(header.length + length), header])
}

function lengthOf(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(length)
  return bytes
}
