import { z } from 'zod'
import { duration, referenceOf, words } from './value-schemas.ts'
import { webhookUrl } from './webhook-url.ts'

/** A place outside the gateway's reach to which checkpoints are taken. */
export type AnchorSettings =
  | { readonly kind: 'file'; readonly path: string; readonly everyMs: number }
  /** `secret` is a reference. */
  | { readonly kind: 'webhook'; readonly url: string; readonly secret: string; readonly everyMs: number }

const MAX_ANCHORS = 8
/** A mount that hangs holds one of the few threads that all files share. */
const MAX_FILES = 2

const entry = z
  .strictObject({
    file: words.refine((path) => !path.includes('\0'), 'not a path').optional(),
    webhook: webhookUrl.optional(),
    secret: referenceOf('vault', 'env', 'file').optional(),
    every: duration.refine((ms) => ms <= 86_400_000, 'at most 1d').default(60_000),
  })
  .refine(({ file, webhook }) => (file === undefined) !== (webhook === undefined), 'name either file or webhook')
  .refine(({ webhook, secret }) => webhook === undefined || secret !== undefined, 'a webhook needs a secret to be signed with')
  .refine(({ file, secret }) => file === undefined || secret === undefined, 'a file has no secret')

export const anchorList = z
  .array(entry)
  .max(MAX_ANCHORS, `at most ${MAX_ANCHORS} anchors`)
  .refine((entries) => entries.filter(({ file }) => file !== undefined).length <= MAX_FILES, `at most ${MAX_FILES} files`)
  .default([])
  .transform((entries) => entries.flatMap(({ file, webhook, secret, every: everyMs }): AnchorSettings[] => {
    if (file !== undefined) return [{ kind: 'file', path: file, everyMs }]
    return webhook === undefined || secret === undefined ? [] : [{ kind: 'webhook', url: webhook, secret, everyMs }]
  }))
