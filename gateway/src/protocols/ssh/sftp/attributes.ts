import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { ATTRIBUTE_FLAGS } from './message-types.ts'
import type { PacketReader } from './packet-reader.ts'

/** What a client wants a file's attributes to be. */
export interface Attributes {
  readonly size: bigint | undefined
  readonly owner: { readonly user: number; readonly group: number } | undefined
  readonly permissions: number | undefined
  readonly times: { readonly access: number; readonly modification: number } | undefined
  /** It has attributes of a vendor's own. */
  readonly extended: boolean
}

const KNOWN = Object.values(ATTRIBUTE_FLAGS).reduce((all, flag) => all | flag, 0) >>> 0
const MAX_EXTENDED = 64

/**
 * ATTRS of section 5.
 *
 *     uint32 flags, then by flag: uint64 size, uint32 uid and gid, uint32 permissions, uint32 atime and mtime,
 *     uint32 count and as many pairs of strings
 *
 * @throws MalformedFrameError for flags of later versions too
 */
export function readAttributes(reader: PacketReader): Attributes {
  const flags = reader.uint32()
  if ((flags & ~KNOWN) !== 0) throw new MalformedFrameError('attributes have flags that version 3 does not know')
  const size = flags & ATTRIBUTE_FLAGS.size ? reader.uint64() : undefined
  const owner = flags & ATTRIBUTE_FLAGS.owner ? { user: reader.uint32(), group: reader.uint32() } : undefined
  const permissions = flags & ATTRIBUTE_FLAGS.permissions ? reader.uint32() : undefined
  const times = flags & ATTRIBUTE_FLAGS.times ? { access: reader.uint32(), modification: reader.uint32() } : undefined
  const extended = (flags & ATTRIBUTE_FLAGS.extended) !== 0
  if (extended) skipExtended(reader)
  return { size, owner, permissions, times, extended }
}

function skipExtended(reader: PacketReader): void {
  const count = reader.uint32()
  if (count > MAX_EXTENDED) throw new MalformedFrameError('too many extended attributes')
  for (let left = count; left > 0; left--) {
    reader.string()
    reader.string()
  }
}

/** `size=0 mode=0644 owner=0:0`, empty when nothing is to change. */
export function attributeWords({ size, owner, permissions, times }: Attributes): string {
  const words: string[] = []
  if (size !== undefined) words.push(`size=${size}`)
  if (permissions !== undefined) words.push(`mode=0${(permissions & 0o7777).toString(8)}`)
  if (owner !== undefined) words.push(`owner=${owner.user}:${owner.group}`)
  if (times !== undefined) words.push(`times=${times.access},${times.modification}`)
  return words.join(' ')
}
