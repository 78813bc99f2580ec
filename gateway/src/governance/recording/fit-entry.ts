import { createHash } from 'node:crypto'
import type { Truncated } from './event-schema.ts'

/** Cuts what is too long for an entry, keeping the size and digest of the whole. Sizes are those of the JSON in UTF-8. */
export interface Fitted<T> {
  readonly value: T
  readonly truncated?: Truncated
}

/** The longest beginning of a text, whole code points only, whose JSON string has at most so many bytes. */
export function fitText(text: string, maxBytes: number): Fitted<string> {
  if (jsonBytes(text) <= maxBytes) return { value: text }
  let low = 0
  let high = Math.min(text.length, maxBytes)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (jsonBytes(text.slice(0, middle)) <= maxBytes) low = middle
    else high = middle - 1
  }
  // Never between the halves of a surrogate pair: a lone half takes six bytes of JSON, the whole pair only four.
  return { value: text.slice(0, low), truncated: measure(text) }
}

/** As many items from the beginning as fit; the first that does not fit is cut if it is a text. */
export function fitList(items: readonly (string | null)[], maxBytes: number): Fitted<(string | null)[]> {
  const kept: (string | null)[] = []
  let left = maxBytes - 2
  for (const item of items) {
    const bytes = jsonBytes(item) + 1
    if (bytes > left) {
      if (item !== null && left > MIN_CUT_BYTES) kept.push(fitText(item, left - 1).value)
      return { value: kept, truncated: measure(JSON.stringify(items)) }
    }
    kept.push(item)
    left -= bytes
  }
  return { value: kept }
}

/** Bytes of JSON; eight texts and two lists, the most that one event has, leave room for the rest of an entry. */
const TEXT_BYTES = 4_096
const LIST_BYTES = 12_288

/** As much of a text as one event may hold. */
export function cut(text: string, maxBytes = TEXT_BYTES): string {
  return fitText(text, maxBytes).value
}

/** The same of a list. */
export function cutList(items: readonly string[], maxBytes = LIST_BYTES): string[] {
  return fitList(items, maxBytes).value.map(String)
}

/** A cut item shorter than this says nothing. */
const MIN_CUT_BYTES = 64

function jsonBytes(value: string | null): number {
  return Buffer.byteLength(JSON.stringify(value))
}

function measure(text: string): Truncated {
  const bytes = Buffer.from(text)
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}
