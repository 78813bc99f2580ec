import type { ApiRoute } from './api-routes.ts'
import { type Address, request } from './client.ts'

/** A line longer than this is no answer of the gateway's. */
const MAX_LINE = 8_000_000

/** Routes whose lines are among those that are read. */
type WithLines<Line> = ApiRoute extends infer Route ? (Route extends { readonly line: infer Given } ? (Given extends Line ? Route : never) : never) : never

/** Reads newline-delimited JSON as it comes in; empty lines say that the other side is still there. */
export async function* lines<Line>(path: Address<WithLines<Line>>, signal: AbortSignal): AsyncGenerator<Line> {
  const { body } = await request(path, signal)
  if (body === null) return
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      rest += value
      if (rest.length > MAX_LINE) throw new Error('a line of the answer is too long')
      const ended = rest.split('\n')
      rest = ended.pop() ?? ''
      for (const line of ended) if (line !== '') yield JSON.parse(line) as Line
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
