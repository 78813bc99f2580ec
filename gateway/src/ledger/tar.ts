/**
 * The least of POSIX ustar that a bundle needs: plain files, in one way only, so that no byte of one can be changed
 * without being noticed. `tar` reads it.
 */
export interface TarMember {
  readonly name: string
  readonly size: number
}

export const TAR_BLOCK = 512
const MAX_NAME = 99

export function tarHeader({ name, size }: TarMember): Buffer {
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(name) || name.length > MAX_NAME) throw new Error('this cannot be the name of a member')
  const header = Buffer.alloc(TAR_BLOCK)
  header.write(name, 0, 'latin1')
  header.write('0000600\0', 100, 'latin1')
  header.write('0000000\0'.repeat(2), 108, 'latin1')
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1')
  header.write('00000000000\0', 136, 'latin1')
  header.write(' '.repeat(8), 148, 'latin1')
  header.write('0', 156, 'latin1')
  header.write('ustar\u000000', 257, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}

/** Zeros behind a member's content. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK)
}

/** What an archive ends with. */
export const TAR_END = Buffer.alloc(2 * TAR_BLOCK)

/** @returns undefined when it is the end; words when it is not a header as {@link tarHeader} writes it */
export function readTarHeader(header: Buffer): TarMember | undefined | { problem: string } {
  if (header.equals(TAR_END.subarray(0, TAR_BLOCK))) return undefined
  const end = header.indexOf(0)
  const name = header.toString('latin1', 0, Math.min(end < 0 ? 0 : end, MAX_NAME))
  const size = header.toString('latin1', 124, 135)
  if (!/^[0-7]{11}$/.test(size)) return { problem: 'it is not an archive of this kind' }
  try {
    const member = { name, size: Number.parseInt(size, 8) }
    return tarHeader(member).equals(header) ? member : { problem: 'a member is not described as it is written here' }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}
