import { byteStream } from './byte-stream.ts'

/** Small pieces are joined until they are worth a write. */
const WRITE_UNITS = 32_768
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
  const body = byteStream(live === undefined ? joined(pieces) : withBeats(pieces, live.beat), onEnd)
  return new Response(body, {
    headers: {
      'content-type': contentType,
      ...(fileName !== undefined && { 'content-disposition': `attachment; filename="${fileName}"` }),
    },
  })
}

const encoder = new TextEncoder()

async function* joined(pieces: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  let text = ''
  for await (const piece of pieces) {
    text += piece
    if (text.length < WRITE_UNITS) continue
    yield encoder.encode(text)
    text = ''
  }
  if (text !== '') yield encoder.encode(text)
}

async function* withBeats(pieces: AsyncIterable<string>, beat: string): AsyncGenerator<Uint8Array> {
  const source = pieces[Symbol.asyncIterator]()
  let next: Promise<IteratorResult<string>> | undefined
  try {
    for (;;) {
      next ??= source.next()
      const result = await orBeat(next, beat)
      if (typeof result === 'string') {
        yield encoder.encode(result)
        continue
      }
      next = undefined
      if (result.done === true) return
      yield encoder.encode(result.value)
    }
  } finally {
    void source.return?.().catch(() => undefined)
  }
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
