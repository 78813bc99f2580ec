import type { Effect } from '../governance/decision.ts'
import type { FoundOperation } from '../governance/recording/operation-index.ts'

/** A row of the index joined with its session; lists are JSON. */
export interface FoundRow {
  readonly id: number
  readonly session_id: string
  readonly kind: 'agent' | 'person'
  readonly name: string
  readonly issuer: string
  readonly actors: string
  readonly target: string
  readonly protocol: string
  readonly purpose: string
  readonly decision: Effect
  readonly rule: string
  readonly policy_version: number
  readonly actions: string
  readonly objects: string
  readonly text_truncated: number
  readonly first_n: number
  readonly first_at: number
  readonly last_n: number
  readonly last_at: number
  readonly count: number
  readonly completed: number
  readonly failed: number
  readonly aborted: number
  readonly rows: number
  readonly masked: number
  readonly codes: string
  readonly text: string
  readonly integers: string
}

const listOf = (json: string): string[] => JSON.parse(json) as string[]

export function foundOperation(row: FoundRow): FoundOperation {
  const { session_id: session, kind, name, issuer, target, protocol, purpose, decision, rule, text } = row
  return {
    session, identity: { kind, name, issuer }, actors: listOf(row.actors), target, protocol, purpose,
    text, textTruncated: row.text_truncated !== 0, actions: listOf(row.actions), objects: listOf(row.objects),
    decision, rule, policyVersion: row.policy_version, count: row.count,
    first: { number: row.first_n, atMs: row.first_at }, last: { number: row.last_n, atMs: row.last_at },
    completed: row.completed, failed: row.failed, aborted: row.aborted, rows: row.rows, masked: row.masked, codes: listOf(row.codes),
  }
}
