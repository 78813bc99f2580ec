import { ApiFailure } from './api-failure.ts'

/** Each reads in files, which traffic must not feel: a session, its rest as it comes, or proofs, tiles and bundles of the ledger. */
const KINDS = {
  one: { most: 4, words: 'too many sessions are being read at once' },
  live: { most: 16, words: 'too many sessions are being read at once' },
  ledger: { most: 4, words: 'too much of the ledger is being read at once' },
} as const
const taken = { one: 0, live: 0, ledger: 0 }

/** @returns how to give the place back, once; @throws ApiFailure when all are taken */
export function takeReader(kind: keyof typeof KINDS): () => void {
  const { most, words } = KINDS[kind]
  if (taken[kind] >= most) throw new ApiFailure('too-many-requests', words, 'Try again in a moment.')
  taken[kind] += 1
  let given = false
  return () => {
    if (!given) taken[kind] -= 1
    given = true
  }
}
