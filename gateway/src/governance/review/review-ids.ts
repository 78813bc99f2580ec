import { createHash, randomBytes } from 'node:crypto'

/** 128 random bits: who knows an id was told it. */
export function newReviewId(): string {
  return `rv_${randomBytes(16).toString('base64url')}`
}

export function newGrantId(): string {
  return `gr_${randomBytes(16).toString('base64url')}`
}

/** SHA-256, hex; JSON keeps the parts apart, whatever they hold. */
export function digestOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
