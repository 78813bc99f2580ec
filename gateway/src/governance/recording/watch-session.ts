import type { RecordedEvent } from './event-schema.ts'
import { StreamError } from './read-stream.ts'
import type { RecordedPart } from './session-reading.ts'
import type { ReplayItem } from './stream.ts'

/**
 * A session's events as they come, and behind each segment's what that segment holds.
 * @param itemsOf reads the stream whose segments are those of the events that it is given
 */
export async function* watchSession(events: AsyncIterable<RecordedEvent>, itemsOf: (segments: AsyncIterable<object>) => AsyncIterable<ReplayItem>): AsyncGenerator<RecordedPart> {
  const segments = new Segments()
  let items: AsyncIterator<ReplayItem> | undefined = itemsOf(segments.read())[Symbol.asyncIterator]()
  let next: Promise<IteratorResult<ReplayItem>> | undefined
  try {
    for await (const event of events) {
      yield { event }
      if (event.event !== 'segment.sealed') continue
      segments.add(event)
      while (items !== undefined) {
        try {
          next ??= items.next()
          const result = await Promise.race([next, segments.allRead])
          if (result === undefined) break
          next = undefined
          if (result.done === true) items = undefined
          else yield { item: result.value }
        } catch (error) {
          // Its words are for people.
          if (!(error instanceof StreamError)) throw error
          items = undefined
          yield { missing: error.message }
        }
      }
    }
  } finally {
    segments.end()
    void next?.catch(() => undefined)
    void items?.return?.().catch(() => undefined)
  }
}

/** Events for a reader that waits for the next until it is there. */
class Segments {
  readonly #waiting: object[] = []
  #isEnded = false
  #wake: () => void = () => undefined
  #tellRead: () => void = () => undefined
  /** Settles when the reader asks for more than there is. */
  allRead: Promise<undefined> = Promise.resolve(undefined)

  add(event: object): void {
    this.#waiting.push(event)
    this.allRead = new Promise((resolve) => { this.#tellRead = () => resolve(undefined) })
    this.#wake()
  }

  end(): void {
    this.#isEnded = true
    this.#wake()
  }

  async *read(): AsyncGenerator<object> {
    while (!this.#isEnded) {
      const event = this.#waiting.shift()
      if (event !== undefined) yield event
      else {
        this.#tellRead()
        await new Promise<void>((resolve) => { this.#wake = resolve })
      }
    }
  }
}
