import { z } from 'zod'

const Timestamp = z.iso.datetime()
const Reason = z.string().trim().min(1).max(1_000)
/** Values by column, null for the target's null. */
const Row = z.record(z.string(), z.string().nullable())

export const REVIEW_STATES = ['open', 'approved', 'used', 'denied', 'expired', 'withdrawn'] as const

/** Who asked, or answered. */
export const ReviewPerson = z.object({ kind: z.enum(['agent', 'person']), name: z.string(), issuer: z.string() })
export type ReviewPerson = z.infer<typeof ReviewPerson>

/** What an operation would touch, as far as it was found out before it ran. */
export const ReviewPreview = z.object({
  /** `rehearsed`: run and rolled back. `counted`: with the same filter. `estimated`: a guess of the planner, which limits nothing. */
  method: z.enum(['rehearsed', 'counted', 'estimated', 'none']),
  rows: z.number().nullable(),
  /** True when `rows` is the most it could be, not what it is. */
  atMost: z.boolean(),
  tables: z.array(z.object({ table: z.string(), inserted: z.number(), updated: z.number(), deleted: z.number() })),
  /** A few rows, masked; empty for the requester. */
  sample: z.array(z.object({ before: Row.nullable(), after: Row.nullable() })),
  notes: z.array(z.string()),
})
export type ReviewPreview = z.infer<typeof ReviewPreview>

/** What is known of who asks, and of what they did until then. */
export const ReviewRisk = z.object({
  owner: z.string().nullable(),
  application: z.string(),
  clientAddress: z.string(),
  sessionOpenedAt: Timestamp,
  operations: z.int(),
  refused: z.int(),
  /** Oldest first. */
  lately: z.array(z.object({ text: z.string(), decision: z.enum(['allow', 'deny', 'review']), at: Timestamp })),
  /** Objects that this identity has not touched before on this target; null when that is not known. */
  firstTouched: z.array(z.string()).nullable(),
})
export type ReviewRisk = z.infer<typeof ReviewRisk>

/** The operation as it was sent. Every text in it is data of others. */
export const ReviewCard = z.object({
  text: z.string(),
  textTruncated: z.boolean(),
  /** What names in the text stand for. */
  definitions: z.array(z.string()),
  parameters: z.array(z.string().nullable()),
  actions: z.array(z.string()),
  objects: z.array(z.string()),
  filtered: z.boolean(),
  inTransaction: z.boolean(),
  /** Null for the requester, who could else ask about rows by asking for reviews, until it is approved; then without the sample. */
  preview: ReviewPreview.nullable(),
  /** Null for the requester. */
  risk: ReviewRisk.nullable(),
})
export type ReviewCard = z.infer<typeof ReviewCard>

const both = {
  id: z.string(),
  /** `approved`: may be used once until `expiresAt`. An access request goes from `open` to `used`: its grant says how long it lasts. */
  state: z.enum(REVIEW_STATES),
  requester: ReviewPerson.extend({
    /** RFC 8693 `act` chain, outermost first. */
    actors: z.array(z.string()),
  }),
  target: z.string(),
  labels: z.record(z.string(), z.string()),
  purpose: z.string(),
  /** An answer names it: what was shown is what is answered. */
  digest: z.string(),
  /** What each rule asks for; all must be satisfied. */
  demands: z.array(z.object({
    rule: z.string(),
    reviewers: z.array(z.string()),
    approvals: z.int(),
    /** How many of them are still missing. */
    missing: z.int(),
  })),
  policyVersion: z.int(),
  createdAt: Timestamp,
  expiresAt: Timestamp,
  answers: z.array(z.object({
    by: ReviewPerson,
    answer: z.enum(['approve', 'deny']),
    reason: z.string().nullable(),
    /** A smaller permission than was asked for. */
    rows: z.int().nullable(),
    minutes: z.int().nullable(),
    at: Timestamp,
  })),
  /** Whether an answer of the caller would count now. */
  mayAnswer: z.boolean(),
}

export const Review = z.discriminatedUnion('kind', [
  z.object({
    ...both,
    kind: z.literal('operation'),
    session: z.string(),
    /** Number of the operation in that session. */
    operation: z.int(),
    protocol: z.string(),
    card: ReviewCard,
    /** More rows than this are rolled back; null when no limit is known, and for the requester until it is approved. */
    rowLimit: z.int().nullable(),
  }),
  z.object({
    ...both,
    kind: z.literal('access'),
    /** The rule that is to hold for a while. */
    rule: z.string(),
    minutes: z.int(),
    reason: z.string(),
  }),
])
export type Review = z.infer<typeof Review>

/** `limit` 1 to 200, 50 when absent; `after` is the `next` of the page before. */
export const ReviewQuery = z.object({
  state: z.enum(REVIEW_STATES).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().max(64).optional(),
})
export type ReviewQuery = z.infer<typeof ReviewQuery>

/** Newest first. */
export const ReviewList = z.object({
  /** May be fewer than asked for, and none, though there is a `next`. */
  reviews: z.array(Review),
  /** What to give as `after` for the next page; null at the end. */
  next: z.string().nullable(),
})
export type ReviewList = z.infer<typeof ReviewList>

/** The most that an answer may say; what is asked for is less. */
const MOST_ROWS = Number.MAX_SAFE_INTEGER
const MOST_MINUTES = 366 * 24 * 60

export const AnswerRequest = z.strictObject({
  answer: z.enum(['approve', 'deny']),
  /** Of the review as it was shown. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** Why; the requester reads it. */
  reason: Reason.optional(),
  narrow: z.strictObject({
    rows: z.int().min(0).max(MOST_ROWS).optional(),
    minutes: z.int().min(1).max(MOST_MINUTES).optional(),
  }).optional(),
}).refine(({ answer, reason }) => answer === 'approve' || reason !== undefined, 'a denial needs a reason')
  .refine(({ answer, narrow }) => answer === 'approve' || narrow === undefined, 'a denial narrows nothing')
export type AnswerRequest = z.infer<typeof AnswerRequest>

/**
 * A line of what is new among the reviews that the caller may see, in newline-delimited JSON: first those that are open,
 * then `live`, then each review again as it changes. Lines of another `type` are for a later reader.
 */
export const ReviewLine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('review'), review: Review }),
  /** What follows is new. */
  z.object({ type: z.literal('live') }),
  /** Ask again for what comes after: an hour is over. Without it the answer was cut off. */
  z.object({ type: z.literal('end') }),
])
export type ReviewLine = z.infer<typeof ReviewLine>
