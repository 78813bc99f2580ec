import type { IssuedToken } from '../token-exchange.ts'
import { fitList, fitText } from './fit-entry.ts'

/** A session token was given for an identity token. Built as the events of event-schema.ts. */
export interface TokenIssued {
  readonly v: 1
  readonly event: 'token.issued'
  /** Unix milliseconds. */
  readonly at: number
  /** Names the token; useless as one. */
  readonly tokenId: string
  readonly identity: {
    readonly kind: 'agent' | 'person'
    readonly name: string
    readonly issuer: string
    readonly subject: string
    readonly actors: readonly string[]
  }
  readonly targets: readonly string[]
  readonly purpose: string
  /** Unix milliseconds. */
  readonly expiresAt: number
}

const TEXT_BYTES = 4_096
const LIST_BYTES = 16_384

export function encodeTokenIssued(issued: IssuedToken, at: number): string {
  const { kind, name, issuer, subject, actors } = issued.identity
  const event: TokenIssued = {
    v: 1, event: 'token.issued', at, tokenId: issued.tokenId,
    identity: { kind, name: cut(name), issuer, subject: cut(subject), actors: cutList(actors) },
    targets: cutList(issued.targets), purpose: cut(issued.purpose), expiresAt: issued.expiresAtMs,
  }
  return JSON.stringify(event)
}

function cut(text: string): string {
  return fitText(text, TEXT_BYTES).value
}

function cutList(items: readonly string[]): string[] {
  return fitList(items, LIST_BYTES).value.map(String)
}
