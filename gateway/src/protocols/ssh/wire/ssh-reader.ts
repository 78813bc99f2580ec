import { isAscii } from 'node:buffer'
import { ByteReader, MalformedFrameError } from '../../../bytes/byte-reader.ts'

const MAX_NAMES = 500
/** As OpenSSH: 16,384 bits and a leading zero. */
const MAX_MPINT_BYTES = 2049

/**
 * Reads the data types of RFC 4251 section 5 (https://www.rfc-editor.org/rfc/rfc4251#section-5) from one message.
 *
 *   string:    | uint32 length | bytes |
 *   mpint:     | uint32 length | two's complement, the highest byte first, as few bytes as possible |
 *   name-list: | uint32 length | ASCII names between commas |
 *
 * Every read throws MalformedFrameError where the message is shorter, and nothing else.
 */
export class SshReader extends ByteReader {
  uint64(): bigint {
    return this.take(8).readBigUInt64BE()
  }

  /** Every value but 0 is true. */
  boolean(): boolean {
    return this.uint8() !== 0
  }

  /** A view of the bytes, not a copy. */
  string(): Buffer {
    return this.take(this.uint32())
  }

  /** A string that must be UTF-8. */
  text(): string {
    return decodeText(this.string())
  }

  /** The magnitude of a number above zero, without leading zeros: a view. */
  mpint(): Buffer {
    const bytes = this.string()
    if (bytes.length > MAX_MPINT_BYTES) throw new MalformedFrameError('a number is too long')
    if (bytes.length === 0 || (bytes[0] ?? 0) > 0x7f) throw new MalformedFrameError('a number is not above zero')
    let start = 0
    while (bytes[start] === 0) start++
    if (start === bytes.length) throw new MalformedFrameError('a number is not above zero')
    return bytes.subarray(start)
  }

  /** Empty names, which RFC 4251 section 5 forbids, are left out: libssh sends one, and no algorithm is called so. */
  nameList(): string[] {
    const bytes = this.string()
    if (bytes.length === 0) return []
    if (!isAscii(bytes)) throw new MalformedFrameError('a list of names is not ASCII')
    const names = bytes.toString('latin1').split(',', MAX_NAMES + 1)
    if (names.length > MAX_NAMES) throw new MalformedFrameError('a list has too many names')
    return names.filter((name) => name !== '')
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws MalformedFrameError where the bytes are no UTF-8 */
export function decodeText(bytes: Buffer): string {
  if (isAscii(bytes)) return bytes.toString('latin1')
  try {
    return utf8.decode(bytes)
  } catch {
    throw new MalformedFrameError('a text is not UTF-8')
  }
}
