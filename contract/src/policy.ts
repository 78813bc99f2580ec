import { z } from 'zod'

/** The version in force. */
export const PolicyVersion = z.object({
  version: z.int(),
  appliedAt: z.iso.datetime(),
  /** Who applied it: a person's name, or `file` for `serve --config`. */
  appliedBy: z.string(),
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
