import { Failure } from './failure.ts'
import { causeOf } from './identity-token.ts'

/** No line of the control API is longer: a row has at most 64 MB, in JSON with every character escaped. */
const MAX_LINE_UNITS = 400 * 1024 * 1024

/** The lines of a stream that are not empty; what stands behind the last line end was cut off and is left out. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let parts: string[] = []
  let units = 0
  try {
    for await (const chunk of stream) {
      const lines = decoder.decode(chunk, { stream: true }).split('\n')
      for (const [index, line] of lines.entries()) {
        parts.push(line)
        units += line.length
        if (index === lines.length - 1) break
        if (units > 0) yield parts.join('')
        parts = []
        units = 0
      }
      if (units > MAX_LINE_UNITS) throw new Error('a line of the answer has no end')
    }
  } catch (error) {
    throw new Failure(`the answer was cut off: ${causeOf(error)}`, 'Try again, and tell an operator if it lasts.')
  }
}
