import { z } from 'zod'

/** Whom clients and targets of SSH trust: public keys in OpenSSH's notation. */
export const SshAuthorities = z.object({
  /** Signs the gateway's host certificate. */
  hostAuthority: z.string(),
  /** A line for a `known_hosts` file that trusts it for the gateway's names and no others. */
  knownHosts: z.string(),
  /** The gateway's own, for clients that know no certificates of hosts. */
  hostKey: z.string(),
  /** For `TrustedUserCAKeys` of a target: signs the certificates with which the gateway logs in. */
  targetAuthority: z.string(),
})
export type SshAuthorities = z.infer<typeof SshAuthorities>

/**
 * A certificate for a public key. With an identity token a session token is made for it, whose secret nobody gets; with a
 * session token it is for that one, and has its targets, purpose and end.
 */
export const SshCertificateRequest = z.strictObject({
  /** As in an OpenSSH `.pub` file: `ssh-ed25519 AAAA…`, with or without a comment. */
  publicKey: z.string().min(1).max(8_192),
  targets: z.array(z.string().min(1).max(253)).min(1).max(32),
  /** Why; an agent's registered purpose when absent. */
  purpose: z.string().max(500).optional(),
  /** It opens one session. */
  singleUse: z.boolean().optional(),
})
export type SshCertificateRequest = z.infer<typeof SshCertificateRequest>

export const SshCertificate = z.object({
  /** As in an OpenSSH `-cert.pub` file. */
  certificate: z.string(),
  /** Id of its session token: with that it is revoked. */
  tokenId: z.string(),
  targets: z.array(z.string()),
  expiresAt: z.iso.datetime(),
})
export type SshCertificate = z.infer<typeof SshCertificate>
