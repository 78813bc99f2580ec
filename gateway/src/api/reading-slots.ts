import { ApiFailure } from './api-failure.ts'

/** Each reads in the ledger, which traffic must not feel: those that read through it, and those that wait for more. */
const MOST = { one: 4, live: 16 }
const taken = { one: 0, live: 0 }

/** @returns how to give the place back, once; @throws ApiFailure when all are taken */
export function takeReader(kind: keyof typeof MOST): () => void {
  if (taken[kind] >= MOST[kind]) throw new ApiFailure('too-many-requests', 'too many sessions are being read at once', 'Try again in a moment.')
  taken[kind] += 1
  let given = false
  return () => {
    if (!given) taken[kind] -= 1
    given = true
  }
}
