import { z } from 'zod'

const Timestamp = z.iso.datetime()

/** One identity's conversation with one target. Newest first in lists. */
export const Session = z.object({
  id: z.string(),
  state: z.enum(['open', 'closed', 'aborted']),
  identity: z.object({ name: z.string(), kind: z.enum(['agent', 'person']), issuer: z.string() }),
  /** RFC 8693 `act` chain, outermost first. */
  actors: z.array(z.string()),
  target: z.string(),
  protocol: z.string(),
  purpose: z.string(),
  clientAddress: z.string(),
  application: z.string(),
  openedAt: Timestamp,
  closedAt: Timestamp.nullable(),
  /** Why it ended. */
  reason: z.string().nullable(),
  /** Decided so far; of an open session, as of the last write. */
  operations: z.int(),
  refused: z.int(),
})
export type Session = z.infer<typeof Session>

/** `limit` 1 to 200, 50 when absent; `after` is the `next` of the page before. */
export const SessionQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().max(64).optional(),
})
export type SessionQuery = z.infer<typeof SessionQuery>

export const SessionList = z.object({
  sessions: z.array(Session),
  /** What to give as `after` for the next page; null at the end. */
  next: z.string().nullable(),
})
export type SessionList = z.infer<typeof SessionList>

/** One operation as the ledger has it. */
export const SessionOperation = z.object({
  number: z.int(),
  at: Timestamp,
  text: z.string(),
  /** True when the text was too long for the ledger, which then has its beginning and a digest of the whole. */
  textTruncated: z.boolean(),
  actions: z.array(z.string()),
  objects: z.array(z.string()),
  decision: z.object({
    effect: z.enum(['allow', 'deny', 'review']),
    rule: z.string(),
    policyVersion: z.int(),
  }),
  /** Null when it was not forwarded, or has not ended. */
  outcome: z.object({
    result: z.enum(['completed', 'failed', 'aborted']),
    rows: z.number(),
    bytes: z.number(),
    code: z.string().nullable(),
    /** Values that masks replaced in what the agent got. */
    masked: z.int(),
    durationMs: z.number(),
  }).nullable(),
})
export type SessionOperation = z.infer<typeof SessionOperation>

export const SessionDetail = Session.extend({
  /** In order; called `log` because `operations` counts them. */
  log: z.array(SessionOperation),
  /** True when the session has more operations than one answer carries. */
  truncated: z.boolean(),
  /** Machine of the gateway in whose ledger the operations are, when it is another than the one that answers. */
  elsewhere: z.string().optional(),
})
export type SessionDetail = z.infer<typeof SessionDetail>
