import { writeSync } from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'

/** One read buffer for all plain sockets: a read is handed on before the next one starts, so it is never shared in time. */
const readBuffer = Buffer.allocUnsafe(64 * 1024)
/** Views of its beginning by their length: most reads are short, and making a view costs more than a short read's work. */
const shortReads: (Buffer | undefined)[] = Array.from({ length: 1024 })

function firstBytes(length: number): Buffer {
  if (length >= shortReads.length) return readBuffer.subarray(0, length)
  return (shortReads[length] ??= readBuffer.subarray(0, length))
}

type Receive = (chunk: Buffer) => void

/**
 * A socket, plain or TLS. `receive` gets each chunk as it arrives; the bytes are valid only during the call.
 * Plain sockets read into one shared buffer, which spares an allocation for every read.
 */
export class Connection {
  receive: Receive = () => undefined
  /** Called once, when the socket is gone for whatever reason; `gone` likewise, for whoever else keeps count. */
  closed: () => void = () => undefined
  readonly gone = new Set<() => void>()
  drained: () => void = () => undefined
  /** Called when the peer says that it sends nothing more, the last time that something can be written. */
  ending: () => void = () => undefined
  #socket: net.Socket
  #gone = false
  readonly remoteAddress: string

  constructor(open: (onread: net.OnReadOpts) => net.Socket) {
    this.#socket = open({
      buffer: readBuffer,
      callback: (length) => {
        this.receive(firstBytes(length))
        return true
      },
    })
    this.remoteAddress = this.#socket.remoteAddress ?? ''
    this.#watch(this.#socket)
  }

  /** Takes over a socket that a server accepted with `pauseOnConnect`. */
  static accepted(socket: net.Socket): Connection {
    // The accepted socket's handle goes to a socket that reads into our buffer: a server cannot be told to make one.
    const handle = (socket as unknown as { _handle: unknown })._handle
    const connection = new Connection((onread) => {
      const options: net.SocketConstructorOpts & { handle: unknown } = { handle, onread, allowHalfOpen: false }
      return new net.Socket(options)
    })
    connection.#socket.read(0)
    return connection
  }

  static dial(host: string, port: number): Connection {
    return new Connection((onread) => net.connect({ host, port, onread, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }))
  }

  get isTls(): boolean {
    return this.#socket instanceof tls.TLSSocket
  }

  get isOpen(): boolean {
    return !this.#gone && !this.#socket.destroyed
  }

  get socket(): net.Socket {
    return this.#socket
  }

  /** @returns false when the peer does not keep up: wait for `drained` before sending much more */
  write(bytes: Buffer): boolean {
    const written = this.#writeAtOnce(bytes)
    if (written === bytes.length) return true
    return this.#socket.write(written === 0 ? bytes : bytes.subarray(written))
  }

  /**
   * Most writes are taken whole by the system's own buffer; what a stream does around that call costs several times as
   * much as the call's way into the kernel. Never past bytes that the stream still holds, and never after its end: a
   * descriptor that was closed may be another connection's by now.
   * @returns how many bytes were taken; the stream is to send the rest, and finds out what is wrong if there is something
   */
  #writeAtOnce(bytes: Buffer): number {
    const socket = this.#socket
    if (socket.writableLength > 0 || socket.connecting || !socket.writable || this.isTls) return 0
    // Null once it is closed; its descriptor is then negative, as on systems where sockets have none.
    const { _handle: handle } = socket as unknown as { readonly _handle: { readonly fd: number } | null }
    if (handle === null || !(handle.fd > 0)) return 0
    try {
      return writeSync(handle.fd, bytes)
    } catch {
      return 0
    }
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Sends what is queued, then closes. Destroys the socket when the peer has not taken it within `withinMs`. */
  end(bytes?: Buffer, withinMs = 5_000): void {
    if (bytes === undefined) this.#socket.end()
    else this.#socket.end(bytes)
    this.#socket.resume()
    setTimeout(() => this.#socket.destroy(), withinMs).unref()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /**
   * Goes on over TLS as the server. `received` is what was read already (a ClientHello sent at once).
   * @throws when the handshake fails
   */
  async serveTls(context: tls.SecureContext, received: Buffer | undefined, alpn: readonly string[]): Promise<tls.TLSSocket> {
    if (received !== undefined) this.#socket.unshift(Buffer.from(received))
    const secure = new tls.TLSSocket(this.#socket, { isServer: true, secureContext: context, ALPNProtocols: [...alpn] })
    return this.#secured(secure, 'secure')
  }

  /** Goes on over TLS as the client. @throws when the handshake or the certificate check fails */
  async startTls(options: tls.ConnectionOptions): Promise<tls.TLSSocket> {
    return this.#secured(tls.connect({ ...options, socket: this.#socket }), 'secureConnect')
  }

  async #secured(secure: tls.TLSSocket, event: 'secure' | 'secureConnect'): Promise<tls.TLSSocket> {
    this.#socket = secure
    this.#watch(secure)
    await new Promise<void>((resolve, reject) => {
      secure.once(event, resolve)
      secure.once('error', reject)
      secure.once('close', () => reject(new Error('the connection closed during the TLS handshake')))
    })
    secure.on('data', (chunk: Buffer) => this.receive(chunk))
    return secure
  }

  #watch(socket: net.Socket): void {
    socket.setNoDelay(true)
    // A failing socket also closes; what failed is told by the layer above from what it was doing.
    socket.on('error', () => undefined)
    socket.on('drain', () => this.drained())
    socket.on('end', () => {
      if (socket === this.#socket) this.ending()
      socket.end()
    })
    socket.on('close', () => {
      if (socket !== this.#socket || this.#gone) return
      this.#gone = true
      this.closed()
      for (const listener of this.gone) listener()
    })
  }
}
