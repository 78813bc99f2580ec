import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { objectionTo, pendingOf } from './handle-requests.ts'
import { FXP, MAX_REQUEST_BYTES, STATUS, VERSION } from './message-types.ts'
import type { OpenFile } from './open-file.ts'
import { type PacketSink, PacketCutter } from './packet-cutter.ts'
import { PacketReader } from './packet-reader.ts'
import { writeInit } from './packet-writer.ts'
import type { RelayState } from './relay-state.ts'
import { readRequest, readWriteHead, type SftpRequest } from './request.ts'
import { MAX_PENDING, type RequestQueue } from './request-queue.ts'

/** What comes from the client: requests, cut from the stream. What needs no decision of its own passes as it comes. */
export class ClientSide implements PacketSink {
  readonly #state: RelayState
  readonly #queue: RequestQueue
  readonly #cutter = new PacketCutter(this)
  #begun = false
  /** The file whose content the rest of a WRITE is, and where it goes on. */
  #writing: { readonly file: OpenFile; offset: number } | undefined = undefined

  constructor(state: RelayState, queue: RequestQueue) {
    this.#state = state
    this.#queue = queue
  }

  get held(): number {
    return this.#cutter.held + this.#queue.bytes
  }

  push(bytes: Buffer): void {
    this.#cutter.push(bytes)
  }

  packet(bytes: Buffer, start: number, end: number, owned: boolean): void {
    if (this.#state.closed) return
    const type = bytes.readUInt8(start + 4)
    if (!this.#begun) return this.#init(type, new PacketReader(bytes, start + 5, end))
    if (end - start < 9) throw new MalformedFrameError('a request has no id')
    if (type !== FXP.write && end - start > MAX_REQUEST_BYTES) throw new MalformedFrameError(`a request is longer than ${MAX_REQUEST_BYTES} bytes`)
    const reader = new PacketReader(bytes, start + 5, end)
    const clientId = reader.uint32()
    let request: SftpRequest
    try {
      request = readRequest(type, reader)
    } catch (error) {
      if (!(error instanceof MalformedFrameError) || this.#state.home === undefined) throw error
      return this.#state.answer(clientId, STATUS.badMessage, `${error.message}. It was not passed on.`)
    }
    if (this.#passes(request, clientId, bytes, start, end)) return
    const extension = type === FXP.extended ? new PacketReader(bytes, start + 9, end).string().toString('latin1') : undefined
    this.#queue.add({ request, clientId, extension, packet: owned ? bytes : Buffer.from(bytes.subarray(start, end)) })
  }

  /** Only the content of files is worth it. */
  begin(bytes: Buffer, start: number, end: number, total: number): boolean {
    if (!this.#goesAhead || bytes.readUInt8(start + 4) !== FXP.write) return false
    const head = readWriteHead(bytes, start, end, total)
    const file = head && this.#state.files.get(head.handle)
    if (head === undefined || file === undefined || file.held > 0 || objectionTo('write', file) !== undefined) return false
    this.#writing = { file, offset: head.offset }
    this.#state.pass({ clientId: bytes.readUInt32BE(start + 5), expects: FXP.status, file, writes: true }, bytes, start, end)
    this.#written(bytes, head.dataAt, end)
    return true
  }

  piece(bytes: Buffer, start: number, end: number): void {
    this.#state.toTarget.pass(bytes, start, end)
    this.#written(bytes, start, end)
  }

  /** Nothing that came before waits. */
  get #goesAhead(): boolean {
    const { home, pending, closed } = this.#state
    return this.#begun && !closed && home !== undefined && this.#queue.isEmpty && pending.size < MAX_PENDING
  }

  /** Requests on a file that is open: under the permit of its open. */
  #passes(request: SftpRequest, clientId: number, bytes: Buffer, start: number, end: number): boolean {
    if (request.kind !== 'handle' || request.name === 'fsetstat' || !this.#goesAhead) return false
    const file = this.#state.files.get(request.handle)
    if (file === undefined || file.held > 0 || objectionTo(request.name, file) !== undefined) return false
    const pending = pendingOf(this.#state, request, clientId, file)
    this.#state.pass(pending, bytes, start, end)
    if (request.name === 'write') {
      this.#writing = { file, offset: request.offset }
      this.#written(bytes, end - request.length, end)
    }
    return true
  }

  #written(bytes: Buffer, start: number, end: number): void {
    const writing = this.#writing
    if (writing === undefined || start >= end) return
    writing.file.writePassed(writing.offset, bytes, start, end)
    writing.offset += end - start
    this.#state.ports.content?.sent(writing.file.operationNumber, bytes, start, end)
  }

  /**
   * `byte INIT, uint32 version, pairs of strings`. The target is asked for version 3 whatever the client can do: it is
   * the one that is understood here.
   */
  #init(type: number, reader: PacketReader): void {
    if (type !== FXP.init) throw new MalformedFrameError('it does not begin with INIT')
    const version = reader.uint32()
    if (version < VERSION) throw new MalformedFrameError(`it speaks version ${version}, and only version ${VERSION} is passed on`)
    this.#begun = true
    this.#state.toTarget.write(writeInit())
  }
}
