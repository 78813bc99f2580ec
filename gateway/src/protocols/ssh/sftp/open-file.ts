import type { Outcome } from '../../../governance/exchange.ts'
import { ContentDigest } from './content-digest.ts'
import { OPEN_FLAGS, STATUS, statusName } from './message-types.ts'

/** A file or directory that is open at the target, under the permit of its open. */
export class OpenFile {
  /** Bytes as Latin-1. */
  readonly handle: string
  readonly operationNumber: number
  /** As rules see it: the path as asked for, and what it resolved to. */
  readonly objects: readonly string[]
  readonly isDirectory: boolean
  readonly readable: boolean
  readonly writable: boolean
  /** Requests on it that wait for a person. Later ones wait too. */
  held = 0
  readonly #appends: boolean
  readonly #startedAtMs: number
  readonly #read = new ContentDigest()
  readonly #written = new ContentDigest()
  #failure: number | undefined = undefined

  constructor(opened: { handle: string; operationNumber: number; objects: readonly string[]; openFlags: number | undefined; startedAtMs: number }) {
    this.handle = opened.handle
    this.operationNumber = opened.operationNumber
    this.objects = opened.objects
    this.#startedAtMs = opened.startedAtMs
    const flags = opened.openFlags
    this.isDirectory = flags === undefined
    this.readable = flags !== undefined && opensForReading(flags)
    this.writable = flags !== undefined && (flags & OPEN_FLAGS.write) !== 0
    this.#appends = flags !== undefined && (flags & OPEN_FLAGS.append) !== 0
  }

  readPassed(offset: number, bytes: Buffer, start: number, end: number): void {
    this.#read.add(offset, bytes, start, end)
  }

  /** A server that appends does not look at the offset. */
  writePassed(offset: number, bytes: Buffer, start: number, end: number): void {
    this.#written.add(this.#appends ? this.#written.next : offset, bytes, start, end)
  }

  writeAnswered(status: number): void {
    if (status === STATUS.ok) return
    this.#failure ??= status
    this.#written.abandon()
  }

  /** Clients cut a file to what they wrote of it: that is its whole content then. */
  sizeSet(size: bigint): void {
    if (size !== BigInt(this.#written.next) || !this.#written.isGapless) this.contentUnknown()
  }

  /** Its content was changed by other means than what passed here. */
  contentUnknown(): void {
    this.#read.abandon()
    this.#written.abandon()
  }

  /** How the operation that opened it ended. @param status of the close; undefined when it was cut off */
  outcome(status: number | undefined, nowMs: number): Outcome {
    const failure = this.#failure ?? (status === STATUS.ok ? undefined : status)
    const bytes = this.#read.bytes + this.#written.bytes
    const read = this.#read.finish()
    const written = this.#written.finish()
    // With both there is no one content of which it could be the digest.
    const digest = read === undefined || written === undefined ? (read ?? written) : undefined
    return {
      result: status === undefined ? 'aborted' : failure === undefined ? 'completed' : 'failed',
      rows: 0, bytes, durationMs: nowMs - this.#startedAtMs,
      digest: status === undefined ? undefined : digest,
      code: failure === undefined ? undefined : statusName(failure),
    }
  }
}

/** What is not opened for writing is opened for reading, whatever its flags say. */
export function opensForReading(flags: number): boolean {
  return (flags & OPEN_FLAGS.read) !== 0 || (flags & OPEN_FLAGS.write) === 0
}

/** Files may be made, emptied or changed by an open that says so without saying that it writes. */
export function opensForWriting(flags: number): boolean {
  return (flags & (OPEN_FLAGS.write | OPEN_FLAGS.append | OPEN_FLAGS.create | OPEN_FLAGS.truncate)) !== 0
}
