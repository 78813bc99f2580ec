import { z } from 'zod'
import { Session, SessionOperation } from './session.ts'

/** `q` in the language of docs/guide/sessions.md; `limit` 1 to 200, 50 when absent; `after` is the `next` of the page before. */
export const SearchRequest = z.object({
  q: z.string().max(2_000).default(''),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().regex(/^\d{1,16}$/).optional(),
})
export type SearchRequest = z.infer<typeof SearchRequest>

const Moment = z.object({
  /** Number of the operation in its session. */
  number: z.int(),
  at: z.iso.datetime(),
})

/** Equal operations of one session within an hour: same text, decision and rule. */
export const FoundOperation = z.object({
  session: z.string(),
  ...Session.pick({ identity: true, actors: true, target: true, protocol: true, purpose: true }).shape,
  /** Its first 2,000 characters. */
  text: z.string(),
  /** True when there is more of the text. */
  textTruncated: z.boolean(),
  ...SessionOperation.pick({ actions: true, objects: true, decision: true }).shape,
  /** How many they are. */
  count: z.int(),
  first: Moment,
  last: Moment,
  /** How many ended how; those not forwarded, or not ended, are in none. */
  outcomes: z.object({ completed: z.int(), failed: z.int(), aborted: z.int() }),
  /** Of all together. */
  rows: z.int(),
  /** Values of all their results that masks replaced. */
  masked: z.int(),
  /** The target's error codes; `aborted` and `failed` stand for those without one. */
  codes: z.array(z.string()),
})
export type FoundOperation = z.infer<typeof FoundOperation>

export const SearchAnswer = z.object({
  /** Newest first. */
  operations: z.array(FoundOperation),
  /** What to give as `after` for the next page; null at the end. */
  next: z.string().nullable(),
  /** Whether all was searched that the ledger had when the question came. */
  complete: z.boolean(),
  /** Entries of the ledger searched, and those it had. */
  indexed: z.int(),
  entries: z.int(),
})
export type SearchAnswer = z.infer<typeof SearchAnswer>
