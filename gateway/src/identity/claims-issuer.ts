import type { IssuerEntry, PolicyDocument } from '../governance/policy/policy-document.ts'

/** Whoever vouches for claims, by tokens or by assertions: what both kinds of entry say about them. */
export type ClaimsIssuer = Pick<IssuerEntry, 'name' | 'issuer' | 'audience' | 'groups' | 'person'>

/** OpenID issuers, then SAML providers. Their names differ. */
export function claimsIssuers(document: PolicyDocument): readonly ClaimsIssuer[] {
  return document.saml === undefined ? document.issuers : [...document.issuers, ...document.saml]
}
