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

/** The document as JSON Schema 2020-12, for editors; `x-entry-of` names the section of which a text names an entry. */
export const PolicySchema = z.record(z.string(), z.unknown())
export type PolicySchema = z.infer<typeof PolicySchema>

const MAX_SAMPLES = 20
const MAX_SAMPLE = 1_000

/** Values to show masks on; nothing of them is kept. */
export const MaskPreviewRequest = z.strictObject({
  samples: z.array(z.string().max(MAX_SAMPLE)).min(1).max(MAX_SAMPLES),
  /** A document that is not in force, whose masks are to be shown; those in force when absent. */
  document: z.string().max(1_048_576).exactOptional(),
})
export type MaskPreviewRequest = z.infer<typeof MaskPreviewRequest>

/** A mask of a document, and what it makes of each sample: null stands for the target's own null. */
export const MaskPreview = z.object({
  name: z.string(),
  method: z.enum(['redact', 'keep-last', 'null', 'hash']),
  keep: z.int().nullable(),
  /** Of a mask on tables; null for one on text streams. */
  columns: z.array(z.string()).nullable(),
  /** Detectors and patterns of a mask on text streams; null for one on tables. */
  finds: z.array(z.string()).nullable(),
  /** All targets when null. */
  targets: z.array(z.string()).nullable(),
  /** The condition under which values are seen as they are; never when null. */
  unless: z.string().nullable(),
  masked: z.array(z.string().nullable()),
})
export type MaskPreview = z.infer<typeof MaskPreview>

export const MaskPreviewList = z.object({ masks: z.array(MaskPreview) })
export type MaskPreviewList = z.infer<typeof MaskPreviewList>

/** What would keep a document from coming into force; nothing when there are no problems. */
export const PolicyCheck = z.object({ problems: z.array(Problem) })
export type PolicyCheck = z.infer<typeof PolicyCheck>
