import { z } from 'zod'
import { Session, SessionOperation } from './session.ts'

const operation = z.int()
/** Milliseconds since the session was opened. */
const atMs = z.number()

/**
 * A line of a session as it happened, in newline-delimited JSON. Operations stand before what came of them; a line of
 * another `type` is for a later reader.
 */
export const ReplayLine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('session'), session: Session }),
  /** What was decided; its outcome follows. */
  SessionOperation.omit({ outcome: true }).extend({ type: z.literal('operation'), parameters: z.array(z.string().nullable()) }),
  z.object({ type: z.literal('columns'), operation, atMs, names: z.array(z.string()) }),
  /** A row as the agent got it, after masking. */
  z.object({ type: z.literal('row'), operation, atMs, values: z.array(z.string().nullable()) }),
  /** What the target said at the end of a statement, or instead of it. */
  z.object({ type: z.enum(['completed', 'failed']), operation, atMs, text: z.string() }),
  /** Bytes of a terminal, base64. */
  z.object({ type: z.enum(['output', 'input']), operation, atMs, base64: z.string() }),
  /** The terminal's size from here on, in characters. */
  z.object({ type: z.literal('resize'), operation, atMs, columns: z.int(), rows: z.int() }),
  /** From here on the operation's content was left out, as policy asks. */
  z.object({ type: z.literal('limited'), operation, atMs, text: z.string() }),
  z.object({ type: z.literal('outcome'), operation, outcome: SessionOperation.shape.outcome.unwrap() }),
  /** Why there are no rows, or no more of them. */
  z.object({ type: z.literal('missing'), text: z.string() }),
  /** The session is closed. */
  z.object({ type: z.literal('closed'), at: z.iso.datetime(), reason: z.string() }),
  /** The last line; without it the answer was cut off. */
  z.object({ type: z.literal('end') }),
])
export type ReplayLine = z.infer<typeof ReplayLine>

export const EXPORT_FORMATS = ['asciicast', 'csv', 'jsonl', 'ocsf'] as const

/** `operation` with `csv` only: the result rows of that one, instead of the list of operations. */
export const ExportRequest = z.object({
  format: z.enum(EXPORT_FORMATS),
  operation: z.coerce.number().int().min(1).optional(),
}).refine(({ format, operation }) => operation === undefined || format === 'csv', 'only csv takes an operation')
export type ExportRequest = z.infer<typeof ExportRequest>

/** What the agent gets, a second or so behind: not at all, in lines as of a replay, or all of it as a terminal would show it. */
export const FollowRequest = z.object({ output: z.enum(['none', 'lines', 'asciicast']).default('none') })

/** `limit` 1 to 1,000, 200 when absent; `after` is the number of the last operation of the page before. */
export const OperationsRequest = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
  after: z.coerce.number().int().min(0).default(0),
})

export const OperationList = z.object({
  operations: z.array(SessionOperation),
  /** What to give as `after` for the next page; null at the end. */
  next: z.int().nullable(),
})
export type OperationList = z.infer<typeof OperationList>
