import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import { FrameAssembler } from '../../bytes/frame-assembler.ts'
import type { ReplayItem, StreamChunk } from '../../governance/recording/stream.ts'
import { signalName } from './channel-environment.ts'
import { fieldsOf, readRequest } from './messages.ts'
import { MESSAGE } from './wire/message-numbers.ts'
import { SshReader } from './wire/ssh-reader.ts'

const LENGTH_BYTES = 4
/** What is claimed to be longer is none of our messages: see transcript.ts. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

interface Place {
  readonly operation: number
  readonly atMs: number
}

/**
 * What a session's client saw, in words, from the messages that it got; the channels of a connection may speak in turns.
 * Bytes that are no messages are given as they are: nothing that was recorded is left out, and nothing makes it throw.
 */
export async function* replay(chunks: AsyncIterable<StreamChunk>): AsyncGenerator<ReplayItem> {
  const received = new MessageStream('output')
  const sent = new MessageStream('input')
  let place: Place = { operation: 0, atMs: 0 }
  for await (const { kind, operation, atMs, bytes } of chunks) {
    if (kind === 'original') continue
    // A message is written in one go: what is incomplete when another operation speaks stays so.
    if (operation !== place.operation || kind === 'limited') {
      yield* received.restart(place)
      yield* sent.restart(place)
    }
    place = { operation, atMs }
    if (kind === 'received') yield* received.read(bytes, place)
    else if (kind === 'sent') yield* sent.read(bytes, place)
    else yield { kind, operation, atMs, text: bytes.toString('utf8') }
  }
  yield* received.restart(place)
  yield* sent.restart(place)
}

/** Cuts one direction's bytes into messages, however they were split, and reads each. */
class MessageStream {
  readonly #direction: 'output' | 'input'
  #frame = new FrameAssembler()
  /** No messages any more, until another operation speaks. */
  #lost = false

  constructor(direction: 'output' | 'input') {
    this.#direction = direction
  }

  *restart(place: Place): Generator<ReplayItem> {
    const rest = this.#frame.take()
    if (rest.length > 0) yield { kind: this.#direction, ...place, bytes: rest }
    this.#lost = false
  }

  *read(bytes: Buffer, place: Place): Generator<ReplayItem> {
    for (let at = 0; at < bytes.length;) {
      if (this.#frame.filled < LENGTH_BYTES && !this.#lost) {
        at += this.#frame.add(bytes, at, LENGTH_BYTES)
        if (this.#frame.filled < LENGTH_BYTES) return
      }
      const length = this.#lost ? 0 : this.#frame.bytes.readUInt32BE(0)
      if (length === 0 || length > MAX_MESSAGE_BYTES) {
        this.#lost = true
        yield { kind: this.#direction, ...place, bytes: Buffer.concat([this.#frame.take(), bytes.subarray(at)]) }
        return
      }
      at += this.#frame.add(bytes, at, LENGTH_BYTES + length)
      if (this.#frame.filled === LENGTH_BYTES + length) yield* this.#message(this.#frame.take(), place)
    }
  }

  *#message(frame: Buffer, place: Place): Generator<ReplayItem> {
    try {
      yield* readMessage(frame.subarray(LENGTH_BYTES), place, this.#direction)
    } catch (error) {
      if (!(error instanceof MalformedFrameError)) throw error
      yield { kind: this.#direction, ...place, bytes: frame }
    }
  }
}

function* readMessage(payload: Buffer, place: Place, direction: 'output' | 'input'): Generator<ReplayItem> {
  const reader = fieldsOf(payload)
  reader.uint32()
  switch (payload[0]) {
    case MESSAGE.channelExtendedData:
      reader.uint32()
      yield { kind: direction, ...place, bytes: reader.string() }
      break
    case MESSAGE.channelData:
      yield { kind: direction, ...place, bytes: reader.string() }
      break
    case MESSAGE.channelRequest: {
      const { type, rest } = readRequest(reader)
      const item = requestItem(type, rest, place)
      if (item !== undefined) yield item
      break
    }
    default:
      yield { kind: direction, ...place, bytes: payload }
  }
}

function requestItem(type: string, rest: Buffer, place: Place): ReplayItem | undefined {
  const reader = new SshReader(rest)
  switch (type) {
    case 'pty-req':
      reader.string()
      return { kind: 'resize', ...place, columns: reader.uint32(), rows: reader.uint32() }
    case 'window-change':
      return { kind: 'resize', ...place, columns: reader.uint32(), rows: reader.uint32() }
    case 'exit-status': {
      const status = reader.uint32()
      return { kind: status === 0 ? 'completed' : 'failed', ...place, text: `exit ${status}` }
    }
    case 'exit-signal':
      return { kind: 'failed', ...place, text: `signal ${signalName(rest) ?? 'unknown'}` }
    default:
      return undefined
  }
}
