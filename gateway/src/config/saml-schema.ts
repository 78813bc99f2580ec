import { X509Certificate } from 'node:crypto'
import { isLoopback } from '@sallyport/contract'
import { z } from 'zod'
import type { SamlEntry } from '../governance/policy/saml-entry.ts'
import { optionalKeys } from './optional-keys.ts'
import { entryName, nameList, referenceOf, words } from './value-schemas.ts'

const MIN_RSA_BITS = 2048

const httpUrl = z.string().max(1000, 'at most 1000 characters').refine((text) => {
  const url = URL.parse(text)
  if (url === null || url.username || url.password || url.hash) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}, 'expected an https URL without user and fragment; http only on loopback')

/** PEM, or the bare base64 that stands in metadata; gives PEM. */
const certificate = z.string().max(16_384, 'at most 16384 characters').transform((text, context) => {
  const read = readCertificate(text)
  if (read?.publicKey.asymmetricKeyType === 'rsa' && (read.publicKey.asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS) return read.toString()
  context.issues.push({
    code: 'custom', input: text,
    message: read === undefined ? 'expected one certificate, PEM or base64' : `expected a certificate of an RSA key of at least ${MIN_RSA_BITS} bits`,
  })
  return z.NEVER
})

function readCertificate(text: string): X509Certificate | undefined {
  try {
    const armoured = text.includes('-----BEGIN')
    if (armoured && text.split('-----BEGIN').length !== 2) return undefined
    return new X509Certificate(armoured ? text : Buffer.from(text, 'base64'))
  } catch {
    return undefined
  }
}

/** What these mean in a token, an attribute of the same name does not mean. */
const RESERVED = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'act', 'may_act', 'azp', 'client_id', 'cnf', 'gty', 'idtyp', '__proto__'])
const RESERVED_MESSAGE = 'this name has a meaning of its own in tokens; have the provider send the attribute under another'
const attribute = words.refine((name) => !RESERVED.has(name), RESERVED_MESSAGE)

export const samlSchema = optionalKeys<SamlEntry>()(z.strictObject({
  name: entryName,
  issuer: words,
  signOn: httpUrl,
  audience: words,
  certificates: z.array(certificate).min(1, 'the list is empty; name the provider\'s certificate').max(8, 'at most 8 certificates'),
  own: z.strictObject({ key: referenceOf('vault', 'env', 'file'), certificate }).optional(),
  groups: attribute.default('groups'),
  person: words.refine((name) => name === 'sub' || !RESERVED.has(name), RESERVED_MESSAGE).default('email'),
  claims: nameList(attribute, 'leave the key out for none').optional(),
}))
