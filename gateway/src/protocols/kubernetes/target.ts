import { z } from 'zod'
import type { TargetEntry } from '../../governance/policy/policy-document.ts'
import { FieldSyntaxError, readField } from './masked-fields.ts'

/** Reference to a secret kept elsewhere; the document itself never holds one. */
const secretReference = z.string().regex(/^(vault|env|file):.+/, 'must be a reference: vault:NAME, env:NAME or file:PATH')

const DURATION = /^([1-9]\d{0,5})([smh])$/
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 }
const milliseconds = (text: string): number => {
  const [, count = '0', unit = ''] = DURATION.exec(text) ?? []
  return Number(count) * (UNIT_MS[unit] ?? 0)
}

const maskedField = z.string().superRefine((text, context) => {
  try {
    readField(text)
  } catch (error) {
    if (!(error instanceof FieldSyntaxError)) throw error
    context.addIssue({ code: 'custom', message: error.message })
  }
})

/** What a Kubernetes target says in the policy document, besides name, protocol and labels. */
export const targetSchema = z.strictObject({
  host: z.string().min(1),
  port: z.int().min(1).max(65535).default(6443),
  /** A service account's token, or a client certificate with its key. */
  credential: z
    .strictObject({ token: secretReference.optional(), certificate: secretReference.optional(), key: secretReference.optional() })
    .refine(({ token, certificate, key }) => (token !== undefined) !== (certificate !== undefined) && (certificate === undefined) === (key === undefined),
      'name either token, or certificate and key'),
  tls: z
    .strictObject({
      /** PEM file of the authorities to trust; the system's when absent. */
      ca: z.string().regex(/^file:.+/, 'must be file:PATH').optional(),
      /** Name the certificate must hold, when it is not `host`. */
      serverName: z.string().optional(),
    })
    .default({}),
  /** The API server is asked to treat each request as the identity's own. */
  impersonate: z.boolean().default(false),
  /** In front of user and groups, so that none can be one of the cluster's own. */
  impersonatePrefix: z.string().regex(/^[a-z0-9][a-z0-9.:_-]{0,62}$/, 'expected lower-case letters, digits and . : _ -')
    .refine((prefix) => !prefix.startsWith('system:') && !'system:'.startsWith(prefix), 'what begins with system: is the cluster\'s own').default('sallyport:'),
  /** Whether the data of Secrets can be read. */
  secrets: z.enum(['masked', 'readable']).default('masked'),
  /** `resource:path`, such as `configmaps:data.password`. */
  maskedFields: z.array(maskedField).max(100, 'at most 100 entries').default([]),
  /** A session ends when nothing was asked for this long. Kept as text: what was accepted once is read again. */
  idle: z.string().refine((text) => {
    const ms = milliseconds(text)
    return ms >= 10_000 && ms <= 12 * 3_600_000
  }, 'a duration from 10s to 12h, such as 5m').default('5m'),
})

export type KubernetesTarget = z.infer<typeof targetSchema>

/** The adapter's own settings of a target that the schema has accepted already. */
export function kubernetesTarget(entry: TargetEntry): KubernetesTarget {
  const { name: _name, protocol: _protocol, labels: _labels, record: _record, retentionMs: _retentionMs, ...settings } = entry
  return targetSchema.parse(settings)
}

export function idleMsOf({ idle }: KubernetesTarget): number {
  return milliseconds(idle)
}
