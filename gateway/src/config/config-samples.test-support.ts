import { z } from 'zod'
import type { TargetKind } from './target-entries.ts'

/** The same form as the real adapter's, so that these tests do not depend on it. */
export const postgresKind: TargetKind = {
  name: 'postgres',
  defaultPort: 5432,
  streamless: true,
  targetSchema: z.strictObject({
    host: z.string(),
    port: z.int().min(1).max(65_535),
    database: z.string(),
    credential: z.strictObject({ user: z.string(), password: z.string(), perSession: z.strictObject({ role: z.string(), validFor: z.string().optional() }).optional() }),
    tls: z.strictObject({
      mode: z.enum(['disable', 'require', 'verify-full']), ca: z.string().optional(), serverName: z.string().optional(),
    }).optional(),
  }),
}

export const sample = `version: 1
issuers:
  - { name: corp, issuer: https://login.example.com, audience: sallyport, groups: groups }
agents:
  - name: support-bot
    issuer: corp
    match: { azp: support-bot }
    owner: dana@example.com
    purpose: answers customer tickets; reads customers and orders
    expires: 2027-03-31
targets:
  - name: shop
    protocol: postgres
    host: db.internal
    port: 5432
    database: shop
    credential: { user: sallyport, password: vault:shop }
    labels: { env: prod }
masks:
  - { name: card, columns: [customers.card_number], method: keep-last, keep: 4 }
  - { name: personal, columns: [customers.email, customers.ssn], method: redact, unless: '"privacy" in identity.groups' }
rules:
  - { name: reads, targets: [shop], when: 'operation.readOnly', then: allow }
  - { name: destructive, when: 'operation.actions.exists(a, a in ["drop", "truncate"])', then: deny, message: destructive statements are never run by agents }
  - { name: unbounded, when: 'operation.actions.exists(a, a in ["delete", "update"]) && !operation.filtered', then: deny, message: add a WHERE clause }
  - { name: writes, when: '!operation.readOnly', then: review, reviewers: [dba], approvals: 1, expires: 15m }
`
