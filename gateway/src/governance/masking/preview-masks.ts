import { randomBytes } from 'node:crypto'
import type { DetectorMask, MaskEntry } from '../policy/policy-document.ts'
import { maskValue } from './apply-mask.ts'
import { maskText } from './stream/stream-masker.ts'

/**
 * What a mask makes of values, by the very code that masks answers: of each value, what an agent would get; null is the
 * target's null. Hashes are made with a key of their own: with the gateway's, whoever guesses a value could look for it
 * in what agents got.
 */
export function previewMask(mask: MaskEntry | DetectorMask, values: readonly string[]): readonly (string | null)[] {
  const key = randomBytes(32)
  if (!('columns' in mask)) {
    const detectors = [mask]
    return values.map((value) => maskText({ detectors }, key, value))
  }
  return values.map((value) => {
    const masked = maskValue(mask, Buffer.from(value), true, key)
    return masked === null ? null : Buffer.from(masked).toString()
  })
}
