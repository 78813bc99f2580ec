import { MalformedFrameError } from '../../bytes/byte-reader.ts'

/** RFC 4254 section 5.2: a window never grows beyond this. */
const MAX_WINDOW = 2 ** 32 - 1

/** `end-to-end`: the sender may send what the receiver takes. `stored`: what the gateway itself has room for. */
export type FlowMode = 'end-to-end' | 'stored'

export interface FlowLeg {
  /** Lets the sender send so much more. */
  grant(bytes: number): void
  /** Sends to the receiver at most as much as it takes. @param stream 0: CHANNEL_DATA, else the type of extended data */
  emit(stream: number, bytes: Buffer, start: number, end: number): void
}

type Waiting =
  | { readonly stream: number; readonly bytes: Buffer; at: number }
  | { readonly run: () => void }

/**
 * One direction of a channel. A sender is granted only what the receiver still takes, less what waits here or is held by a
 * filter: so memory is bounded by the receiver's window and the cap, whatever either side does.
 */
export class ChannelFlow {
  readonly #leg: FlowLeg
  readonly #cap: number
  /** What the sender may still send. */
  #granted = 0
  /** What the receiver still takes. */
  #window = 0
  #queue: Waiting[] = []
  #queued = 0
  #held = 0
  #open = false
  #ended = false
  #mode: FlowMode = 'end-to-end'

  /** @param cap bytes that a sender is ever granted at once */
  constructor(leg: FlowLeg, cap: number) {
    this.#leg = leg
    this.#cap = cap
  }

  /** From now on the sender is granted what there is room for. */
  open(mode: FlowMode = 'end-to-end'): void {
    this.#open = true
    this.#mode = mode
    this.settle()
  }

  /** Grants so much at once, before it is open: what waits with whoever received it counts as held. */
  grantAhead(bytes: number): void {
    this.#granted += bytes
    this.#leg.grant(bytes)
  }

  /** Bytes of the sender came in. @throws MalformedFrameError when it was not granted so many */
  received(length: number): void {
    if (length > this.#granted) throw new MalformedFrameError('more data than the window allows')
    this.#granted -= length
  }

  /** What a filter holds of what was received; it comes out later, or never. */
  set held(bytes: number) {
    this.#held = bytes
  }

  get held(): number {
    return this.#held
  }

  /** The receiver takes so much more. @throws MalformedFrameError */
  adjusted(bytes: number): void {
    if (this.#window + bytes > MAX_WINDOW) throw new MalformedFrameError('a window grew too large')
    this.#window += bytes
    this.#pump()
    this.settle()
  }

  /** Sends on what it can, and keeps a copy of the rest. */
  push(stream: number, bytes: Buffer, start = 0, end = bytes.length): void {
    if (this.#ended || start === end) return
    const now = this.#queue.length > 0 ? 0 : Math.min(end - start, this.#window)
    if (now > 0) {
      this.#window -= now
      this.#leg.emit(stream, bytes, start, start + now)
    }
    if (start + now === end) return
    const rest = Buffer.from(bytes.subarray(start + now, end))
    this.#queue.push({ stream, bytes: rest, at: 0 })
    this.#queued += rest.length
  }

  /** Runs once everything pushed so far has been sent on; at once when it has. */
  after(run: () => void): void {
    if (this.#queue.length === 0) run()
    else this.#queue.push({ run })
  }

  /** Nothing goes on any more; what waits is dropped. */
  end(): void {
    this.#ended = true
    this.#queue = []
    this.#queued = 0
  }

  /** No more data go on, and what waits is dropped; what was to follow it runs now. */
  skip(): void {
    const queue = this.#queue
    this.end()
    for (const waiting of queue) if ('run' in waiting) waiting.run()
  }

  /** Bytes that wait for the receiver. */
  get queued(): number {
    return this.#queued
  }

  /** Grants the sender what there is room for now, in pieces worth a message. */
  settle(): void {
    if (!this.#open || this.#ended) return
    const room = this.#mode === 'stored' ? this.#cap : Math.min(this.#cap, this.#window)
    const more = room - this.#granted - this.#queued - this.#held
    if (more <= 0 || (more < this.#cap / 4 && this.#granted >= this.#cap / 4)) return
    this.#granted += more
    this.#leg.grant(more)
  }

  #pump(): void {
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      if ('run' in first) {
        this.#queue.shift()
        first.run()
        continue
      }
      const length = Math.min(first.bytes.length - first.at, this.#window)
      if (length === 0) return
      this.#window -= length
      this.#queued -= length
      const start = first.at
      first.at += length
      if (first.at === first.bytes.length) this.#queue.shift()
      this.#leg.emit(first.stream, first.bytes, start, start + length)
    }
  }
}
