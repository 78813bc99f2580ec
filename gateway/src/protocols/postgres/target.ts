import { z } from 'zod'
import type { TargetEntry } from '../../governance/policy/policy-document.ts'
import { certificateCheck, duration, host, milliseconds, ownSettings, port, secretReference } from '../target-settings.ts'

/** A login of its own for each session, with the rights of a role. */
const perSession = z.strictObject({
  role: z.string().min(1).refine((name) => !name.includes('\0') && Buffer.byteLength(name) <= 63, 'a role of PostgreSQL has at most 63 bytes').describe('Role whose rights the logins get'),
  validFor: duration('1m', '7d', '12h').default('12h').describe('How long one can log in with it, 1m to 7d'),
})

/** What a PostgreSQL target says in the policy document, besides name, protocol and labels. */
export const targetSchema = z.strictObject({
  host,
  port: port.default(5432),
  database: z.string().min(1).describe('Database on the server'),
  credential: z.strictObject({
    user: z.string().min(1).describe('Role that the gateway logs in as'),
    password: secretReference.describe('Where its password is kept'),
    perSession: perSession.optional().describe('Each session gets a login of its own'),
  }),
  tls: z
    .strictObject({
      mode: z.enum(['disable', 'require', 'verify-full']).default('verify-full').describe('verify-full checks the certificate and its name; require only encrypts'),
      ...certificateCheck,
    })
    .default({ mode: 'verify-full' }),
})

export type PostgresTarget = z.infer<typeof targetSchema>

/** The adapter's own settings of a target that the schema has accepted already. */
export function postgresTarget(entry: TargetEntry): PostgresTarget {
  return targetSchema.parse(ownSettings(entry))
}

/** How the connection is called in the record. */
export const TLS_USE = { 'verify-full': 'verified', require: 'encrypted', disable: 'none' } as const

/** Absent when sessions use the target's own credential. */
export function perSessionOf({ credential }: PostgresTarget): { readonly role: string; readonly validForMs: number } | undefined {
  return credential.perSession && { role: credential.perSession.role, validForMs: milliseconds(credential.perSession.validFor) }
}
