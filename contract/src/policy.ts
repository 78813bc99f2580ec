import { z } from 'zod'
import { Problem } from './error.ts'

export const PolicyVersionSummary = z.object({
  version: z.int(),
  appliedAt: z.iso.datetime(),
  /** Who applied it: a person's name, or `file` for `serve --config`. */
  appliedBy: z.string(),
})
export type PolicyVersionSummary = z.infer<typeof PolicyVersionSummary>

/** `limit` 1 to 200, 50 when absent; `before` is the `next` of the page before. */
export const PolicyVersionQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.coerce.number().int().min(1).optional(),
})
export type PolicyVersionQuery = z.infer<typeof PolicyVersionQuery>

/** The newest first. */
export const PolicyVersionList = z.object({
  versions: z.array(PolicyVersionSummary),
  /** What to give as `before` for the next page; null at the end. */
  next: z.int().nullable(),
})
export type PolicyVersionList = z.infer<typeof PolicyVersionList>

/** One version with its text. */
export const PolicyVersion = PolicyVersionSummary.extend({
  /** The document as it was written, in YAML. */
  text: z.string(),
})
export type PolicyVersion = z.infer<typeof PolicyVersion>

export const PolicyApplied = z.object({
  version: z.int(),
  /** False when the same text was in force already. */
  changed: z.boolean(),
})
export type PolicyApplied = z.infer<typeof PolicyApplied>

/** What would keep a document from coming into force; nothing when there are no problems. */
export const PolicyCheck = z.object({ problems: z.array(Problem) })
export type PolicyCheck = z.infer<typeof PolicyCheck>
