import { ByteReader, MalformedFrameError } from '../../bytes/byte-reader.ts'
import { FrameAssembler } from '../../bytes/frame-assembler.ts'
import { TargetError, type Upstream } from './upstream.ts'
import { BACKEND, FRONTEND, HEADER_BYTES } from './wire/message-types.ts'
import { cstring, message } from './wire/message-writer.ts'
import { readReportFields } from './wire/report.ts'
import { takeFrames } from './wire/take-frames.ts'

const MAX_FRAME_BYTES = 16 * 1024 * 1024
const MAX_ANSWER_BYTES = 256 * 1024 * 1024

/** SQLSTATE connection_failure: the target has ended the connection. */
export const CONNECTION_GONE = '08006'

/** The gateway's own questions to a target (its catalog), one at a time, answered as text. */
export class UpstreamQueries {
  readonly #upstream: Upstream
  #received = new FrameAssembler()
  #rows: (string | null)[][] = []
  #answerBytes = 0
  #failure: Error | undefined
  #settle: ((error: Error | undefined) => void) | undefined

  constructor(upstream: Upstream) {
    this.#upstream = upstream
    upstream.connection.receive = (chunk) => this.#receive(chunk)
    upstream.connection.closed = () => this.#settle?.(new TargetError(CONNECTION_GONE, 'the target closed the connection'))
  }

  get isOpen(): boolean {
    return this.#upstream.connection.isOpen
  }

  /** @throws TargetError when the target reports an error or is gone */
  async run(sql: string, timeoutMs = 15_000): Promise<(string | null)[][]> {
    if (this.#settle !== undefined) throw new Error('a query is running already')
    if (!this.isOpen) throw new TargetError(CONNECTION_GONE, 'the target closed the connection')
    this.#rows = []
    this.#answerBytes = 0
    this.#failure = undefined
    const timer = setTimeout(() => {
      this.#settle?.(new TargetError('57014', 'the target did not answer in time'))
      this.#upstream.connection.destroy()
    }, timeoutMs)
    try {
      await new Promise<void>((resolve, reject) => {
        this.#settle = (error) => (error === undefined ? resolve() : reject(error))
        this.#upstream.connection.write(message(FRONTEND.query, cstring(sql)))
      })
      return this.#rows
    } finally {
      clearTimeout(timer)
      this.#settle = undefined
      this.#rows = []
    }
  }

  close(): void {
    this.#upstream.connection.end(message(FRONTEND.terminate))
  }

  #receive(chunk: Buffer): void {
    try {
      takeFrames(this.#received, chunk, MAX_FRAME_BYTES, (frame) => this.#message(frame))
    } catch (error) {
      this.#settle?.(error instanceof Error ? error : new Error(String(error)))
      this.#upstream.connection.destroy()
    }
  }

  #message(frame: Buffer): void {
    const type = frame.readUInt8(0)
    this.#answerBytes += frame.length
    if (this.#answerBytes > MAX_ANSWER_BYTES) throw new MalformedFrameError('the answer is longer than the gateway takes')
    if (type === BACKEND.dataRow) this.#rows.push(readRow(new ByteReader(frame, HEADER_BYTES)))
    else if (type === BACKEND.error) {
      const fields = readReportFields(frame, HEADER_BYTES, frame.length)
      this.#failure = new TargetError(fields.get('C') ?? 'XX000', fields.get('M') ?? 'the target reported an error')
    } else if (type === BACKEND.readyForQuery) this.#settle?.(this.#failure)
  }
}

function readRow(reader: ByteReader): (string | null)[] {
  const row: (string | null)[] = []
  for (let left = reader.int16(); left > 0; left--) {
    const length = reader.int32()
    row.push(length === -1 ? null : reader.take(length).toString('utf8'))
  }
  return row
}
