import { z } from 'zod'

const Timestamp = z.iso.datetime()

/** How the ledger is: what is written, what was proved of it, and where else its checkpoints are. */
export const LedgerStatus = z.object({
  /** False while nothing can be recorded, and so nothing is passed on. */
  healthy: z.boolean(),
  /** Entries that the latest checkpoint covers. */
  size: z.int(),
  /** The gateway's own check in the background. */
  check: z.object({
    state: z.enum(['waiting', 'proved', 'failed']),
    /** Entries proved so far. */
    size: z.int(),
    at: Timestamp.nullable(),
    /** What is wrong, and where. */
    finding: z.string().nullable(),
  }),
  anchors: z.array(z.object({
    /** Path of the file, or address of the webhook. */
    anchor: z.string(),
    state: z.enum(['waiting', 'kept', 'failing']),
    /** Entries that the newest checkpoint kept there covers. */
    size: z.int().nullable(),
    keptAt: Timestamp.nullable(),
    failingSince: Timestamp.nullable(),
    error: z.string().nullable(),
  })),
})
export type LedgerStatus = z.infer<typeof LedgerStatus>
