import { z } from 'zod'

export const TOKEN_EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** RFC 8693 §3. All three are verified alike: as a signed JWT of a configured issuer. */
export const SubjectTokenType = z.enum([
  'urn:ietf:params:oauth:token-type:access_token',
  'urn:ietf:params:oauth:token-type:id_token',
  'urn:ietf:params:oauth:token-type:jwt',
])
export type SubjectTokenType = z.infer<typeof SubjectTokenType>

export const ISSUED_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token'

const Token = z.string().min(1).max(16_384)
const Name = z.string().min(1).max(253)

/**
 * RFC 8693 §2.1, form-encoded; `audience` and `resource` may be repeated and both name targets. At least one of them is
 * wanted. `purpose` is ours: one line of why, shown to reviewers and kept in the ledger; an agent's registered purpose
 * when absent. `single_use`, ours too: the token opens one session. Parameters not listed are ignored (RFC 6749 §3.2).
 */
export const TokenExchangeRequest = z.object({
  grant_type: z.literal(TOKEN_EXCHANGE_GRANT),
  subject_token: Token,
  subject_token_type: SubjectTokenType,
  actor_token: Token.optional(),
  actor_token_type: SubjectTokenType.optional(),
  requested_token_type: z.literal(ISSUED_TOKEN_TYPE).optional(),
  audience: z.array(Name).max(32).default([]),
  resource: z.array(Name).max(32).default([]),
  scope: z.string().max(1_000).optional(),
  purpose: z.string().max(500).optional(),
  single_use: z.enum(['true', 'false']).optional(),
})
export type TokenExchangeRequest = z.infer<typeof TokenExchangeRequest>

/** RFC 8693 §2.2.1. The access token is opaque and starts with `slp_`. */
export const TokenExchangeResponse = z.object({
  access_token: z.string(),
  issued_token_type: z.literal(ISSUED_TOKEN_TYPE),
  token_type: z.literal('Bearer'),
  /** Seconds. */
  expires_in: z.int().positive(),
})
export type TokenExchangeResponse = z.infer<typeof TokenExchangeResponse>

/** RFC 7009 §2.1, form-encoded: whoever holds a session token may end it, with the sessions that it opened. */
export const RevocationRequest = z.object({ token: Token, token_type_hint: z.string().max(100).optional() })

/** A token that an operator made unusable. */
export const TokenRevocation = z.object({
  id: z.string(),
  /** Ids of the session tokens that were exchanged for it, and are unusable too. */
  derived: z.array(z.string()),
})
export type TokenRevocation = z.infer<typeof TokenRevocation>

/** RFC 6749 §5.2, RFC 7009 §2.2.1 and RFC 8693 §2.2.2, with a hint of what to do next. */
export const OAuthError = z.object({
  error: z.enum([
    'invalid_request', 'invalid_client', 'invalid_grant', 'invalid_target', 'unsupported_grant_type', 'unsupported_token_type',
    'temporarily_unavailable', 'server_error',
  ]),
  error_description: z.string(),
  hint: z.string().optional(),
})
export type OAuthError = z.infer<typeof OAuthError>
