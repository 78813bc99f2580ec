import { z } from 'zod'
import type { CliLogin } from '../governance/policy/policy-document.ts'
import { optionalKeys } from './optional-keys.ts'
import { nameList, words } from './value-schemas.ts'

/** RFC 6749 §3.3. */
const scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/, 'expected one scope, without spaces')

/** RFC 8707 §2. */
const resource = z.string().max(500, 'at most 500 characters')
  .refine((text) => URL.canParse(text) && !text.includes('#'), 'expected an absolute URI without fragment')

const host = z.string().max(253, 'at most 253 characters')
  // A star is a character like others in a URL, and would match no page.
  .refine((text) => URL.parse(`https://${text}/`)?.host === text && !text.includes('*'), 'expected a host as browsers write it, such as login.example.com or login.example.com:8443')

const NONE = 'leave the key out'

/** `issuers[].cli`: the public client of `sallyport login`. */
export const cliLoginSchema = optionalKeys<CliLogin>()(z.strictObject({
  clientId: words,
  // Without offline_access most issuers give no refresh token, and the login would end with its first token.
  scopes: nameList(scope, NONE).default(['openid', 'offline_access']),
  resource: resource.optional(),
  verificationHosts: nameList(host, NONE).default([]),
}))
