import { z } from 'zod'
import type { TargetEntry } from '../../governance/policy/policy-document.ts'

/** Reference to a secret kept elsewhere; the document itself never holds one. */
const secretReference = z.string().regex(/^(vault|env|file):.+/, 'must be a reference: vault:NAME, env:NAME or file:PATH').meta({ format: 'secret-reference' })

const DURATION = /^([1-9]\d{0,5})([smhd])$/
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const milliseconds = (text: string): number => {
  const [, count = '0', unit = ''] = DURATION.exec(text) ?? []
  return Number(count) * (UNIT_MS[unit] ?? 0)
}

/** A login of its own for each session, with the rights of a role. */
const perSession = z.strictObject({
  role: z.string().min(1).refine((name) => !name.includes('\0') && Buffer.byteLength(name) <= 63, 'a role of PostgreSQL has at most 63 bytes').describe('Role whose rights the logins get'),
  /** Kept as text: what was accepted once is read again. */
  validFor: z.string().refine((text) => {
    const ms = milliseconds(text)
    return ms >= 60_000 && ms <= 7 * 86_400_000
  }, 'a duration from 1m to 7d, such as 12h').default('12h').describe('How long one can log in with it, 1m to 7d'),
})

/** What a PostgreSQL target says in the policy document, besides name, protocol and labels. */
export const targetSchema = z.strictObject({
  host: z.string().min(1).describe('Host name or address, as the gateway reaches it'),
  port: z.int().min(1).max(65535).default(5432),
  database: z.string().min(1).describe('Database on the server'),
  credential: z.strictObject({
    user: z.string().min(1).describe('Role that the gateway logs in as'),
    password: secretReference.describe('Where its password is kept'),
    perSession: perSession.optional().describe('Each session gets a login of its own'),
  }),
  tls: z
    .strictObject({
      mode: z.enum(['disable', 'require', 'verify-full']).default('verify-full').describe('verify-full checks the certificate and its name; require only encrypts'),
      ca: z.string().regex(/^file:.+/, 'must be file:PATH').optional().describe('PEM file of the authorities to trust; the system\'s when absent'),
      serverName: z.string().optional().describe('Name the certificate must hold, when it is not the host'),
    })
    .default({ mode: 'verify-full' }),
})

export type PostgresTarget = z.infer<typeof targetSchema>

/** The adapter's own settings of a target that the schema has accepted already. */
export function postgresTarget(entry: TargetEntry): PostgresTarget {
  const { name: _name, protocol: _protocol, labels: _labels, record: _record, retentionMs: _retentionMs, ...settings } = entry
  return targetSchema.parse(settings)
}

/** How the connection is called in the record. */
export const TLS_USE = { 'verify-full': 'verified', require: 'encrypted', disable: 'none' } as const

/** Absent when sessions use the target's own credential. */
export function perSessionOf({ credential }: PostgresTarget): { readonly role: string; readonly validForMs: number } | undefined {
  return credential.perSession && { role: credential.perSession.role, validForMs: milliseconds(credential.perSession.validFor) }
}
