import { createHash } from 'node:crypto'
import { AuthenticationError } from '../governance/identity.ts'
import { parseStrictObject } from './strict-json.ts'

export const MAX_TOKEN_CHARACTERS = 16_384

/** RS256 and ES256 are what issuers use; EdDSA is Ed25519 here. No HMAC: its key would be a secret that both sides hold. */
export const SIGNATURE_ALGORITHMS: readonly string[] = ['RS256', 'ES256', 'EdDSA']

/** Media types a token may declare. Others (logout, DPoP proof, request object) are signed by the same keys for other ends. */
const TOKEN_TYPES = new Set(['jwt', 'at+jwt', 'application/at+jwt', 'application/jwt', 'id_token+jwt'])

export interface UnverifiedToken {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  /**
   * Names the token in the ledger. Made of the signed part alone: a signature can be written in more than one way, and
   * another spelling of it must not be another token that a revocation does not reach.
   */
  readonly tokenId: string
}

/**
 * Takes a compact JWS apart without believing it.
 * @throws AuthenticationError
 */
export function readToken(token: string): UnverifiedToken {
  if (token.length > MAX_TOKEN_CHARACTERS) {
    throw refuse(`the token is longer than ${MAX_TOKEN_CHARACTERS} characters`, 'Ask the issuer for a token with fewer claims.')
  }
  const parts = token.split('.')
  if (parts.length === 5) throw refuse('the token is encrypted (JWE)', 'Ask the issuer for a signed token (JWS).')
  if (parts.length !== 3) throw malformed('it does not have three parts')
  const [header, claims] = [readPart(parts[0], 'header'), readPart(parts[1], 'payload')]
  const algorithm = header['alg']
  if (typeof algorithm !== 'string' || !SIGNATURE_ALGORITHMS.includes(algorithm)) {
    throw refuse(
      'the token is not signed with an algorithm that is accepted here',
      `Have the issuer sign with one of ${SIGNATURE_ALGORITHMS.join(', ')}.`,
    )
  }
  const type = header['typ']
  if (type !== undefined && !(typeof type === 'string' && TOKEN_TYPES.has(type.toLowerCase()))) {
    throw refuse('the token was made for another use (its typ header)', 'Send an access token or an ID token.')
  }
  if (header['crit'] !== undefined || header['b64'] !== undefined) {
    throw refuse('the token demands extensions that are not supported here (its crit header)', 'Send a plain signed token.')
  }
  if (parts[2] === '') throw refuse('the token has no signature', 'Send the token as the issuer gave it.')
  const tokenId = `idt_${createHash('sha256').update(`${parts[0]}.${parts[1]}`).digest('hex').slice(0, 32)}`
  return { header, claims, tokenId }
}

function readPart(part: string | undefined, what: string): Record<string, unknown> {
  if (part === undefined || !/^[A-Za-z0-9_-]+$/.test(part)) throw malformed(`its ${what} is not base64url`)
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(part, 'base64url'))
    return parseStrictObject(text)
  } catch (error) {
    throw malformed(`its ${what} is unreadable: ${error instanceof SyntaxError ? error.message : 'not UTF-8'}`)
  }
}

function malformed(why: string): AuthenticationError {
  return refuse(`the token is malformed: ${why}`, 'Send the token exactly as the issuer gave it.')
}

function refuse(message: string, hint: string): AuthenticationError {
  return new AuthenticationError(message, hint)
}
