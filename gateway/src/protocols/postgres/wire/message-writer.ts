/**
 * Builds protocol messages.
 *
 *   +------+----------------+-----------------+
 *   | type | length (int32) | body            |
 *   +------+----------------+-----------------+
 *            counts itself and the body
 */

/** @param type the type byte; undefined for messages that have none (startup, cancel) */
export function message(type: number | undefined, ...parts: readonly (string | Uint8Array)[]): Buffer {
  const body = parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'utf8') : part))
  const length = 4 + body.reduce((sum, part) => sum + part.length, 0)
  const header = Buffer.alloc(type === undefined ? 4 : 5)
  if (type !== undefined) header[0] = type
  header.writeInt32BE(length, type === undefined ? 0 : 1)
  return Buffer.concat([header, ...body])
}

/** A NUL-terminated string. NULs inside are dropped: they would end it early. */
export function cstring(text: string): Buffer {
  return Buffer.from(`${text.replaceAll('\0', '')}\0`, 'utf8')
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
