import { once } from 'node:events'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'

/** Writes SFTP packets byte for byte, also those that no client would send, and keeps all that comes back. */

export const TYPE = {
  init: 1, open: 3, close: 4, read: 5, write: 6, lstat: 7, fstat: 8, setstat: 9, fsetstat: 10, opendir: 11, readdir: 12, remove: 13, mkdir: 14,
  rmdir: 15, realpath: 16, stat: 17, rename: 18, readlink: 19, symlink: 20, status: 101, handle: 102, data: 103, name: 104, attrs: 105, extended: 200,
} as const
export const R = 1
export const W = 2
export const APPEND = 4
export const CREATE = 8
export const TRUNCATE = 16
export const EXCLUSIVE = 32

export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
export const u64 = (value: number | bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}
export const str = (text: string | Buffer): Buffer => Buffer.concat([u32(Buffer.byteLength(text)), Buffer.from(text as string)])
export const NO_ATTRIBUTES = u32(0)

export function packet(type: number, ...fields: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from([type]), ...fields])
  return Buffer.concat([u32(body.length), body])
}

export interface Answer {
  /** 0 when the connection ended instead. */
  readonly type: number
  readonly id: number
  /** Behind the id. */
  readonly body: Buffer
  /** Code of a STATUS; 0 of another answer, -1 when the connection ended. */
  readonly status: number
  /** Text of a STATUS. */
  readonly words: string
  /** Of a HANDLE. */
  readonly handle: Buffer
}

const ENDED: Answer = { type: 0, id: 0, body: Buffer.alloc(0), status: -1, words: 'the connection ended', handle: Buffer.alloc(0) }

export class RawSftp {
  readonly #stream: Duplex
  readonly #waiting = new Map<number, ((answer: Answer) => void)[]>()
  readonly #chunks: Buffer[] = []
  #rest: Buffer = Buffer.alloc(0)
  #version: ((body: Buffer) => void) | undefined
  #nextId = 1
  ended = false

  constructor(stream: Duplex) {
    this.#stream = stream
    stream.on('data', (bytes: Buffer) => this.#read(bytes))
    stream.on('error', () => undefined)
    stream.on('close', () => {
      this.ended = true
      for (const queue of this.#waiting.values()) for (const resolve of queue) resolve(ENDED)
      this.#waiting.clear()
      this.#version?.(Buffer.alloc(0))
    })
  }

  /** Connects to a socket, and says INIT. */
  static async connect(path: string, version = 3): Promise<RawSftp> {
    const socket = connect(path)
    await once(socket, 'connect')
    const client = new RawSftp(socket)
    await client.init(version)
    return client
  }

  /** Everything that came. */
  get received(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  send(bytes: Buffer): void {
    if (!this.#stream.destroyed) this.#stream.write(bytes)
  }

  /** @returns what stands behind the version in the answer; empty when the connection ended */
  init(version: number): Promise<Buffer> {
    this.send(packet(TYPE.init, u32(version)))
    return this.ended ? Promise.resolve(Buffer.alloc(0)) : new Promise((resolve) => (this.#version = resolve))
  }

  nextId(): number {
    return this.#nextId++
  }

  answerTo(id: number): Promise<Answer> {
    if (this.ended) return Promise.resolve(ENDED)
    return new Promise((resolve) => this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), resolve]))
  }

  request(type: number, ...fields: readonly Buffer[]): Promise<Answer> {
    const id = this.nextId()
    const answer = this.answerTo(id)
    this.send(packet(type, u32(id), ...fields))
    return answer
  }

  open(path: string | Buffer, flags: number, attributes = NO_ATTRIBUTES): Promise<Answer> {
    return this.request(TYPE.open, str(path), u32(flags), attributes)
  }

  close(handle: Buffer): Promise<Answer> {
    return this.request(TYPE.close, str(handle))
  }

  write(handle: Buffer, offset: number, data: string | Buffer): Promise<Answer> {
    return this.request(TYPE.write, str(handle), u64(offset), str(data))
  }

  read(handle: Buffer, offset: number, length: number): Promise<Answer> {
    return this.request(TYPE.read, str(handle), u64(offset), u32(length))
  }

  extended(name: string, ...fields: readonly Buffer[]): Promise<Answer> {
    return this.request(TYPE.extended, str(name), ...fields)
  }

  /** Opens, writes and closes. @returns the first answer that failed, or the last */
  async put(path: string | Buffer, content: string, flags = W | CREATE | TRUNCATE): Promise<Answer> {
    const opened = await this.open(path, flags)
    if (opened.status !== 0) return opened
    const written = await this.write(opened.handle, 0, content)
    const closed = await this.close(opened.handle)
    return written.status === 0 ? closed : written
  }

  /** @returns the content, or why there is none */
  async get(path: string | Buffer): Promise<string> {
    const opened = await this.open(path, R)
    if (opened.status !== 0) return `status ${opened.status} ${opened.words}`
    const { body, status, words } = await this.read(opened.handle, 0, 32_768)
    await this.close(opened.handle)
    return status === 0 ? body.subarray(4).toString() : `status ${status} ${words}`
  }

  end(): void {
    this.#stream.destroy()
  }

  #read(bytes: Buffer): void {
    this.#chunks.push(bytes)
    this.#rest = Buffer.concat([this.#rest, bytes])
    while (this.#rest.length >= 4 && this.#rest.length >= 4 + this.#rest.readUInt32BE(0)) {
      const length = this.#rest.readUInt32BE(0)
      const frame = this.#rest.subarray(4, 4 + length)
      this.#rest = this.#rest.subarray(4 + length)
      if (frame[0] === 2) this.#version?.(frame.subarray(5))
      else this.#answer(frame)
    }
  }

  #answer(frame: Buffer): void {
    const type = frame[0] ?? 0
    const id = frame.readUInt32BE(1)
    const body = frame.subarray(5)
    const status = type === TYPE.status ? body.readUInt32BE(0) : 0
    const words = type === TYPE.status && body.length >= 8 ? body.subarray(8, 8 + body.readUInt32BE(4)).toString() : ''
    const handle = type === TYPE.handle ? body.subarray(4) : Buffer.alloc(0)
    const [first, ...others] = this.#waiting.get(id) ?? []
    if (others.length > 0) this.#waiting.set(id, others)
    else this.#waiting.delete(id)
    first?.({ type, id, body, status, words, handle })
  }
}
