import { message, messageWith } from './messages.ts'
import { MESSAGE } from './wire/message-numbers.ts'

/** What a channel needs of the connection to one peer. */
export interface Link {
  send(payload: Buffer): void
  sendData(header: Buffer, data: Buffer, start: number, end: number): void
}

/** Packets are never made larger than this, whatever a peer would take: every implementation takes as much (RFC 4253 section 6.1). */
export const MAX_PACKET = 32_768

/** One of the two ends of a channel: what was sent to that peer, and what came from it. */
export class ChannelEnd {
  readonly #link: Link
  /** The peer's number for the channel; undefined until it is open there. */
  number: number | undefined
  #maxPacket = MAX_PACKET
  #header: Buffer = EMPTY
  #extendedHeader: Buffer = EMPTY
  gotEof = false
  gotClose = false
  #sentEof = false
  #sentClose = false

  constructor(link: Link) {
    this.#link = link
  }

  /** @param maxPacket the most data that the peer takes in one message */
  opened(number: number, maxPacket: number): void {
    this.number = number
    this.#maxPacket = Math.min(maxPacket, MAX_PACKET)
    // The lengths are written in for each message.
    this.#header = message(MESSAGE.channelData, number, 0)
    this.#extendedHeader = message(MESSAGE.channelExtendedData, number, 0, 0)
  }

  get maxPacket(): number {
    return this.#maxPacket
  }

  get sentClose(): boolean {
    return this.#sentClose
  }

  /** Nothing more comes of it in either direction. */
  get isOver(): boolean {
    return this.number === undefined || (this.#sentClose && this.gotClose)
  }

  grant(bytes: number): void {
    if (this.#isOpen && !this.gotEof) this.#link.send(message(MESSAGE.channelWindowAdjust, this.number ?? 0, bytes))
  }

  data(stream: number, bytes: Buffer, start: number, end: number): void {
    if (!this.#isOpen || this.#sentEof) return
    for (let from = start; from < end; from += this.#maxPacket) {
      const to = Math.min(end, from + this.#maxPacket)
      const header = stream === 0 ? this.#header : this.#extendedHeader
      if (stream !== 0) header.writeUInt32BE(stream, 5)
      header.writeUInt32BE(to - from, header.length - 4)
      this.#link.sendData(header, bytes, from, to)
    }
  }

  request(type: string, wantsReply: boolean, rest: Buffer): void {
    if (this.#isOpen) this.#link.send(messageWith(MESSAGE.channelRequest, [this.number ?? 0, type, wantsReply], rest))
  }

  reply(success: boolean): void {
    if (this.#isOpen) this.#link.send(message(success ? MESSAGE.channelSuccess : MESSAGE.channelFailure, this.number ?? 0))
  }

  eof(): void {
    if (!this.#isOpen || this.#sentEof) return
    this.#sentEof = true
    this.#link.send(message(MESSAGE.channelEof, this.number ?? 0))
  }

  close(): void {
    if (!this.#isOpen) return
    this.#sentClose = true
    this.#link.send(message(MESSAGE.channelClose, this.number ?? 0))
  }

  get #isOpen(): boolean {
    return this.number !== undefined && !this.#sentClose
  }
}

const EMPTY = Buffer.alloc(0)
