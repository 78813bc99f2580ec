import { isLoopback } from '@sallyport/contract'
import { z } from 'zod'
import { readSamlCertificate } from '../governance/policy/saml-certificate.ts'
import type { SamlEntry } from '../governance/policy/saml-entry.ts'
import { parseSecretReference } from '../governance/policy/secret-reference.ts'
import { optionalKeys } from './optional-keys.ts'
import { entryName, nameList, referenceOf, words } from './value-schemas.ts'

const httpUrl = z.string().max(1000, 'at most 1000 characters').refine((text) => {
  const url = URL.parse(text)
  if (url === null || url.username || url.password || url.hash) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}, 'expected an https URL without user and fragment; http only on loopback')

/** A certificate, which becomes PEM, or `file:PATH`. */
const certificate = z.string().max(16_384, 'at most 16384 characters').transform((text, context) => {
  if (parseSecretReference(text)?.kind === 'file') return text
  const read = readSamlCertificate(text)
  if ('pem' in read) return read.pem
  context.issues.push({ code: 'custom', input: text, message: `${read.problem}, or file:PATH` })
  return z.NEVER
})

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
