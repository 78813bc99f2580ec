import type { IncomingMessage } from 'node:http'

/** An answer that is longer than it may be. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge'
}

/** @throws AnswerTooLarge; whatever the connection ends with */
export async function readAnswer(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of answer as AsyncIterable<Buffer>) {
    length += part.length
    if (length > maxBytes) throw new AnswerTooLarge('the answer of the API server is too large')
    parts.push(part)
  }
  return Buffer.concat(parts, length)
}
