import { MalformedFrameError } from '../../bytes/byte-reader.ts'

/** A peer that asks for more than this many replies at once does not wait for any. */
const MAX_REPLIES = 256

/** A place in the order of replies: SSH says by order alone which request a reply is for (RFC 4254 sections 4 and 5.4). */
export interface Reply {
  settle(answer: Buffer): void
}

/** Sends replies in the order in which their requests came, whenever each is known. */
export class ReplyQueue {
  readonly #send: (answer: Buffer) => void
  readonly #places: { answer: Buffer | undefined }[] = []

  constructor(send: (answer: Buffer) => void) {
    this.#send = send
  }

  /** @throws MalformedFrameError when too many wait */
  add(): Reply {
    if (this.#places.length >= MAX_REPLIES) throw new MalformedFrameError('too many requests wait for a reply')
    const place: { answer: Buffer | undefined } = { answer: undefined }
    this.#places.push(place)
    return {
      settle: (answer) => {
        place.answer ??= answer
        this.#flush()
      },
    }
  }

  #flush(): void {
    for (let answer = this.#places[0]?.answer; answer !== undefined; answer = this.#places[0]?.answer) {
      this.#places.shift()
      this.#send(answer)
    }
  }
}
