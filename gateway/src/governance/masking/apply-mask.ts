import { createHmac } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { MaskEntry } from '../policy/policy-document.ts'

/** What `redact` leaves of a text. */
export const REDACTED = '[redacted]'

/** Characters that `keep-last` leaves when the mask does not say. */
const DEFAULT_KEEP = 4

const encoder = new TextEncoder()
const REDACTED_BYTES = encoder.encode(REDACTED)
const STAR = '*'.charCodeAt(0)

/**
 * What the client gets in place of a value.
 * @param value a value that is not null, as the target sent it; for texts UTF-8
 * @param isText false for types that can only be replaced by null: a client would not be able to read a text as one
 * @param hashKey secret of this installation; equal values stay equal under one key
 * @returns `null` for the protocol's null
 */
export function maskValue(mask: MaskEntry, value: Uint8Array, isText: boolean, hashKey: KeyObject | Uint8Array): Uint8Array | null {
  if (!isText) return null
  switch (mask.method) {
    case 'redact':
      return REDACTED_BYTES
    case 'keep-last':
      return keepLast(value, mask.keep ?? DEFAULT_KEEP)
    case 'hash':
      return encoder.encode(createHmac('sha256', hashKey).update(value).digest('hex'))
    case 'null':
      return null
  }
}

/** Stars for all but the last characters; a value no longer than what is kept shows nothing. */
function keepLast(value: Uint8Array, keep: number): Uint8Array {
  let characters = 0
  for (const byte of value) if (isFirstByte(byte)) characters += 1
  if (characters <= keep) return new Uint8Array(characters).fill(STAR)
  const stars = characters - keep
  let start = value.length
  for (let kept = 0; kept < keep; ) {
    start -= 1
    if (isFirstByte(value[start] ?? 0)) kept += 1
  }
  const masked = new Uint8Array(stars + value.length - start).fill(STAR, 0, stars)
  masked.set(value.subarray(start), stars)
  return masked
}

/** UTF-8: every byte but 10xxxxxx begins a character. */
function isFirstByte(byte: number): boolean {
  return (byte & 0xc0) !== 0x80
}

/** True for a value that one of the masks could have produced: writing it back would destroy the real one. */
export function looksMasked(value: string, masks: Iterable<MaskEntry>): boolean {
  for (const mask of masks) {
    if (mask.method === 'redact' && value === REDACTED) return true
    if (mask.method === 'hash' && /^[0-9a-f]{64}$/.test(value)) return true
    if (mask.method === 'keep-last' && looksKeptLast(value, mask.keep ?? DEFAULT_KEEP)) return true
  }
  return false
}

function looksKeptLast(value: string, keep: number): boolean {
  const characters = Array.from(value)
  const stars = characters.length <= keep ? characters.length : characters.length - keep
  return stars > 0 && characters.slice(0, stars).every((character) => character === '*')
}
