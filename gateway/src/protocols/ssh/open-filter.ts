import { streamMasker, type StreamMasker } from '../../governance/masking/stream/stream-masker.ts'
import type { Channel, Filter } from './channel.ts'
import type { ConnectionContext } from './connection-context.ts'
import type { Program } from './program.ts'
import { SftpFilter } from './sftp-filter.ts'

/** How long what may be the beginning of a masked value is held: people wait for what they type to appear. */
const HOLD_MS = 30

/** What the data of a program go through: governed file operations, or masks where the policy has some. */
export function openFilter(context: ConnectionContext, channel: Channel, program: Program): Filter | undefined {
  if (program.speaksSftp) return new SftpFilter(context, channel)
  if (streamMasker(context.session.policy, context.maskKey) === undefined) return undefined
  return new MaskFilter(channel, () => streamMasker(context.session.policy, context.maskKey))
}

/** Masks what a program says on its standard output and standard error, each for itself. */
class MaskFilter implements Filter {
  readonly #channel: Channel
  readonly #newMasker: () => StreamMasker | undefined
  readonly #maskers = new Map<number, StreamMasker>()
  #timer: NodeJS.Timeout | undefined

  constructor(channel: Channel, newMasker: () => StreamMasker | undefined) {
    this.#channel = channel
    this.#newMasker = newMasker
  }

  fromClient(bytes: Buffer): void {
    this.#channel.transcript?.sent(bytes, 0, bytes.length)
    this.#channel.toTarget.push(0, bytes)
  }

  fromTarget(stream: number, bytes: Buffer): void {
    const masker = this.#maskers.get(stream) ?? this.#newMasker()
    // Only one that masks is ever opened; without it nothing passes.
    if (masker === undefined) return
    this.#maskers.set(stream, masker)
    this.#pass(stream, masker, () => masker.push(bytes))
    if (masker.holding) this.#timer ??= setTimeout(() => this.#flush(), HOLD_MS)
  }

  clientEnded(then: () => void): void {
    then()
  }

  targetEnded(): void {
    clearTimeout(this.#timer)
    for (const [stream, masker] of this.#maskers) this.#pass(stream, masker, () => masker.end())
    this.#channel.toClient.settle()
  }

  roomMade(): void {}

  close(): void {
    clearTimeout(this.#timer)
  }

  #pass(stream: number, masker: StreamMasker, take: () => Buffer): void {
    const before = masker.masked
    this.#channel.toClient.push(stream, take())
    if (this.#channel.transcript !== undefined) this.#channel.transcript.masked += masker.masked - before
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const [stream, masker] of this.#maskers) if (masker.holding) this.#pass(stream, masker, () => masker.flush())
    this.#channel.toClient.settle()
  }
}
