import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** What a session token starts with, so that people and secret scanners know it. */
export const SESSION_TOKEN_PREFIX = 'slp_'

const FORM = /^slp_[A-Za-z0-9_-]{49}$/

/**
 * ```
 *  slp_  43 characters: 32 random bytes, base64url  6 characters: CRC-32 of all before, base64url
 * ```
 * The checksum is no protection: it tells a mistyped or cut-off token from a revoked one, without asking the database.
 */
export function makeSessionToken(): string {
  const body = SESSION_TOKEN_PREFIX + randomBytes(32).toString('base64url')
  return body + checksum(body)
}

/** True when the text is whole. Says nothing of whether such a token was ever issued. */
export function isWholeSessionToken(text: string): boolean {
  return FORM.test(text) && checksum(text.slice(0, -6)) === text.slice(-6)
}

/** What is stored in place of the token. 256 random bits need neither salt nor stretching. */
export function hashSessionToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

function checksum(body: string): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(body))
  return bytes.toString('base64url')
}
