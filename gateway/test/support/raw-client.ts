import { once } from 'node:events'
import { type Socket, connect as connectTcp } from 'node:net'
import { type TLSSocket, connect as connectTls } from 'node:tls'

/** A message as it came: its type letter and its body without the length. */
export interface RawMessage {
  readonly type: string
  readonly body: Buffer
}

/** Matters only when something hangs. */
const ANSWER_TIMEOUT_MS = 60_000

/**
 * Speaks the PostgreSQL protocol by hand, for what no driver does, and for doing it wrong. It shares nothing with
 * the gateway's own reader and writer of messages, so that a mistake there is not made twice.
 */
export class RawClient {
  readonly socket: Socket
  readonly #received: RawMessage[] = []
  #buffer = Buffer.alloc(0)
  #closed = false
  #wake: (() => void) | undefined

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk])
      while (this.#buffer.length >= 5) {
        const length = this.#buffer.readInt32BE(1) + 1
        if (this.#buffer.length < length) break
        this.#received.push({ type: this.#buffer.toString('latin1', 0, 1), body: this.#buffer.subarray(5, length) })
        this.#buffer = this.#buffer.subarray(length)
      }
      this.#wake?.()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#closed = true
      this.#wake?.()
    })
  }

  get closed(): boolean {
    return this.#closed
  }

  send(...parts: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(parts))
  }

  /** The next message; undefined when the connection ended. @throws Error when nothing comes in time */
  async receive(timeoutMs = ANSWER_TIMEOUT_MS): Promise<RawMessage | undefined> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const message = this.#received.shift()
      if (message !== undefined || this.#closed) return message
      const left = deadline - Date.now()
      if (left <= 0) throw new Error(`no message within ${timeoutMs} ms`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** All messages up to and with the first of type `last`, or to the end of the connection. */
  async receiveUntil(last: string, timeoutMs = ANSWER_TIMEOUT_MS): Promise<RawMessage[]> {
    const messages: RawMessage[] = []
    for (;;) {
      const message = await this.receive(timeoutMs)
      if (message === undefined) return messages
      messages.push(message)
      if (message.type === last) return messages
    }
  }

  /** Answers cleartext password requests; ends with the first ReadyForQuery. @returns every message of the login */
  async logIn(
    parameters: Readonly<Record<string, string>>,
    password: string,
    version = 0x3_0000,
  ): Promise<RawMessage[]> {
    this.send(startup(parameters, version))
    const messages: RawMessage[] = []
    for (;;) {
      const message = await this.receive()
      if (message === undefined) return messages
      messages.push(message)
      if (message.type === 'R' && message.body.readInt32BE(0) === 3) this.send(frame('p', cstring(password)))
      else if (message.type === 'R' && message.body.readInt32BE(0) !== 0)
        throw new Error(`authentication ${message.body.readInt32BE(0)} is not asked of a raw client`)
      else if (message.type === 'Z') return messages
    }
  }

  end(): void {
    this.socket.destroy()
  }
}

export async function openRaw(address: { readonly host: string; readonly port: number }): Promise<RawClient> {
  const socket = connectTcp({ host: address.host, port: address.port, noDelay: true })
  await once(socket, 'connect')
  return new RawClient(socket)
}

/** TLS as libpq's `sslnegotiation=direct` does it: at once, with ALPN `postgresql`. */
export async function openDirectTls(
  address: { readonly host: string; readonly port: number; readonly ca: string },
  alpn: readonly string[] = ['postgresql'],
): Promise<RawClient> {
  const socket: TLSSocket = connectTls({
    host: address.host,
    port: address.port,
    ca: address.ca,
    ALPNProtocols: [...alpn],
  })
  await once(socket, 'secureConnect')
  if (socket.alpnProtocol !== 'postgresql') throw new Error('the server did not choose ALPN postgresql')
  return new RawClient(socket)
}

/** TLS after SSLRequest. @param address with the name that the certificate must hold, when it is not `host` */
export async function openNegotiatedTls(address: {
  readonly host: string
  readonly port: number
  readonly ca: string
  readonly serverName?: string
}): Promise<RawClient> {
  const plain = connectTcp({ host: address.host, port: address.port, noDelay: true })
  await once(plain, 'connect')
  plain.write(SSL_REQUEST)
  const [answer] = (await once(plain, 'data')) as [Buffer]
  if (answer.toString('latin1') !== 'S') throw new Error(`SSLRequest was answered ${answer.toString('hex')}`)
  const socket = connectTls({ socket: plain, ca: address.ca, host: address.serverName ?? address.host })
  await once(socket, 'secureConnect')
  return new RawClient(socket)
}

export function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeInt32BE(value | 0)
  return buffer
}

export function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2)
  buffer.writeUInt16BE(value)
  return buffer
}

export function cstring(text: string): Buffer {
  return Buffer.from(`${text}\0`)
}

/** Type, length that counts itself, body. */
export function frame(type: string, ...body: readonly Buffer[]): Buffer {
  const content = Buffer.concat(body)
  return Buffer.concat([Buffer.from(type, 'latin1'), int32(content.length + 4), content])
}

/** Messages before the login have no type. */
export function untyped(...body: readonly Buffer[]): Buffer {
  const content = Buffer.concat(body)
  return Buffer.concat([int32(content.length + 4), content])
}

export const SSL_REQUEST = untyped(int32(80877103))
export const GSSENC_REQUEST = untyped(int32(80877104))

export function startup(parameters: Readonly<Record<string, string>>, version = 0x3_0000): Buffer {
  return untyped(int32(version), ...Object.entries(parameters).flat().map(cstring), Buffer.from([0]))
}

export function cancelRequest(pid: number, key: Buffer): Buffer {
  return untyped(int32(80877102), int32(pid), key)
}

export const query = (sql: string): Buffer => frame('Q', cstring(sql))
export const parse = (name: string, sql: string): Buffer => frame('P', cstring(name), cstring(sql), int16(0))
/** Text parameters, and results in `format`: 0 text, 1 binary. */
export const bind = (portal: string, statement: string, values: readonly string[] = [], format = 0): Buffer =>
  frame(
    'B',
    cstring(portal),
    cstring(statement),
    int16(0),
    int16(values.length),
    ...values.flatMap((value) => [int32(Buffer.byteLength(value)), Buffer.from(value)]),
    int16(1),
    int16(format),
  )
export const describe = (kind: 'S' | 'P', name: string): Buffer => frame('D', Buffer.from(kind), cstring(name))
export const execute = (portal = '', rows = 0): Buffer => frame('E', cstring(portal), int32(rows))
export const close = (kind: 'S' | 'P', name: string): Buffer => frame('C', Buffer.from(kind), cstring(name))
export const SYNC = frame('S')
export const FLUSH = frame('H')
export const TERMINATE = frame('X')

/** Fields of an ErrorResponse or NoticeResponse, by their letter. */
export function errorFields(message: RawMessage | undefined): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const field of message?.body.toString('utf8').split('\0') ?? [])
    if (field !== '') fields[field.slice(0, 1)] = field.slice(1)
  return fields
}

/** Columns of a DataRow, as text. */
export function rowValues(message: RawMessage | undefined): (string | null)[] {
  const body = message?.body ?? Buffer.alloc(2)
  const values: (string | null)[] = []
  let offset = 2
  for (let left = body.readUInt16BE(0); left > 0; left -= 1) {
    const length = body.readInt32BE(offset)
    offset += 4
    values.push(length < 0 ? null : body.toString('utf8', offset, offset + length))
    offset += Math.max(length, 0)
  }
  return values
}

/** The letters of messages in a row: `1 2 D C Z`, with Z's transaction state. */
export function letters(messages: readonly RawMessage[]): string {
  return messages.map(({ type, body }) => (type === 'Z' ? `Z${body.toString('latin1')}` : type)).join(' ')
}
