import type { Identity } from '../identity.ts'
import type { IssuedToken } from '../token-exchange.ts'
import type { CertificateIssued, TokenIssued } from './event-schema.ts'
import { cut, cutList } from './fit-entry.ts'
import { recordIdentity } from './record-identity.ts'

export function encodeTokenIssued(issued: IssuedToken, at: number): string {
  const event: TokenIssued = {
    v: 1, event: 'token.issued', at, tokenId: issued.tokenId, identity: recordIdentity(issued.identity),
    targets: cutList(issued.targets), purpose: cut(issued.purpose),
    expiresAt: issued.expiresAtMs, ...(issued.singleUse === true && { singleUse: true }),
  }
  return JSON.stringify(event)
}

export interface IssuedCertificate {
  readonly identity: Identity
  readonly tokenId: string
  readonly protocol: string
  readonly targets: readonly string[]
  readonly fingerprint: string
  readonly expiresAtMs: number
}

export function encodeCertificateIssued({ identity, tokenId, protocol, targets, fingerprint, expiresAtMs }: IssuedCertificate, at: number): string {
  const event: CertificateIssued = {
    v: 1, event: 'certificate.issued', at, tokenId: cut(tokenId), identity: recordIdentity(identity), protocol,
    targets: cutList(targets), fingerprint: cut(fingerprint), expiresAt: expiresAtMs,
  }
  return JSON.stringify(event)
}
