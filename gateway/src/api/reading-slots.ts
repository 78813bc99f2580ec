import { ApiFailure } from './api-failure.ts'

/**
 * Each reads in files, which traffic must not feel: a session, its rest as it comes, or proofs, tiles and bundles of the
 * ledger. Who reads their own never has all places: an agent that reads slowly keeps nobody from watching it.
 */
const KINDS = {
  one: { most: 6, mostOwn: 4, words: 'too many sessions are being read at once' },
  live: { most: 16, mostOwn: 12, words: 'too many sessions are being read at once' },
  ledger: { most: 4, mostOwn: 0, words: 'too much of the ledger is being read at once' },
} as const
const taken = { one: { all: 0, own: 0 }, live: { all: 0, own: 0 }, ledger: { all: 0, own: 0 } }

/**
 * @param isOwn they read what is theirs, and may not see all
 * @returns how to give the place back, once; @throws ApiFailure when all are taken
 */
export function takeReader(kind: keyof typeof KINDS, isOwn = false): () => void {
  const { most, mostOwn, words } = KINDS[kind]
  const now = taken[kind]
  if (now.all >= most || (isOwn && now.own >= mostOwn)) throw new ApiFailure('too-many-requests', words, 'Try again in a moment.')
  const own = isOwn ? 1 : 0
  now.all += 1
  now.own += own
  let given = false
  return () => {
    if (given) return
    given = true
    now.all -= 1
    now.own -= own
  }
}
