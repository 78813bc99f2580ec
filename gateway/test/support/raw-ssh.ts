import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { message, messageWith } from '../../src/protocols/ssh/messages.ts'
import { SshTransport } from '../../src/protocols/ssh/transport/ssh-transport.ts'
import { MESSAGE } from '../../src/protocols/ssh/wire/message-numbers.ts'
import { SshReader } from '../../src/protocols/ssh/wire/ssh-reader.ts'
import { SshWriter } from '../../src/protocols/ssh/wire/ssh-writer.ts'

const PATIENCE_MS = 30_000

/** A client of SSH that sends whatever a test likes, behind a handshake and a login as they should be. */
export class RawSsh {
  readonly transport: SshTransport
  readonly received: Buffer[] = []
  /** Why it was closed, once it is. */
  closed: string | undefined
  #wake: () => void = () => undefined

  private constructor(transport: SshTransport) {
    this.transport = transport
    transport.onPayload = (payload) => {
      this.received.push(Buffer.from(payload))
      this.#wake()
    }
    transport.onClose = (error) => {
      this.closed = error?.message ?? 'closed'
      this.#wake()
    }
  }

  static async connect(port: number): Promise<RawSsh> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const raw = new RawSsh(new SshTransport(socket, { role: 'client', verifyHost: () => Promise.resolve() }))
    await raw.transport.ready
    raw.send(message(MESSAGE.serviceRequest, 'ssh-userauth'))
    await raw.next(MESSAGE.serviceAccept)
    return raw
  }

  /** Connected and logged in. */
  static async open(port: number, token: string): Promise<RawSsh> {
    const raw = await RawSsh.connect(port)
    raw.send(message(MESSAGE.userauthRequest, 'shop', 'ssh-connection', 'password', false, token))
    await raw.next(MESSAGE.userauthSuccess)
    return raw
  }

  send(payload: Buffer): void {
    this.transport.send(payload)
  }

  /** Takes the first message of that number which has come, or comes. @throws Error when the connection ends before */
  async next(number: number, test: (payload: Buffer) => boolean = () => true): Promise<Buffer> {
    for (const until = Date.now() + PATIENCE_MS; Date.now() < until;) {
      const at = this.received.findIndex((payload) => payload[0] === number && test(payload))
      if (at >= 0) return this.received.splice(at, 1)[0] ?? Buffer.alloc(0)
      if (this.closed !== undefined) throw new Error(`closed while message ${number} was waited for: ${this.closed}`)
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await Promise.race([promise, sleep(1_000)])
    }
    throw new Error(`message ${number} did not come`)
  }

  /** Resolves with why the gateway closed the connection. */
  async end(): Promise<string> {
    for (const until = Date.now() + PATIENCE_MS; this.closed === undefined && Date.now() < until;) await sleep(20)
    return this.closed ?? 'not closed'
  }

  /** Opens a session channel. @returns the gateway's number for it */
  async session(id: number, window = 1 << 20, maxPacket = 32_768): Promise<number> {
    this.send(message(MESSAGE.channelOpen, 'session', id, window, maxPacket))
    const confirmed = new SshReader(await this.next(MESSAGE.channelOpenConfirmation, (payload) => payload.readUInt32BE(1) === id), 5)
    return confirmed.uint32()
  }

  request(channel: number, type: string, rest: Buffer, wantsReply = true): void {
    this.send(messageWith(MESSAGE.channelRequest, [channel, type, wantsReply], rest))
  }

  exec(channel: number, command: string | Buffer): void {
    this.request(channel, 'exec', new SshWriter().string(command).take())
  }

  /** Whether the next reply on channel `id` is a success. */
  async reply(id: number): Promise<boolean> {
    for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await sleep(5)) {
      const at = this.received.findIndex((payload) => (payload[0] === MESSAGE.channelSuccess || payload[0] === MESSAGE.channelFailure) && payload.readUInt32BE(1) === id)
      if (at >= 0) return this.received.splice(at, 1)[0]?.[0] === MESSAGE.channelSuccess
      if (this.closed !== undefined) throw new Error(`closed while a reply was waited for: ${this.closed}`)
    }
    throw new Error('no reply came')
  }

  /** What channel `id` said until it was closed: its data, and its exit status. */
  async result(id: number): Promise<{ readonly output: string; readonly errors: string; readonly status: number | undefined }> {
    await this.next(MESSAGE.channelClose, (payload) => payload.readUInt32BE(1) === id)
    const mine = this.received.filter((payload) => payload.length > 4 && payload.readUInt32BE(1) === id)
    const data = (number: number, at: number): string => mine.filter((payload) => payload[0] === number).map((payload) => payload.toString('utf8', at)).join('')
    const status = mine.find((payload) => payload[0] === MESSAGE.channelRequest && payload.includes('exit-status'))
    return { output: data(MESSAGE.channelData, 9), errors: data(MESSAGE.channelExtendedData, 13), status: status?.readUInt32BE(status.length - 4) }
  }

  close(): void {
    this.transport.destroy()
  }
}

/** A string as SSH writes it. */
export function text(value: string | Buffer): Buffer {
  return new SshWriter().string(value).take()
}
