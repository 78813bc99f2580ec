import { isLoopback } from '@sallyport/contract'
import { z } from 'zod'
import { DETECTOR_NAMES } from '../governance/masking/stream/detector-names.ts'
import { linearPattern } from '../governance/policy/linear-pattern.ts'
import type { AgentEntry, DetectorMask, IssuerEntry, MaskEntry, PolicyDocument } from '../governance/policy/policy-document.ts'
import { AGENT_REVIEWER } from '../governance/policy/review-terms.ts'
import { cliLoginSchema } from './cli-login-schema.ts'
import { consoleLoginSchema } from './console-login-schema.ts'
import { optionalKeys } from './optional-keys.ts'
import { duration, entryName, entryOf, nameList, words } from './value-schemas.ts'

/** Entries of the policy sections, each checked by itself. What relates entries is in `document-checks.ts`. */

const issuerUrl = z.string().max(500, 'at most 500 characters').refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.username || url.password || url.search || url.hash) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}, 'expected an https URL without user, query and fragment; http only on loopback')

export const issuerSchema = optionalKeys<IssuerEntry>()(z.strictObject({
  name: entryName,
  issuer: issuerUrl,
  audience: words,
  groups: words.default('groups'),
  person: words.default('email'),
  cli: cliLoginSchema.optional(),
  console: consoleLoginSchema.optional(),
}))

const date = z.string().refine((text) => {
  const parsed = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined
  return parsed !== undefined && !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(text)
}, 'expected a date as YYYY-MM-DD')

export const agentSchema = optionalKeys<AgentEntry>()(z.strictObject({
  name: entryName,
  issuer: entryOf('issuers'),
  match: z.record(words, words).refine((match) => Object.keys(match).length > 0, 'at least one claim must be matched'),
  owner: words,
  purpose: words,
  expires: date.optional(),
  targets: nameList(entryOf('targets')).optional(),
}))

/** `table.column` or `schema.table.column`. Dots and quotes within names would make the parts ambiguous. */
const column = z.string().regex(/^[^\s."'\p{Cc}][^."'\p{Cc}]*(?:\.[^\s."'\p{Cc}][^."'\p{Cc}]*){1,2}$/u,
  'expected table.column or schema.table.column')

/** A pattern in RE2 syntax. One that matches nothing would match everywhere. */
const pattern = z.string().superRefine((text, context) => {
  try {
    if (linearPattern(text).matches('')) context.addIssue({ code: 'custom', message: 'this matches the empty text' })
  } catch (error) {
    // Without the pattern, which may hold what it looks for.
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '').replace(/: `[^]*$/, '') : 'it cannot be read'
    context.addIssue({ code: 'custom', message: `not a pattern in RE2 syntax: ${reason}` })
  }
})

/** The check lets through one form or the other, which zod cannot type. */
export const maskSchema = z
  .strictObject({
    name: entryName,
    columns: nameList(column, 'name a column').optional(),
    detect: nameList(z.enum(DETECTOR_NAMES), 'name a detector').optional(),
    patterns: nameList(pattern, 'write a pattern').optional(),
    // YAML reads the word null as nothing.
    method: z.preprocess((value) => (value === null ? 'null' : value), z.enum(['redact', 'keep-last', 'null', 'hash'])),
    keep: z.int().min(1, 'keep is 1 to 64').max(64, 'keep is 1 to 64').optional(),
    targets: nameList(entryOf('targets')).optional(),
    unless: words.optional(),
  })
  .check(({ value, issues }) => {
    const keepLast = value.method === 'keep-last'
    if (keepLast && value.keep === undefined) {
      issues.push({ code: 'custom', message: '"keep" is missing: how many characters keep-last leaves', input: value })
    }
    if (!keepLast && value.keep !== undefined) {
      issues.push({ code: 'custom', message: '"keep" goes with method keep-last only', input: value, path: ['keep'] })
    }
    const detects = value.detect === undefined ? (value.patterns === undefined ? undefined : 'patterns') : 'detect'
    if (value.columns === undefined && detects === undefined) {
      issues.push({ code: 'custom', message: '"columns" is missing, or "detect" or "patterns" for text streams', input: value })
    } else if (value.columns !== undefined && detects !== undefined) {
      issues.push({ code: 'custom', message: `"${detects}" is for text streams, "columns" for tables: write two masks`, input: value, path: [detects] })
    } else if (detects !== undefined && value.method === 'null') {
      issues.push({ code: 'custom', message: 'part of a text cannot be null: use redact, keep-last or hash', input: value, path: ['method'] })
    }
  }) as unknown as z.ZodType<MaskEntry | DetectorMask>

const groups = z.array(words.refine((name) => !name.startsWith(AGENT_REVIEWER), 'agents hold no role; "reviewers" of a rule may name one'))
  .max(1000, 'at most 1000 entries').default([])
export const rolesSchema = z.strictObject({
  viewer: groups, reviewer: groups, operator: groups, auditor: groups, administrator: groups,
}) satisfies z.ZodType<PolicyDocument['roles']>

const MAX_ROWS = 1_000_000_000
const ROWS = 'expected all, none, or first and a number, such as first 1000'

/** `all`, `none` or `first 1000`. */
const recordedRows = z.custom<string>((text) => typeof text === 'string' && /^(?:all|none|first [1-9][0-9]{0,9})$/.test(text), ROWS)
  .transform((text) => (text === 'all' || text === 'none' ? text : { first: Number(text.slice('first '.length)) }))
  .refine((rows) => typeof rows === 'string' || rows.first <= MAX_ROWS, `at most first ${MAX_ROWS}`)

/** 32 bytes. */
const publicKey = z.string().regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, 'expected a public key, as `sallyport originals new-key` prints it')

export const recordSchema = z.strictObject({
  rows: recordedRows.default({ first: 1_000 }).describe('Rows that are kept of each result: all, none, or first and a number'),
  files: z.enum(['all', 'none']).optional().describe('Content of files that pass as files'),
  originals: z.strictObject({ publicKey }).optional().describe('Masked values are kept, sealed to this key, which `sallyport originals new-key` makes'),
})

/** What every target may say; its protocol's schema knows the rest. */
export const targetBaseSchema = z.strictObject({
  name: entryName.describe('What clients call it: letters, digits and . _ -'),
  protocol: z.string(),
  labels: z.record(entryName, z.string()).default({}).describe('What rules and people may tell targets by'),
  record: recordSchema.optional().describe('What of its sessions goes on record besides events'),
  retention: duration.optional().describe('How long recordings are kept after the end of a session, such as 400d; for good when absent'),
})
