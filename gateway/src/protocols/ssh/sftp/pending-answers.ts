import type { OpenFile } from './open-file.ts'
import type { PacketReader } from './packet-reader.ts'

/** A request that the target has and did not answer yet. */
export interface Pending {
  /** What the client called it. */
  readonly clientId: number
  /** Type of the answer, when it is no STATUS. */
  readonly expects: number
  readonly file?: OpenFile | undefined
  readonly reads?: boolean
  readonly writes?: boolean
  readonly offset?: number
  /** Bytes that a read asked for. */
  readonly length?: number
  /** Hears how it ended: the code of a STATUS, 0 for any other answer; with the handle, where one was opened. */
  readonly settled?: ((status: number, handle: string | undefined) => void) | undefined
  /** A handle is kept from the client until it is known what was opened. */
  readonly withheld?: boolean
  /** A question of the gateway's own: the client hears nothing of the answer. @param reader behind type and id */
  readonly own?: ((type: number, reader: PacketReader) => void) | undefined
}

const ID_SPACE = 2 ** 32

/**
 * Requests at the target, under ids that the gateway chose: a client may use an id twice at once, and the gateway has
 * questions of its own.
 */
export class PendingAnswers {
  readonly #pending = new Map<number, Pending>()
  #next = 0

  get size(): number {
    return this.#pending.size
  }

  /** @returns the id under which the target is to know it */
  add(pending: Pending): number {
    while (this.#pending.has(this.#next)) this.#next = (this.#next + 1) % ID_SPACE
    const id = this.#next
    this.#next = (id + 1) % ID_SPACE
    this.#pending.set(id, pending)
    return id
  }

  peek(id: number): Pending | undefined {
    return this.#pending.get(id)
  }

  take(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    return pending
  }

  clear(): void {
    this.#pending.clear()
  }
}
