import type { Duplex } from 'node:stream'
import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { readIdentification } from '../wire/identification.ts'
import { DISCONNECT, MESSAGE } from '../wire/message-numbers.ts'
import { MAX_PAYLOAD_BYTES, PacketForgedError } from '../wire/packets/packet-codec.ts'
import { SIGNATURE_ALGORITHMS } from '../wire/signature.ts'
import { SshReader } from '../wire/ssh-reader.ts'
import {
  makeDisconnect, makeServerSignatureAlgorithms, makeUnimplemented, readDisconnect, readExtInfo,
} from '../wire/transport-messages.ts'
import { InboundPackets } from './inbound-packets.ts'
import { KeyExchange } from './key-exchange.ts'
import { KeyExchangeError } from './key-exchange-error.ts'
import { OutboundPackets } from './outbound-packets.ts'
import { REKEY_DEADLINE_MS, RekeyLimits } from './rekey-limits.ts'
import type { Agreement, ClientRole, ServerRole } from './roles.ts'
import { WaitingMessages } from './waiting-messages.ts'

const OWN_VERSION = 'SSH-2.0-Sallyport'
/** How long the peer may take to close after it was told to; and to take what was sent before, at the most. */
const LINGER_MS = 2_000
const LAST_WORDS_MS = 30_000
/** Who sends on although `send` gave false, to a peer that reads nothing, is stopped here. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024
const EMPTY = Buffer.alloc(0)

/** The peer has ended the connection, and said why. */
export class PeerDisconnectError extends Error {
  override readonly name = 'PeerDisconnectError'
  /** Its reason, one of RFC 4253 section 11.1. */
  readonly code: number

  constructor(code: number, words: string) {
    super(`the peer disconnected: ${words} (reason ${code})`)
    this.code = code
  }
}

/**
 * One SSH connection below user authentication (RFC 4253): versions, key exchange and re-exchange, encryption,
 * and the messages of the transport itself. It starts at once. Deadlines are the caller's (`destroy`), except that a
 * re-exchange must end within a minute. The socket's chunks belong to it: nobody else may write into them.
 */
export class SshTransport {
  /** Rejects where the first key exchange fails. */
  readonly ready: Promise<Agreement>
  /**
   * One message of user authentication or of the connection protocol, also SERVICE_REQUEST and SERVICE_ACCEPT; valid
   * during the call only. What it throws ends the connection, a MalformedFrameError as the peer's protocol error.
   */
  onPayload: (payload: Buffer) => void = () => undefined
  /** After `send` gave false: there is room again. */
  onDrain: () => void = () => undefined
  /** Once, at the end. The error says why, where it was not an orderly end. */
  onClose: (error?: Error) => void = () => undefined

  readonly #socket: Duplex
  readonly #role: ServerRole | ClientRole
  readonly #inbound: InboundPackets
  readonly #outbound: OutboundPackets
  readonly #limits: RekeyLimits
  readonly #waiting = new WaitingMessages()
  readonly #settle: { resolve: (agreement: Agreement) => void, reject: (error: Error) => void }
  #keys: KeyExchange | undefined
  /** What has arrived of the peer's identification. */
  #greeting: Buffer | undefined = EMPTY
  #peerSignatureAlgorithms: readonly string[] | undefined
  #agreed = false
  #paused = false
  #held = false
  #needsDrain = false
  /** The peer has closed, while what it sent before is not all read. */
  #peerEnded = false
  /** `closing`: DISCONNECT was sent or came; nothing is read or sent any more. */
  #state: 'open' | 'closing' | 'closed' = 'open'
  #error: Error | undefined
  /** DISCONNECT, where it waits for the end of a key exchange. */
  #lastWords: Buffer | undefined
  #lingering: NodeJS.Timeout | undefined
  #rekeyDeadline: NodeJS.Timeout | undefined

  constructor(socket: Duplex, role: ServerRole | ClientRole) {
    if (role.role === 'server' && role.hostKey.publicKey.type !== 'ssh-ed25519') throw new TypeError('the host key must be an Ed25519 key')
    this.#socket = socket
    this.#role = role
    this.#limits = new RekeyLimits(role.rekeyBytes)
    const { promise, resolve, reject } = Promise.withResolvers<Agreement>()
    this.ready = promise
    // Who waits for `onClose` only need not look at `ready`.
    promise.catch(() => undefined)
    this.#settle = { resolve, reject }
    this.#inbound = new InboundPackets((payload) => this.#receive(payload))
    this.#outbound = new OutboundPackets(socket, () => this.#flushed())
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('drain', () => this.#flushed())
    socket.on('end', () => this.#ended())
    socket.on('error', (error: Error) => this.destroy(error))
    socket.on('close', () => this.#close())
    if (socket.destroyed) process.nextTick(() => this.#close())
    this.#outbound.add(Buffer.from(`${OWN_VERSION}\r\n`))
    this.#outbound.flush()
  }

  /** The peer's `server-sig-algs` (RFC 8308), once it has sent them: before its answer to SERVICE_REQUEST. */
  get peerSignatureAlgorithms(): readonly string[] | undefined {
    return this.#peerSignatureAlgorithms
  }

  /** Bytes that wait to be written, in this process. */
  get writableLength(): number {
    return this.#outbound.waitingBytes + this.#waiting.byteLength
  }

  /** False: sent all the same, but wait for `onDrain` before more. The payload is copied; it may be reused at once. */
  send(payload: Buffer): boolean {
    return this.sendData(payload, EMPTY, 0, 0)
  }

  /**
   * As `send`, for a message made of `header` and data.subarray(start, end): CHANNEL_DATA without joining it first.
   * @throws RangeError above MAX_PAYLOAD_BYTES
   */
  sendData(header: Buffer, data: Buffer, start: number, end: number): boolean {
    if (header.length + end - start > MAX_PAYLOAD_BYTES) throw new RangeError('a message is too long for one packet')
    if (this.#state !== 'open' || this.#lastWords !== undefined) return false
    if (this.#keys === undefined || !this.#agreed || this.#keys.sendsOnlyItself) {
      this.#guard(() => this.#waiting.add(header, data, start, end))
      this.#needsDrain = true
      return false
    }
    this.#guard(() => this.#post(header, data, start, end))
    if (this.#limits.areReached(this.#outbound)) this.#guard(() => this.#rekey())
    if (!this.#outbound.isFull) return true
    this.#needsDrain = true
    return false
  }

  /** Answers the message that `onPayload` is being called with: its number is not known here. */
  sendUnimplemented(): void {
    this.send(makeUnimplemented((this.#inbound.sequence - 1) >>> 0))
  }

  /**
   * Gives nothing more until `resume`, from the next message on. Only during a key exchange that this side has begun
   * messages still come, as many as were under way: two connections could wait for each other otherwise.
   */
  pause(): void {
    this.#paused = true
    this.#gate()
  }

  resume(): void {
    this.#paused = false
    this.#gate()
  }

  /** Sends DISCONNECT after all that was sent, and closes. */
  disconnect(code: number, words: string): void {
    if (this.#state !== 'open' || this.#lastWords !== undefined) return
    const message = Buffer.from(makeDisconnect(code, words))
    if (this.#waiting.byteLength === 0) return this.#leave(message)
    this.#lastWords = message
    this.#linger(LAST_WORDS_MS)
  }

  /** Closes at once. */
  destroy(error?: Error): void {
    if (this.#state === 'closed') return
    this.#error ??= error
    this.#state = 'closing'
    this.#inbound.end()
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    if (this.#state !== 'open') return
    this.#guard(() => {
      if (this.#greeting === undefined) return this.#inbound.take(chunk)
      this.#greeting = Buffer.concat([this.#greeting, chunk])
      this.#readGreeting(this.#greeting)
    })
  }

  #readGreeting(bytes: Buffer): void {
    const isServer = this.#role.role === 'server'
    const greeting = readIdentification(bytes, isServer ? 'client' : 'server')
    if (greeting === undefined) return
    this.#greeting = undefined
    const { line: peer } = greeting
    this.#keys = new KeyExchange(
      this.#role,
      { peer, client: isServer ? peer : OWN_VERSION, server: isServer ? OWN_VERSION : peer },
      {
        send: (payload) => this.#post(payload),
        sealWith: (sealer, restart) => {
          this.#outbound.sealWith(sealer, restart)
          this.#sendWaiting()
        },
        openWith: (opener, restart) => this.#inbound.openWith(opener, restart),
        completed: (agreement) => this.#completed(agreement),
        hold: () => this.#hold(true),
        release: () => this.#hold(false),
        fail: (error) => this.#fail(error),
      },
    )
    this.#keys.start()
    if (greeting.end < bytes.length) this.#inbound.take(bytes.subarray(greeting.end))
  }

  #receive(payload: Buffer): void {
    const message = payload[0] ?? 0
    const keys = this.#keys
    if (keys === undefined) throw new MalformedFrameError('a packet comes before the version')
    if (message === MESSAGE.disconnect) return this.#receiveDisconnect(payload)
    if (message >= MESSAGE.kexInit && message < MESSAGE.userauthRequest) return this.#receiveKey(keys, payload)
    if (keys.expectsOnlyItself) throw new MalformedFrameError('another message comes within a key exchange')
    if (message >= MESSAGE.userauthRequest || message === MESSAGE.serviceRequest || message === MESSAGE.serviceAccept) {
      this.onPayload(payload)
    } else if (message === MESSAGE.extInfo) this.#receiveExtInfo(payload)
    else if (message !== MESSAGE.ignore && message !== MESSAGE.debug && message !== MESSAGE.unimplemented) this.sendUnimplemented()
    if (this.#limits.areReached(this.#inbound) && this.#state === 'open') this.#rekey()
  }

  #receiveKey(keys: KeyExchange, payload: Buffer): void {
    keys.receive(payload)
    if (keys.isActive && this.#agreed) this.#awaitKeys()
  }

  #receiveExtInfo(payload: Buffer): void {
    const algorithms = readExtInfo(payload).get('server-sig-algs')
    if (this.#role.role === 'server' || algorithms === undefined) return
    const list = Buffer.alloc(4)
    list.writeUInt32BE(algorithms.length)
    this.#peerSignatureAlgorithms = new SshReader(Buffer.concat([list, algorithms])).nameList()
  }

  #receiveDisconnect(payload: Buffer): void {
    const { code, words } = readDisconnect(payload)
    this.destroy(code === DISCONNECT.byApplication && this.#agreed ? undefined : new PeerDisconnectError(code, words))
  }

  #post(header: Buffer, data: Buffer = EMPTY, start = 0, end = 0): void {
    if (this.#outbound.waitingBytes > MAX_UNREAD_BYTES) throw new RangeError('the peer does not read what it is sent')
    this.#outbound.send(header, data, start, end)
  }

  /** The first thing under the first keys is EXT_INFO, then what waited. */
  #sendWaiting(): void {
    if (!this.#agreed && this.#keys?.extInfoWanted === true) {
      this.#post(makeServerSignatureAlgorithms(SIGNATURE_ALGORITHMS))
    }
    if (!this.#agreed) return
    for (const message of this.#waiting.take()) this.#post(message)
    if (this.#lastWords !== undefined) this.#leave(this.#lastWords)
  }

  #completed(agreement: Agreement): void {
    clearTimeout(this.#rekeyDeadline)
    this.#rekeyDeadline = undefined
    this.#limits.renew()
    const first = !this.#agreed
    this.#agreed = true
    if (first) {
      this.#sendWaiting()
      this.#settle.resolve(agreement)
    }
    this.#gate()
  }

  /** Not while paused: the exchange would have to be read, and with it what is not wanted now. */
  #rekey(): void {
    const keys = this.#keys
    if (keys === undefined || this.#paused) return
    if (!keys.isActive) {
      keys.start()
      this.#awaitKeys()
    } else if (this.#limits.areOverrun(this.#inbound)) throw new MalformedFrameError('the peer sends on without new keys')
  }

  #awaitKeys(): void {
    this.#rekeyDeadline ??= setTimeout(() => {
      this.#fail(new KeyExchangeError('the new keys took too long'))
    }, REKEY_DEADLINE_MS).unref()
  }

  #hold(held: boolean): void {
    this.#held = held
    this.#gate()
  }

  #gate(): void {
    if (this.#state !== 'open') return
    if (this.#held || (this.#paused && this.#keys?.isActive !== true)) {
      this.#inbound.stop()
      this.#socket.pause()
      return
    }
    this.#guard(() => this.#inbound.go())
    if (this.#state !== 'open' || this.#inbound.isWaiting) return
    if (this.#peerEnded) this.#ended()
    else this.#socket.resume()
  }

  #flushed(): void {
    if (!this.#needsDrain || this.#state !== 'open' || this.#outbound.isFull) return
    if (!this.#agreed || this.#keys?.sendsOnlyItself === true) return
    this.#needsDrain = false
    this.onDrain()
  }

  /** What goes wrong ends the connection, and is told to the peer. */
  #guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error('something was thrown that is no error'))
    }
  }

  #fail(error: Error): void {
    if (this.#state !== 'open') return
    this.#error = error
    if (this.#greeting !== undefined || error instanceof RangeError) return this.destroy()
    if (error instanceof KeyExchangeError) {
      // Why a host is not trusted is not told to it.
      const words = error.code === DISCONNECT.hostKeyNotVerifiable ? 'the host key was not accepted' : error.message
      this.#leave(makeDisconnect(error.code, words))
    } else if (error instanceof MalformedFrameError) this.#leave(makeDisconnect(DISCONNECT.protocolError, error.message))
    else if (error instanceof PacketForgedError) this.#leave(makeDisconnect(DISCONNECT.macError, error.message))
    else this.#leave(makeDisconnect(DISCONNECT.byApplication, 'the gateway could not go on'))
  }

  #leave(message: Buffer): void {
    this.#state = 'closing'
    this.#inbound.end()
    this.#outbound.send(message, EMPTY, 0, 0)
    this.#outbound.flush()
    this.#linger(LAST_WORDS_MS)
    this.#socket.end(() => this.#linger(LINGER_MS))
    // Read on to nowhere: unread bytes would make the system reset the connection, and the words be lost.
    this.#socket.resume()
  }

  #linger(forMs: number): void {
    clearTimeout(this.#lingering)
    if (this.#state !== 'closed') this.#lingering = setTimeout(() => this.destroy(), forMs)
  }

  #ended(): void {
    if (this.#state === 'open' && this.#inbound.isWaiting) this.#peerEnded = true
    else if (this.#state === 'open') this.destroy(this.#agreed ? undefined : new Error('the peer closed the connection before the keys were agreed on'))
    else this.#socket.destroy()
  }

  #close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    clearTimeout(this.#lingering)
    clearTimeout(this.#rekeyDeadline)
    this.#inbound.end()
    this.#settle.reject(this.#error ?? new Error('the connection was closed before the keys were agreed on'))
    this.onClose(this.#error)
  }
}
