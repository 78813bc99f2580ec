import { z } from 'zod'

/**
 * What `sallyport login` needs to know of one issuer. Nothing in it is secret: the client is a public one (RFC 6749 §2.1).
 */
export const LoginIssuer = z.object({
  /** Name of the issuer in the policy. */
  name: z.string().min(1).max(253),
  /** Issuer identifier, exactly as in the `iss` claim of its tokens. */
  issuer: z.string().max(500),
  /** What the `aud` claim of a token for this gateway must hold. The client's own id means: send the ID token. */
  audience: z.string().min(1).max(1_000),
  clientId: z.string().min(1).max(1_000),
  scopes: z.array(z.string().min(1).max(1_000)).max(100),
  /** RFC 8707: asked for, so that the access token gets that audience. */
  resource: z.string().max(500).optional(),
  /** Hosts, besides the issuer's own, whose pages may ask for the user code. */
  verificationHosts: z.array(z.string().max(300)).max(20),
})
export type LoginIssuer = z.infer<typeof LoginIssuer>

/** Issuers at which a person may log in with the CLI; in the order of the policy. */
export const LoginOffer = z.object({ issuers: z.array(LoginIssuer).max(1_000) })
export type LoginOffer = z.infer<typeof LoginOffer>

/** Who the caller is for this gateway, under the policy in force. */
export const WhoAmI = z.object({
  name: z.string(),
  kind: z.enum(['agent', 'person']),
  /** Name of the issuer in the policy. */
  issuer: z.string(),
  subject: z.string(),
  groups: z.array(z.string()),
  /** Who acts for them, the one that acts now first. */
  actors: z.array(z.string()),
  roles: z.array(z.string()),
  credential: z.enum(['identity-token', 'session-token', 'web-session']),
  tokenId: z.string(),
  /** When that credential ends at the latest. */
  expiresAt: z.iso.datetime(),
})
export type WhoAmI = z.infer<typeof WhoAmI>
