import { ByteReader, MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { FrameAssembler } from '../../../bytes/frame-assembler.ts'
import type { Upstream } from '../upstream.ts'
import { BACKEND, HEADER_BYTES } from '../wire/message-types.ts'
import { readReportFields } from '../wire/report.ts'
import { takeFrames } from '../wire/take-frames.ts'

/** What the target said up to one ReadyForQuery. */
export interface Answer {
  /** SQLSTATE of the error; undefined when all went well. The error's text is not kept: it could quote rows. */
  readonly code: string | undefined
  /** Of ParameterDescription: type OIDs. */
  readonly parameterTypes: readonly number[] | undefined
  readonly results: readonly Result[]
}

export interface Result {
  /** RowDescription as it came. */
  readonly description: Buffer | undefined
  /** DataRow messages as they came. */
  readonly rows: readonly Buffer[]
  /** CommandComplete's; undefined for a portal that was left before its end. */
  readonly tag: string | undefined
}

/** The connection ended, or what came was more than is taken. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

const MAX_FRAME_BYTES = 16 * 1024 * 1024
const MAX_HELD_BYTES = 32 * 1024 * 1024

/** A conversation with the target in which several questions may be under way: what is asked is sent in one piece. */
export class Answers {
  readonly #upstream: Upstream
  readonly #received = new FrameAssembler()
  readonly #expected: { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void }[] = []
  #code: string | undefined
  #parameterTypes: number[] | undefined
  #results: Result[] = []
  #description: Buffer | undefined
  #rows: Buffer[] = []
  #heldBytes = 0
  #failed: Error | undefined

  constructor(upstream: Upstream) {
    this.#upstream = upstream
    upstream.connection.receive = (chunk) => this.#receive(chunk)
    upstream.connection.closed = () => this.fail(new NoAnswer('the target closed the connection'))
  }

  /**
   * @param questions each of one or more messages to which the target answers with one ReadyForQuery
   * @throws NoAnswer
   */
  async ask<const Questions extends readonly Buffer[]>(...questions: Questions): Promise<{ [key in keyof Questions]: Answer }> {
    const failed = this.#failed
    if (failed !== undefined) throw failed
    const answers = questions.map(() => new Promise<Answer>((resolve, reject) => this.#expected.push({ resolve, reject })))
    this.#upstream.connection.write(Buffer.concat(questions))
    return (await Promise.all(answers)) as { [key in keyof Questions]: Answer }
  }

  /** Ends the conversation: whoever waits for an answer gets none. */
  fail(error: Error): void {
    this.#failed ??= error
    this.#upstream.connection.destroy()
    for (const { reject } of this.#expected.splice(0)) reject(error)
  }

  #receive(chunk: Buffer): void {
    try {
      takeFrames(this.#received, chunk, MAX_FRAME_BYTES, (frame) => this.#message(frame))
    } catch (error) {
      this.fail(error instanceof Error ? error : new NoAnswer('the answer could not be read'))
    }
  }

  #message(frame: Buffer): void {
    switch (frame.readUInt8(0)) {
      case BACKEND.rowDescription:
        this.#description = this.#held(frame)
        return
      case BACKEND.dataRow:
        this.#rows.push(this.#held(frame))
        return
      case BACKEND.commandComplete:
        return this.#result(new ByteReader(frame, HEADER_BYTES).cstring())
      case BACKEND.portalSuspended:
        return this.#result(undefined)
      case BACKEND.parameterDescription:
        this.#parameterTypes = readTypes(frame)
        return
      case BACKEND.error:
        this.#code ??= readReportFields(frame, HEADER_BYTES, frame.length).get('C') ?? 'XX000'
        return
      case BACKEND.readyForQuery:
        return this.#ready()
      default:
        return
    }
  }

  #held(frame: Buffer): Buffer {
    this.#heldBytes += frame.length
    if (this.#heldBytes > MAX_HELD_BYTES) throw new NoAnswer('the answer is longer than the gateway takes')
    return frame
  }

  #result(tag: string | undefined): void {
    this.#results.push({ description: this.#description, rows: this.#rows, tag })
    this.#description = undefined
    this.#rows = []
  }

  #ready(): void {
    const next = this.#expected.shift()
    if (next === undefined) throw new MalformedFrameError('the target is ready out of turn')
    next.resolve({ code: this.#code, parameterTypes: this.#parameterTypes, results: this.#results })
    this.#code = undefined
    this.#parameterTypes = undefined
    this.#results = []
    this.#description = undefined
    this.#rows = []
    this.#heldBytes = 0
  }
}

function readTypes(frame: Buffer): number[] {
  const reader = new ByteReader(frame, HEADER_BYTES)
  return Array.from({ length: Math.max(reader.int16(), 0) }, () => reader.uint32())
}
