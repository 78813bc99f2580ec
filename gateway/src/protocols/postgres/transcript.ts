import { Buffer } from 'node:buffer'
import { createHash, hash, type Hash } from 'node:crypto'
import { RowLimit } from '../../governance/recording/row-limit.ts'
import type { Session } from '../../governance/session.ts'
import type { SessionRecorder } from '../../governance/recording/stream.ts'
import type { Portal } from './names.ts'
import type { Step } from './step.ts'
import { readResultFormats, withFormats } from './wire/result-formats.ts'

/** Results up to this size are put on record, and digested, in one go. */
const SMALL_BYTES = 4096
const EMPTY = Buffer.alloc(0)

/**
 * Which of a session's messages belong to which operation's result, and how much of them goes into its recording. The
 * digest of a result is SHA-256 over all of its messages as the client got them, recorded or not: row descriptions (in
 * front of the rows also where the client got it with an earlier operation), rows, COPY data, notices, errors and
 * command tags.
 */
export class Transcript {
  /** Values of the result so far that masks replaced. */
  masked = 0
  readonly #recorder: SessionRecorder | undefined
  readonly #received: RowLimit
  readonly #sent: RowLimit
  #operation = 0
  readonly #small = Buffer.allocUnsafe(SMALL_BYTES)
  #length = 0
  #hash: Hash | undefined
  #told = false
  #row = 0
  /** Where what is not dealt with yet stands: messages that follow each other are dealt with in one go. */
  #bytes: Buffer = EMPTY
  #start = 0
  #end = 0
  /** Whether that is to be kept, or only digested. */
  #keeps = true

  constructor({ recorder }: Session) {
    this.#recorder = recorder
    const rows = recorder?.rowsPerOperation ?? 0
    this.#received = new RowLimit(rows)
    this.#sent = new RowLimit(rows)
  }

  /** A message that is no row. */
  message(step: Step | undefined, bytes: Buffer, start: number, end: number): void {
    if (!this.#goesOn(step)) return
    this.#keep(true)
    this.part(bytes, start, end)
  }

  /** A row begins, or a piece of COPY data; its bytes follow by {@link part}. */
  row(step: Step | undefined): void {
    if (!this.#goesOn(step)) return
    this.#row++
    this.#keep(this.#received.take(1) === 1)
    if (this.#received.reached) this.#tell()
  }

  part(bytes: Buffer, start: number, end: number): void {
    if (this.#operation === 0) return
    if (bytes !== this.#bytes || start !== this.#end) {
      this.settle()
      this.#bytes = bytes
      this.#start = start
    }
    this.#end = end
  }

  /** Deals with all bytes that it was told of: they need not stay what they are any longer. */
  settle(): void {
    const bytes = this.#bytes
    if (bytes === EMPTY) return
    this.#bytes = EMPTY
    this.#digest(bytes, this.#start, this.#end)
    if (this.#keeps) this.#recorder?.received(this.#operation, bytes, this.#start, this.#end)
  }

  #keep(keeps: boolean): void {
    if (keeps === this.#keeps) return
    this.settle()
    this.#keeps = keeps
  }

  /** Takes a value of the row that has begun as it was before its mask; undefined unless the policy asks for that. */
  get original(): ((column: number, value: Buffer) => void) | undefined {
    const recorder = this.#recorder
    if (recorder === undefined || !recorder.keepsOriginals || this.#operation === 0) return undefined
    return (column, value) => recorder.original(this.#operation, this.#row, column, value)
  }

  /** A piece of COPY data from the client; limited as rows are. */
  sent(step: Step | undefined, bytes: Buffer, start: number, end: number): void {
    if (!this.#goesOn(step)) return
    if (this.#sent.take(1) === 1) this.#recorder?.sent(this.#operation, bytes, start, end)
    else this.#tell()
  }

  /** Values of the operation's result that masks replaced. */
  maskedOf(operationNumber: number): number {
    return operationNumber === this.#operation ? this.masked : 0
  }

  /** Digest of the operation's result, hex; undefined when the client got nothing of it. */
  resultDigest(operationNumber: number): string | undefined {
    this.settle()
    if (operationNumber !== this.#operation || (this.#length === 0 && this.#hash === undefined)) return undefined
    this.#operation = 0
    if (this.#hash === undefined) return hash('sha256', this.#small.subarray(0, this.#length), 'hex')
    return this.#hash.update(this.#small.subarray(0, this.#length)).digest('hex')
  }

  /** @returns false where no operation is running: what comes then is nobody's result */
  #goesOn(step: Step | undefined): boolean {
    const operation = step?.operationNumber ?? 0
    if (operation === this.#operation) return operation !== 0
    this.settle()
    this.#operation = operation
    this.#length = 0
    this.#hash = undefined
    this.#told = false
    this.#row = 0
    this.masked = 0
    this.#received.begin()
    this.#sent.begin()
    if (operation === 0) return false
    const description = step?.portal === undefined ? undefined : descriptionOf(step.portal)
    if (description !== undefined) this.message(step, description, 0, description.length)
    return true
  }

  #tell(): void {
    if (this.#told || this.#recorder === undefined) return
    this.#told = true
    this.settle()
    const rows = this.#recorder.rowsPerOperation
    this.#recorder.limited(this.#operation, rows === 0 ? 'no rows' : `first ${rows} rows`)
  }

  #digest(bytes: Buffer, start: number, end: number): void {
    const length = end - start
    if (this.#length + length <= SMALL_BYTES) {
      this.#length += bytes.copy(this.#small, this.#length, start, end)
      return
    }
    this.#hash ??= createHash('sha256')
    if (this.#length > 0) this.#hash.update(this.#small.subarray(0, this.#length))
    this.#length = 0
    if (length <= SMALL_BYTES) this.#length = bytes.copy(this.#small, 0, start, end)
    else this.#hash.update(bytes.subarray(start, end))
  }
}

/** Of the rows of a portal: its own, or its statement's with the portal's formats. */
function descriptionOf(portal: Portal): Buffer | undefined {
  const { description } = portal.prepared
  if (portal.description !== undefined || description === undefined) return portal.description
  portal.description = withFormats(description, readResultFormats(portal.bind, portal.parametersAt, portal.bindEnd))
  return portal.description
}
