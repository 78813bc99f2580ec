import type { Context } from 'hono'
import { streamResponse } from './stream-response.ts'

/** As the events of a session: the same in the same order each time, so that a client goes on where its connection broke. */
export interface LiveOptions {
  readonly isRepeatable: boolean
  /** Called once, when all is sent or given up. */
  readonly onEnd: () => void
}

/**
 * Answers with lines as they come: as newline-delimited JSON, or to a client that asks for `text/event-stream` as
 * server-sent events (WHATWG HTML §9.2), each with its number where they are repeatable.
 */
export function liveResponse(context: Context, lines: AsyncIterable<object>, { isRepeatable, onEnd }: LiveOptions): Response {
  if (!/(^|,)\s*text\/event-stream\s*(;|,|$)/i.test(context.req.header('accept') ?? '')) {
    return streamResponse(jsonLines(lines), { contentType: 'application/x-ndjson', live: { beat: '\n' }, onEnd })
  }
  const seen = isRepeatable ? /^\d{1,15}$/.exec(context.req.header('last-event-id') ?? '')?.[0] : undefined
  return streamResponse(serverSentEvents(lines, isRepeatable, Number(seen ?? 0)), { contentType: 'text/event-stream', live: { beat: ':\n\n' }, onEnd })
}

export async function* jsonLines(lines: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`
}

/** JSON has no line break of its own, so one `data` holds a whole line. @param seen how many the client has already */
async function* serverSentEvents(lines: AsyncIterable<object>, isNumbered: boolean, seen: number): AsyncGenerator<string> {
  let number = 0
  for await (const line of lines) {
    number += 1
    if (number > seen) yield `${isNumbered ? `id: ${number}\n` : ''}data: ${JSON.stringify(line)}\n\n`
  }
}
