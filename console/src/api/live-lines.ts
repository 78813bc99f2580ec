/** Lines that wait to be read; whoever reads so slowly begins anew. */
const MOST_WAITING = 100_000

/**
 * What happens, as server-sent events tell it, each a line of JSON. The browser goes on by itself where the connection
 * breaks. Ends at the signal, and when the gateway answers with something else.
 */
export async function* liveLines<Line>(path: string, signal: AbortSignal): AsyncGenerator<Line> {
  const source = new EventSource(path)
  let waiting: Line[] = []
  let isOver = signal.aborted
  let wake: () => void = () => undefined
  const end = () => {
    isOver = true
    source.close()
    wake()
  }
  source.addEventListener('message', ({ data }: MessageEvent<string>) => {
    waiting.push(JSON.parse(data) as Line)
    if (waiting.length > MOST_WAITING) end()
    wake()
  })
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED) end()
  })
  signal.addEventListener('abort', end)
  try {
    for (;;) {
      const come = waiting
      waiting = []
      yield* come
      if (isOver && waiting.length === 0) return
      if (waiting.length === 0) await new Promise<void>((resolve) => { wake = resolve })
    }
  } finally {
    signal.removeEventListener('abort', end)
    source.close()
  }
}
