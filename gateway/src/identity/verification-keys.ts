import { createLocalJWKSet, type JWK, type JWTVerifyGetKey } from 'jose'
import { SIGNATURE_ALGORITHMS } from './read-token.ts'

const MAX_KEYS = 100

/**
 * Keeps of a JWK set (RFC 7517) only what may verify a signature here, so that nothing else in it is ever tried: no
 * symmetric or encryption keys, no weak or absurdly large ones, no other curves.
 *
 * @throws Error in words fit for a client
 */
export function verificationKeys(set: Readonly<Record<string, unknown>>): JWTVerifyGetKey {
  const keys = set['keys']
  if (!Array.isArray(keys)) throw new Error('its key set is malformed')
  if (keys.length > MAX_KEYS) throw new Error(`its key set has more than ${MAX_KEYS} keys`)
  const usable = keys.filter(isObject).flatMap((key) => publicPart(key) ?? [])
  if (usable.length === 0) throw new Error('its key set has no key that may be used here')
  return createLocalJWKSet({ keys: usable })
}

/** A copy with the named members only: what an issuer adds, a private part above all, goes no further. */
function publicPart(key: Readonly<Record<string, unknown>>): JWK | undefined {
  const { kty, kid, alg, use, key_ops: operations } = key
  if (use !== undefined && use !== 'sig') return undefined
  if (Array.isArray(operations) && !operations.includes('verify')) return undefined
  if (alg !== undefined && !(typeof alg === 'string' && SIGNATURE_ALGORITHMS.includes(alg))) return undefined
  const common = { ...(typeof kid === 'string' ? { kid } : {}), ...(typeof alg === 'string' ? { alg } : {}) }
  const { n, e, crv, x, y } = key
  if (kty === 'RSA' && typeof n === 'string' && typeof e === 'string') {
    const bits = Buffer.from(n, 'base64url').byteLength * 8
    return bits >= 2_048 && bits <= 8_192 && e.length <= 8 ? { ...common, kty, n, e } : undefined
  }
  if (kty === 'EC' && crv === 'P-256' && typeof x === 'string' && typeof y === 'string') return { ...common, kty, crv, x, y }
  if (kty === 'OKP' && crv === 'Ed25519' && typeof x === 'string') return { ...common, kty, crv, x }
  return undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
