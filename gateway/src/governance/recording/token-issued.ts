import type { Identity } from '../identity.ts'
import type { IssuedToken } from '../token-exchange.ts'
import type { CertificateIssued, TokenIssued } from './event-schema.ts'
import { fitList, fitText } from './fit-entry.ts'
import { recordIdentity } from './record-identity.ts'

const TEXT_BYTES = 4_096
const LIST_BYTES = 12_288

export function encodeTokenIssued(issued: IssuedToken, at: number): string {
  const event: TokenIssued = {
    v: 1, event: 'token.issued', at, tokenId: issued.tokenId, identity: recordIdentity(issued.identity),
    targets: fitList(issued.targets, LIST_BYTES).value.map(String), purpose: fitText(issued.purpose, TEXT_BYTES).value,
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
    v: 1, event: 'certificate.issued', at, tokenId: fitText(tokenId, TEXT_BYTES).value, identity: recordIdentity(identity), protocol,
    targets: fitList(targets, LIST_BYTES).value.map(String), fingerprint: fitText(fingerprint, TEXT_BYTES).value, expiresAt: expiresAtMs,
  }
  return JSON.stringify(event)
}
