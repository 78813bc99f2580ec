/** Small pieces are joined until they are worth a write. */
const WRITE_UNITS = 32_768
/** A client that takes nothing for so long is gone. */
const STALLED_MS = 60_000
/** Sent while there is nothing to say, so that nobody in between takes the connection for dead. */
const BEAT_MS = 15_000

export interface StreamOptions {
  readonly contentType: string
  /** Name under which a browser or curl keeps it. */
  readonly fileName?: string
  /** Write every piece at once, and this while none comes. */
  readonly live?: { readonly beat: string }
  /** Called once, when all is sent or given up. */
  readonly onEnd: () => void
}

/**
 * Answers with what a generator makes, as fast as the client takes it. When the generator throws, the connection is cut: a
 * client never takes a part for the whole.
 */
export function streamResponse(pieces: AsyncIterable<string>, { contentType, fileName, live, onEnd }: StreamOptions): Response {
  const source = pieces[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  let stalled: NodeJS.Timeout | undefined
  let next: Promise<IteratorResult<string>> | undefined
  let over = false
  const end = () => {
    if (over) return
    over = true
    clearTimeout(stalled)
    onEnd()
    // It may be waiting for something; it ends when that comes.
    void source.return?.().catch(() => undefined)
  }
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      clearTimeout(stalled)
      try {
        let text = ''
        do {
          next ??= source.next()
          const result = live === undefined ? await next : await orBeat(next, live.beat)
          if (typeof result === 'string') {
            text += result
            break
          }
          next = undefined
          if (result.done === true) {
            if (text !== '') controller.enqueue(encoder.encode(text))
            controller.close()
            end()
            return
          }
          text += result.value
        } while (live === undefined && text.length < WRITE_UNITS)
        controller.enqueue(encoder.encode(text))
        stalled = setTimeout(() => {
          controller.error(new Error('the client takes nothing'))
          end()
        }, STALLED_MS).unref()
      } catch (error) {
        controller.error(error)
        end()
      }
    },
    cancel: end,
  }, { highWaterMark: 0 })
  return new Response(body, {
    headers: {
      'content-type': contentType,
      ...(fileName !== undefined && { 'content-disposition': `attachment; filename="${fileName}"` }),
    },
  })
}

async function orBeat(next: Promise<IteratorResult<string>>, beat: string): Promise<IteratorResult<string> | string> {
  let timer: NodeJS.Timeout | undefined
  const quiet = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, BEAT_MS, beat).unref()
  })
  try {
    return await Promise.race([next, quiet])
  } finally {
    clearTimeout(timer)
  }
}
