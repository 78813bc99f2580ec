import type { LoginIssuer } from '@sallyport/contract'
import { decodeJwt } from 'jose'
import { z } from 'zod'
import { NoAnswer } from './bounded-fetch.ts'
import type { Secrets } from './kept-login.ts'

/** What a login or a refresh gave. */
export interface IssuedTokens {
  readonly secrets: Secrets & { readonly token: string }
  /** `sub` of the token. */
  readonly subject: string
}

/** The longest that the gateway takes. */
const Token = z.string().regex(/^[\x21-\x7e]{1,16384}$/)
const Answer = z.object({ token_type: z.string(), access_token: z.string(), id_token: z.string().optional(), refresh_token: Token.optional() })
const Claims = z.object({ iss: z.string(), aud: z.union([z.string(), z.array(z.string())]), sub: z.string().min(1).max(1_000), exp: z.number().positive().max(1e11) })

/**
 * Takes from the answer of a token endpoint what is for the gateway: the token whose `aud` is what the gateway wants. It is
 * the gateway that verifies it; here only shows, before it is kept, that it cannot be accepted there.
 *
 * @throws NoAnswer
 */
export function pickToken(answer: unknown, { issuer, audience, clientId }: LoginIssuer, nowMs = Date.now()): IssuedTokens {
  const parsed = Answer.safeParse(answer)
  if (!parsed.success) throw new NoAnswer('its answer holds no tokens that can be used', false)
  if (parsed.data.token_type.toLowerCase() !== 'bearer') throw new NoAnswer('its tokens are no bearer tokens', false)
  // An ID token is for its client: it goes to the gateway only where the policy names that client as the audience.
  const [kind, text] = audience === clientId ? ['ID token', parsed.data.id_token] : ['access token', parsed.data.access_token]
  if (text === undefined) throw new NoAnswer(`it gave no ${kind}; the scope openid is needed for one`, false)
  const token = Token.safeParse(text)
  if (!token.success) throw new NoAnswer(`its ${kind} is longer than the gateway takes`, false)
  const claims = Claims.safeParse(decoded(token.data, kind))
  if (!claims.success) throw new NoAnswer(`its ${kind} lacks iss, aud, sub or exp`, false)
  if (claims.data.iss !== issuer) throw new NoAnswer(`its ${kind} is of another issuer`, false)
  if (![claims.data.aud].flat().includes(audience)) {
    throw new NoAnswer(`its ${kind} is for another audience than the gateway's; see "audience" and "cli.resource" of the issuer in the policy`, false)
  }
  const expiresAtMs = Math.floor(claims.data.exp * 1_000)
  if (expiresAtMs <= nowMs) throw new NoAnswer(`its ${kind} has expired already; compare the clocks`, false)
  return {
    secrets: { token: token.data, expiresAtMs, ...(parsed.data.refresh_token === undefined ? {} : { refreshToken: parsed.data.refresh_token }) },
    subject: claims.data.sub,
  }
}

function decoded(token: string, kind: string): unknown {
  try {
    return decodeJwt(token)
  } catch {
    throw new NoAnswer(`its ${kind} is no JWT, which the gateway could not verify; see "cli" of the issuer in the policy`, false)
  }
}
