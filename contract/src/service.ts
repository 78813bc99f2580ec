import { z } from 'zod'

export const Health = z.object({ status: z.literal('ok') })
export type Health = z.infer<typeof Health>

/** A gateway among those that share the state, as it last told of itself. */
export const GatewayStatus = z.object({
  id: z.string(),
  /** Name of its machine. */
  host: z.string(),
  version: z.string(),
  /** Of the policy that it has in force. */
  policyVersion: z.int(),
  startedAt: z.iso.datetime(),
  seenAt: z.iso.datetime(),
  /** `silent`: it was not closed, and was not heard of for a while. */
  state: z.enum(['running', 'silent', 'stopped']),
  openSessions: z.int(),
  /** Whether it is the one that answers. */
  self: z.boolean(),
})
export type GatewayStatus = z.infer<typeof GatewayStatus>

/** Those that started last, first; not those that were not heard of for 30 days. */
export const GatewayList = z.object({
  gateways: z.array(GatewayStatus),
  /** Of the policy that the gateway that answers has in force. */
  policyVersion: z.int(),
})
export type GatewayList = z.infer<typeof GatewayList>

/** A certificate of a SAML provider, or ours for it, as the gateway that is asked reads it now. */
export const SamlCertificate = z.object({
  /** Whose key: the provider's, which signs assertions, or ours. */
  use: z.enum(['provider', 'own']),
  /** `document`, or `file:PATH`. */
  from: z.string(),
  /** Its last moment; null when it cannot be read. Logins go by the key alone: one that has ended still counts. */
  endsAt: z.iso.datetime().nullable(),
  /** Why it cannot be read, in words. */
  failure: z.string().nullable(),
})
export type SamlCertificate = z.infer<typeof SamlCertificate>

/** Who vouches for identities, as the policy in force has it, and how the gateway that is asked gets on with it. */
export const IssuerStatus = z.object({
  name: z.string(),
  kind: z.enum(['oidc', 'saml']),
  /** Issuer identifier, or the provider's entity ID. */
  issuer: z.string(),
  audience: z.string(),
  /** Where people log in by it; nowhere when it vouches for agents alone. */
  logins: z.array(z.enum(['console', 'terminal'])),
  /** Verification keys, fetched when they are first wanted. Null for SAML, which has certificates. */
  keys: z.object({
    state: z.enum(['not-asked', 'reachable', 'failing']),
    fetchedAt: z.iso.datetime().nullable(),
    /** Why the latest attempt came to nothing, in words. */
    failure: z.string().nullable(),
  }).nullable(),
  /** Of a SAML provider: its own, then ours. Nobody is asked for them, and its address only by browsers. */
  certificates: z.array(SamlCertificate),
})
export type IssuerStatus = z.infer<typeof IssuerStatus>

export const IssuerList = z.object({ issuers: z.array(IssuerStatus) })
export type IssuerList = z.infer<typeof IssuerList>

export const Version = z.object({ name: z.literal('sallyport'), version: z.string() })
export type Version = z.infer<typeof Version>
