/** New keys after so much under the old ones: far within what RFC 4344 section 3 and AES-GCM allow. */
const REKEY_BYTES = 1024 ** 3
const REKEY_PACKETS = 2 ** 31
const REKEY_MS = 60 * 60 * 1000

/** A peer that was asked for new keys has stopped long before. */
export const REKEY_OVERRUN_BYTES = REKEY_BYTES + 256 * 1024 * 1024
export const REKEY_DEADLINE_MS = 60_000

/** @param direction what was sent or received under the present keys */
export function rekeyIsDue(direction: { readonly bytes: number, readonly packets: number }, keysSinceMs: number): boolean {
  return direction.bytes > REKEY_BYTES || direction.packets > REKEY_PACKETS || performance.now() - keysSinceMs > REKEY_MS
}
