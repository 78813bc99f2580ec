import { promisify } from 'node:util'
import { constants, zstdCompress, zstdCompressSync, zstdDecompress } from 'node:zlib'
import { decrypt, encrypt, NONCE_BYTES } from '../aead.ts'

/**
 * A sealed segment:
 *
 *   +--------+------------------------------------------+--------+
 *   | format | zstd of the chunks, AES-256-GCM encrypted | tag    |
 *   | 1 byte |                                           | 16     |
 *   +--------+------------------------------------------+--------+
 *
 * The key is the session's own, the nonce the segment's number: a number is used once, so a nonce is too. Session and
 * number are authenticated, so that no segment passes for another.
 */
const FORMAT = 1
/** Plain bytes of one segment. */
export const MAX_SEGMENT_BYTES = 1 << 20
/** A thread is not worth waking for less. */
const SMALL_BYTES = 16 * 1024

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

export function segmentName(session: string, segment: number): string {
  return `${session}/${String(segment).padStart(8, '0')}`
}

/** @param plain not changed, and not looked at any more once the promise is settled */
export async function sealSegment(key: Buffer, session: string, segment: number, plain: Buffer): Promise<Buffer> {
  const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 }, pledgedSrcSize: plain.length }
  const packed = plain.length <= SMALL_BYTES ? zstdCompressSync(plain, options) : await compress(plain, options)
  return Buffer.concat([Buffer.of(FORMAT), encrypt(key, nonceOf(segment), packed, authenticated(session, segment))])
}

/** @throws Error when it is another segment, was changed, or was sealed under another key */
export async function openSegment(key: Buffer, session: string, segment: number, sealed: Buffer): Promise<Buffer> {
  if (sealed[0] !== FORMAT) throw new Error('this is no sealed segment')
  const packed = decrypt(key, nonceOf(segment), sealed.subarray(1), authenticated(session, segment))
  return decompress(packed, { maxOutputLength: MAX_SEGMENT_BYTES })
}

function nonceOf(segment: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES)
  nonce.writeUInt32BE(segment, NONCE_BYTES - 4)
  return nonce
}

function authenticated(session: string, segment: number): Buffer {
  return Buffer.from(`sallyport segment ${FORMAT}\0${segment}\0${session}`)
}
