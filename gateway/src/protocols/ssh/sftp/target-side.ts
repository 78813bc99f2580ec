import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { FXP, MAX_HANDLE_BYTES, VERSION } from './message-types.ts'
import type { OpenFile } from './open-file.ts'
import { type PacketSink, PacketCutter } from './packet-cutter.ts'
import { PacketReader } from './packet-reader.ts'
import { writeRealpath, writeVersion } from './packet-writer.ts'
import type { Pending } from './pending-answers.ts'
import type { RelayState } from './relay-state.ts'
import { EXTENSIONS } from './request.ts'
import type { RequestQueue } from './request-queue.ts'
import { absolutePath } from './resolve-paths.ts'

/** Answers that may be as long as a packet can be, and of which only the beginning is read. */
const LONG: ReadonlySet<number> = new Set([FXP.data, FXP.name, FXP.attrs, FXP.extendedReply])
/** Length, type, id, and the first field: the length of data, or the code of a status. */
const HEAD_BYTES = 13

/** What comes from the target: answers, each matched to the request that asked for it. */
export class TargetSide implements PacketSink {
  readonly #state: RelayState
  readonly #queue: RequestQueue
  readonly #cutter = new PacketCutter(this)
  #begun = false
  /** The file whose content the rest of DATA is, and where it goes on. */
  #reading: { readonly file: OpenFile; offset: number } | undefined = undefined

  constructor(state: RelayState, queue: RequestQueue) {
    this.#state = state
    this.#queue = queue
  }

  get held(): number {
    return this.#cutter.held
  }

  push(bytes: Buffer): void {
    this.#cutter.push(bytes)
    if (!this.#queue.isEmpty) this.#queue.advance()
  }

  packet(bytes: Buffer, start: number, end: number): void {
    if (this.#state.closed) return
    const type = bytes.readUInt8(start + 4)
    if (!this.#begun) return this.#version(type, new PacketReader(bytes, start + 5, end))
    const reader = new PacketReader(bytes, start + 5, end)
    const pending = this.#state.pending.take(reader.uint32())
    if (pending === undefined) throw new MalformedFrameError('it answered what nobody asked')
    if (type !== FXP.status && type !== pending.expects) throw new MalformedFrameError(`it answered with a message ${type} where none belongs`)
    if (pending.own !== undefined) return pending.own(type, reader)
    if (type === FXP.data) this.#data(pending, bytes, start, end, end - start)
    const status = type === FXP.status ? reader.uint32() : 0
    const handle = type === FXP.handle ? handleOf(reader) : undefined
    this.#settle(pending, status, handle)
    const withheld = pending.withheld === true && handle !== undefined
    if (!this.#state.closed && !withheld) this.#state.passAnswer(pending, bytes, start, end)
  }

  begin(bytes: Buffer, start: number, end: number, total: number): boolean {
    const type = bytes.readUInt8(start + 4)
    if (!this.#begun || this.#state.closed || !LONG.has(type) || end - start < HEAD_BYTES) return false
    const id = bytes.readUInt32BE(start + 5)
    const pending = this.#state.pending.peek(id)
    if (pending === undefined || pending.own !== undefined || type !== pending.expects) return false
    this.#state.pending.take(id)
    this.#reading = undefined
    if (type === FXP.data) this.#data(pending, bytes, start, end, total)
    this.#settle(pending, 0, undefined)
    this.#state.passAnswer(pending, bytes, start, end)
    return true
  }

  piece(bytes: Buffer, start: number, end: number): void {
    this.#state.toClient.pass(bytes, start, end)
    this.#read(bytes, start, end)
  }

  /** `byte DATA, uint32 id, uint32 length, …`, or the beginning of it. */
  #data({ file, offset = 0, length = 0 }: Pending, bytes: Buffer, start: number, end: number, total: number): void {
    const sent = total < HEAD_BYTES ? -1 : bytes.readUInt32BE(start + 9)
    if (sent !== total - HEAD_BYTES) throw new MalformedFrameError('its data is longer or shorter than it says')
    if (sent > length) throw new MalformedFrameError('it sent more data than was asked for')
    if (file === undefined) return
    this.#reading = { file, offset }
    this.#read(bytes, start + HEAD_BYTES, end)
  }

  #read(bytes: Buffer, start: number, end: number): void {
    const reading = this.#reading
    if (reading === undefined || start >= end) return
    reading.file.readPassed(reading.offset, bytes, start, end)
    reading.offset += end - start
    this.#state.ports.content?.received(reading.file.operationNumber, bytes, start, end)
  }

  #settle(pending: Pending, status: number, handle: string | undefined): void {
    if (pending.writes === true) pending.file?.writeAnswered(status)
    pending.settled?.(status, handle)
  }

  /** `byte VERSION, uint32 version, pairs of strings`. Its own folder is asked for before the client hears anything. */
  #version(type: number, reader: PacketReader): void {
    if (type !== FXP.version) throw new MalformedFrameError('it does not begin with VERSION')
    const version = reader.uint32()
    if (version !== VERSION) throw new MalformedFrameError(`it answered version ${VERSION} with version ${version}`)
    this.#begun = true
    const known: (readonly [Buffer, Buffer])[] = []
    while (reader.remaining > 0) {
      const [name, data] = [reader.string(), reader.string()]
      const text = name.toString('latin1')
      if (!EXTENSIONS.has(text) || this.#state.extensions.has(text)) continue
      this.#state.extensions.add(text)
      known.push([Buffer.from(name), Buffer.from(data)])
    }
    this.#state.ask(FXP.name, (id) => writeRealpath(id, Buffer.from('.')), (answer, words) => {
      if (answer !== FXP.name) throw new MalformedFrameError('it does not know its own folder')
      this.#state.home = absolutePath(words)
      this.#state.toClient.write(writeVersion(known))
      this.#queue.advance()
    })
  }
}

function handleOf(reader: PacketReader): string {
  const handle = reader.string()
  if (handle.length > MAX_HANDLE_BYTES) throw new MalformedFrameError(`a handle is longer than ${MAX_HANDLE_BYTES} bytes`)
  reader.expectEnd()
  return handle.toString('latin1')
}
