import type { Identity } from '../identity.ts'
import type { Requester } from './review.ts'

/** As much of an identity as a review keeps. */
export function requesterOf({ kind, name, issuer, subject, groups, actors }: Identity): Requester {
  return { kind, name, issuer, subject, groups, actors }
}
