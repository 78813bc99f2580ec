import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import type { StreamMasker } from '../../governance/masking/stream/stream-masker.ts'
import type { KubeSession } from './kube-session.ts'
import { CHANNELS, type Transcript } from './transcript.ts'
import { SPDY_TYPES, SpdyReader, type SpdyPiece, writeSpdyData } from './wire/spdy-frames.ts'
import { maskJson, type MaskTree } from './wire/mask-json.ts'
import { OPCODES, type WebSocketFrame, WebSocketReader, writeServerFrame } from './wire/websocket-frames.ts'

const MAX_FRAME_BYTES = 4 * 1024 * 1024
const HOLD_MS = 30

export interface ChannelRelayOptions {
  readonly client: Duplex
  readonly upstream: Duplex
  /** `channels`: WebSocket frames with a channel's number; `events`: with a JSON text each; `spdy`; `raw`: bytes that are only passed on. */
  readonly kind: 'channels' | 'events' | 'spdy' | 'raw'
  readonly transcript: Transcript
  readonly kube: KubeSession
  readonly signal: AbortSignal
  /** One for each stream of what commands print, where masks hold. Not with `raw`. */
  readonly maskers: (() => StreamMasker | undefined) | undefined
  /** What is masked in events. */
  readonly trees: readonly MaskTree[]
}

/** Both directions of an upgraded connection: at the pace of the slower side and of the recording. */
export class ChannelRelay {
  readonly #options: ChannelRelayOptions
  readonly #maskers = new Map<number, StreamMasker>()
  /** Of what the API server sends. */
  readonly #spdy = new SpdyReader()
  #timer: NodeJS.Timeout | undefined

  constructor(options: ChannelRelayOptions) {
    this.#options = options
  }

  /** Resolves when the connection is over; rejects when it was cut off. */
  async run(): Promise<void> {
    const { client, upstream, signal } = this.#options
    const cut = (): void => {
      client.destroy()
      upstream.destroy()
    }
    signal.addEventListener('abort', cut, { once: true })
    upstream.on('error', cut)
    try {
      await Promise.all([this.#pass(client, upstream, 'sent'), this.#pass(upstream, client, 'received')])
    } catch (error) {
      cut()
      throw error
    } finally {
      clearTimeout(this.#timer)
      for (const channel of this.#maskers.keys()) this.#retire(channel)
      signal.removeEventListener('abort', cut)
    }
  }

  async #pass(from: Duplex, to: Duplex, direction: 'sent' | 'received'): Promise<void> {
    const reader = this.#reader(direction)
    try {
      for await (const part of from as AsyncIterable<Buffer>) {
        const bytes = reader(part)
        if (bytes.length > 0 && !to.write(bytes) && !to.destroyed) await drained(to)
        await this.#options.kube.room()
        if (to.destroyed) break
      }
    } catch (error) {
      // A connection that its other end has torn down is over too.
      if (!isReset(error)) throw error
    }
    to.end()
  }

  /** Takes down what passes, and says what is passed on. */
  #reader(direction: 'sent' | 'received'): (bytes: Buffer) => Buffer {
    const { kind, transcript, maskers } = this.#options
    if (kind === 'raw') {
      return (bytes) => {
        transcript.channel(direction, direction === 'sent' ? CHANNELS.input : CHANNELS.output, bytes)
        return bytes
      }
    }
    if (kind === 'spdy') {
      const spdy = direction === 'sent' ? new SpdyReader() : this.#spdy
      if (direction === 'received' && maskers !== undefined) return (bytes) => Buffer.concat(spdy.push(bytes).map((piece) => this.#maskedSpdy(piece)))
      return (bytes) => {
        for (const piece of spdy.push(bytes)) if (piece.kind === 'data') transcript.channel(direction, direction === 'sent' ? CHANNELS.input : CHANNELS.output, piece.data)
        return bytes
      }
    }
    const frames = new WebSocketReader(direction === 'sent', MAX_FRAME_BYTES)
    // Nothing that the client of a watch says means anything to the API server.
    if (kind === 'events') return (bytes) => (direction === 'sent' ? wholeFrames(frames, bytes) : Buffer.concat([...frames.push(bytes)].map((frame) => this.#event(frame))))
    if (direction === 'sent' || maskers === undefined) {
      return (bytes) => {
        for (const { opcode, payload } of frames.push(bytes)) if (isData(opcode)) this.#take(direction, payload)
        return bytes
      }
    }
    return (bytes) => Buffer.concat([...frames.push(bytes)].map(({ opcode, payload, fin }) => this.#masked(opcode, payload, fin)))
  }

  #take(direction: 'sent' | 'received', payload: Buffer): void {
    if (payload.length > 1) this.#options.transcript.channel(direction, payload[0] ?? 0, payload.subarray(1))
  }

  #event({ opcode, payload, fin }: WebSocketFrame): Buffer {
    if (!isData(opcode)) return writeServerFrame(opcode, payload)
    if (opcode === OPCODES.continuation || !fin) throw new Error('an event came in several frames')
    const { transcript } = this.#options
    const shown = maskJson(payload, this.#options.trees, () => transcript.masked++)
    transcript.channel('received', CHANNELS.output, shown)
    return writeServerFrame(opcode, shown)
  }

  #masked(opcode: number, payload: Buffer, fin: boolean): Buffer {
    const channel = payload[0] ?? 0
    // The API server never splits a message; one that did could not be told from another channel's.
    if (opcode === OPCODES.continuation || (isData(opcode) && !fin)) throw new Error('a message came in several frames')
    if (!isData(opcode)) {
      // What is held goes before the end.
      return opcode === OPCODES.close ? Buffer.concat([this.#end(), writeServerFrame(opcode, payload)]) : writeServerFrame(opcode, payload)
    }
    if (channel !== CHANNELS.output && channel !== CHANNELS.errors) {
      const before = channel === CHANNELS.result ? this.#end() : Buffer.alloc(0)
      this.#take('received', payload)
      return Buffer.concat([before, writeServerFrame(opcode, payload)])
    }
    const masker = this.#masker(channel)
    const bytes = masker.push(payload.subarray(1))
    if (masker.holding) this.#flushSoon()
    return payload.length === 1 ? writeServerFrame(opcode, payload) : this.#output(channel, bytes)
  }

  /** Frames of our own in place of those that came: neither side of SPDY counts what data it may still send here. */
  #maskedSpdy(piece: SpdyPiece): Buffer {
    if (piece.kind === 'control') {
      if (piece.type === SPDY_TYPES.goAway) return Buffer.concat([this.#end(), piece.bytes])
      // The other streams may go on, with the rest of a value.
      return piece.type === SPDY_TYPES.resetStream ? Buffer.concat([this.#flush(), piece.bytes]) : piece.bytes
    }
    const { stream, data, ends } = piece
    const masker = this.#masker(stream)
    const shown = Buffer.concat([masker.push(data), ...(ends ? [masker.end()] : [])])
    if (masker.holding) this.#flushSoon()
    if (ends) this.#retire(stream)
    return shown.length === 0 && !ends ? shown : this.#output(stream, shown, ends)
  }

  #output(channel: number, bytes: Buffer, ends = false): Buffer {
    if (this.#options.kind === 'spdy') {
      if (bytes.length === 0 && !ends) return bytes
      this.#options.transcript.channel('received', CHANNELS.output, bytes)
      return writeSpdyData(channel, bytes, ends)
    }
    if (bytes.length === 0) return bytes
    this.#options.transcript.channel('received', channel, bytes)
    return writeServerFrame(OPCODES.binary, Buffer.concat([Buffer.from([channel]), bytes]))
  }

  #masker(channel: number): StreamMasker {
    let masker = this.#maskers.get(channel)
    if (masker === undefined) {
      masker = this.#options.maskers?.()
      if (masker === undefined) throw new Error('the masks of the session are gone')
      this.#maskers.set(channel, masker)
    }
    return masker
  }

  /** All that is held. */
  #end(): Buffer {
    const rest = Buffer.concat([...this.#maskers].map(([channel, masker]) => this.#output(channel, masker.end())))
    for (const channel of this.#maskers.keys()) this.#retire(channel)
    return rest
  }

  #retire(channel: number): void {
    this.#options.transcript.masked += this.#maskers.get(channel)?.masked ?? 0
    this.#maskers.delete(channel)
  }

  #flush(): Buffer {
    return Buffer.concat([...this.#maskers].map(([channel, masker]) => this.#output(channel, masker.flush())))
  }

  #flushSoon(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      const { client } = this.#options
      // No frame may stand within another.
      if (this.#spdy.isInControl) this.#flushSoon()
      else if (!client.destroyed && !client.writableEnded) client.write(this.#flush())
    }, HOLD_MS)
  }
}

/** Also resolves when it is closed. Leaves no listener behind, since it is called again and again. */
async function drained(to: Duplex): Promise<void> {
  const over = new AbortController()
  await Promise.race(['drain', 'close'].map((event) => once(to, event, { signal: over.signal }))).finally(() => over.abort())
}

/** As they came, once they are known to be frames. @throws BrokenFrames */
function wholeFrames(frames: WebSocketReader, bytes: Buffer): Buffer {
  for (const _frame of frames.push(bytes)) continue
  return bytes
}

function isData(opcode: number): boolean {
  return opcode === OPCODES.binary || opcode === OPCODES.text || opcode === OPCODES.continuation
}

function isReset(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE' || error.code === 'ERR_STREAM_PREMATURE_CLOSE')
}
