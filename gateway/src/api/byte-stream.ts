/** A client that takes nothing for so long is gone. */
const STALLED_MS = 60_000

/**
 * A body out of pieces, made as fast as the client takes them. When making one fails, the connection is cut: nobody takes a
 * part for the whole.
 * @param onEnd called once, when all is sent or given up
 */
export function byteStream(pieces: AsyncIterable<Uint8Array>, onEnd: () => void): ReadableStream<Uint8Array> {
  const source = pieces[Symbol.asyncIterator]()
  let stalled: NodeJS.Timeout | undefined
  let over = false
  const end = (): void => {
    if (over) return
    over = true
    clearTimeout(stalled)
    onEnd()
    // It may be waiting for something; it ends when that comes.
    void source.return?.().catch(() => undefined)
  }
  const waitForClient = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    stalled = setTimeout(() => {
      controller.error(new Error('the client takes nothing'))
      end()
    }, STALLED_MS).unref()
  }
  return new ReadableStream<Uint8Array>({
    // Nobody begins to read an answer that was ready only after its request had been given up.
    start: waitForClient,
    async pull(controller) {
      clearTimeout(stalled)
      try {
        const next = await source.next()
        if (next.done === true) {
          controller.close()
          end()
          return
        }
        controller.enqueue(next.value)
        waitForClient(controller)
      } catch (error) {
        controller.error(error)
        end()
      }
    },
    cancel: end,
  }, { highWaterMark: 0 })
}
