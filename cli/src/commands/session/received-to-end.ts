import type { ReplayLine } from '@sallyport/contract'
import { Failure } from '../../failure.ts'

/** Passes lines on. @throws Failure when the last one is missing: a part is never taken for the whole */
export async function* receivedToEnd(lines: AsyncIterable<ReplayLine>): AsyncGenerator<ReplayLine> {
  for await (const line of lines) {
    yield line
    if (line.type === 'end') return
  }
  throw new Failure('the gateway broke off: this is not all', 'Try again, and tell an operator if it lasts.')
}
