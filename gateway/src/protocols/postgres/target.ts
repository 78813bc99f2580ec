import { z } from 'zod'
import type { TargetEntry } from '../../governance/policy/policy-document.ts'

/** Reference to a secret kept elsewhere; the document itself never holds one. */
const secretReference = z.string().regex(/^(vault|env|file):.+/, 'must be a reference: vault:NAME, env:NAME or file:PATH')

/** What a PostgreSQL target says in the policy document, besides name, protocol and labels. */
export const targetSchema = z.strictObject({
  host: z.string().min(1),
  port: z.int().min(1).max(65535).default(5432),
  database: z.string().min(1),
  credential: z.strictObject({ user: z.string().min(1), password: secretReference }),
  tls: z
    .strictObject({
      /** `verify-full` checks the certificate and its name; `require` only encrypts. */
      mode: z.enum(['disable', 'require', 'verify-full']).default('verify-full'),
      /** PEM file of the authorities to trust; the system's when absent. */
      ca: z.string().regex(/^file:.+/, 'must be file:PATH').optional(),
      /** Name the certificate must hold, when it is not `host`. */
      serverName: z.string().optional(),
    })
    .default({ mode: 'verify-full' }),
})

export type PostgresTarget = z.infer<typeof targetSchema>

/** The adapter's own settings of a target that the schema has accepted already. */
export function postgresTarget(entry: TargetEntry): PostgresTarget {
  const { name: _name, protocol: _protocol, labels: _labels, record: _record, retentionMs: _retentionMs, ...settings } = entry
  return targetSchema.parse(settings)
}
