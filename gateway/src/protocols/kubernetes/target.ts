import { z } from 'zod'
import type { TargetEntry } from '../../governance/policy/policy-document.ts'
import { certificateCheck, duration, host, milliseconds, ownSettings, port, secretReference } from '../target-settings.ts'
import { FieldSyntaxError, readField } from './masked-field.ts'

const maskedField = z.string().superRefine((text, context) => {
  try {
    readField(text)
  } catch (error) {
    if (!(error instanceof FieldSyntaxError)) throw error
    context.addIssue({ code: 'custom', message: error.message })
  }
})

const NAME = '[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?'
/** A token of its own for each session, of a service account. */
const perSession = z.strictObject({
  serviceAccount: z.string().regex(new RegExp(`^${NAME}/${NAME}$`), 'expected NAMESPACE/NAME of a service account')
    .describe('Whose rights sessions get: a service account, as namespace/name'),
  validFor: duration('10m', '24h', '1h').default('1h').describe('How long one token lasts, 10m to 24h; it is renewed while the session goes on'),
})

/** What a Kubernetes target says in the policy document, besides name, protocol and labels. */
export const targetSchema = z.strictObject({
  host,
  port: port.default(6443),
  credential: z
    .strictObject({
      token: secretReference.optional().describe('Where a service account\'s token is kept; this, or a certificate with its key'),
      certificate: secretReference.optional().describe('Where a client certificate is kept'),
      key: secretReference.optional().describe('Where the key of the certificate is kept'),
      perSession: perSession.optional().describe('Gives each session a token of its own'),
    })
    .refine(({ token, certificate, key }) => (token !== undefined) !== (certificate !== undefined) && (certificate === undefined) === (key === undefined),
      'name either token, or certificate and key'),
  tls: z.strictObject(certificateCheck).default({}),
  impersonate: z.boolean().default(false).describe('The API server is asked to treat each request as the identity\'s own'),
  impersonatePrefix: z.string().regex(/^[a-z0-9][a-z0-9.:_-]{0,62}$/, 'expected lower-case letters, digits and . : _ -')
    .refine((prefix) => !prefix.startsWith('system:') && !'system:'.startsWith(prefix), 'what begins with system: is the cluster\'s own').default('sallyport:')
    .describe('In front of user and groups, so that none can be one of the cluster\'s own'),
  secrets: z.enum(['masked', 'readable']).default('masked').describe('Whether the data of Secrets can be read'),
  maskedFields: z.array(maskedField).max(100, 'at most 100 entries').default([]).describe('resource:path, such as configmaps:data.password'),
  idle: duration('10s', '12h', '5m').default('5m').describe('A session ends when nothing was asked for this long, 10s to 12h'),
})

export type KubernetesTarget = z.infer<typeof targetSchema>

/** The adapter's own settings of a target that the schema has accepted already. */
export function kubernetesTarget(entry: TargetEntry): KubernetesTarget {
  return targetSchema.parse(ownSettings(entry))
}

export function idleMsOf({ idle }: KubernetesTarget): number {
  return milliseconds(idle)
}

/** A service account of which each session gets a token. */
export interface PerSession {
  readonly namespace: string
  readonly name: string
  /** Of one token. */
  readonly validForMs: number
}

/** Absent when sessions use the target's own credential. */
export function perSessionOf({ credential: { perSession: own } }: KubernetesTarget): PerSession | undefined {
  if (own === undefined) return undefined
  const [namespace = '', name = ''] = own.serviceAccount.split('/')
  return { namespace, name, validForMs: milliseconds(own.validFor) }
}
