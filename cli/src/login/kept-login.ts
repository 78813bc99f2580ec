import { LoginIssuer } from '@sallyport/contract'
import { z } from 'zod'

const Token = z.string().regex(/^[\x21-\x7e]{1,16384}$/)

/** What a login gives and needs to be kept secret. */
export const Secrets = z.strictObject({
  /** What the gateway is sent. Absent where the keyring has no room for it: it is then asked for again each time. */
  token: Token.optional(),
  /** Unix milliseconds. */
  expiresAtMs: z.int().nonnegative(),
  refreshToken: Token.optional(),
})
export type Secrets = z.infer<typeof Secrets>

/** One person's login for one gateway, without its secrets. */
export const KeptLogin = z.strictObject({
  version: z.literal(1),
  /** Origin of the gateway's control API: the only place where the token is sent. */
  gateway: z.string().max(500),
  /** As the gateway named it at the login; what it says later does not change where the refresh token goes. */
  issuer: LoginIssuer,
  /** `sub` of the tokens. */
  subject: z.string().min(1).max(1_000),
  loggedInAt: z.iso.datetime(),
  /** The authority file given at the login, so that later commands need not name it. */
  caFile: z.string().max(4_096).optional(),
})
export type KeptLogin = z.infer<typeof KeptLogin>
