import type { IssuedToken } from '../token-exchange.ts'
import type { TokenIssued } from './event-schema.ts'
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
