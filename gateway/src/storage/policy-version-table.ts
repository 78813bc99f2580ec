import type { Kysely } from 'kysely'
import { PolicyMoved, type PolicyVersions } from '../governance/policy/policy-versions.ts'
import type { Schema } from './schema.ts'

export interface PolicyVersionEntry {
  readonly version: number
  readonly appliedBy: string
  readonly appliedAtMs: number
}

interface PolicyVersionRecord extends PolicyVersionEntry {
  readonly text: string
}

/** Attempts before giving up: each is lost only to another gateway that appended in the same moment. */
const MAX_ATTEMPTS = 20

export class PolicyVersionTable implements PolicyVersions {
  readonly #db: Kysely<Schema>

  constructor(db: Kysely<Schema>) {
    this.#db = db
  }

  async append(text: string, appliedBy: string, after?: number): Promise<number> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const newest = await this.newest()
      if (after !== undefined && newest?.version !== after) throw new PolicyMoved(newest?.version ?? 0)
      if (newest?.text === text) return newest.version
      const version = (newest?.version ?? 0) + 1
      const result = await this.#db.insertInto('policy_versions')
        .values({ version, text, applied_by: appliedBy, applied_at: Date.now() })
        .onConflict((conflict) => conflict.column('version').doNothing())
        .executeTakeFirst()
      if (result.numInsertedOrUpdatedRows === 1n) return version
    }
    throw new Error('the policy version could not be kept: others are being applied all the time')
  }

  async newestNumber(): Promise<number> {
    return (await this.list({ limit: 1 }))[0]?.version ?? 0
  }

  async newest(): Promise<PolicyVersionRecord | undefined> {
    const row = await this.#db.selectFrom('policy_versions').selectAll().orderBy('version', 'desc').limit(1).executeTakeFirst()
    return row === undefined ? undefined : record(row)
  }

  async get(version: number): Promise<PolicyVersionRecord | undefined> {
    const row = await this.#db.selectFrom('policy_versions').selectAll().where('version', '=', version).executeTakeFirst()
    return row === undefined ? undefined : record(row)
  }

  /** The newest first, without their texts. @param before versions older than this one */
  async list({ limit, before }: { readonly limit: number; readonly before?: number }): Promise<readonly PolicyVersionEntry[]> {
    let query = this.#db.selectFrom('policy_versions').select(['version', 'applied_by', 'applied_at']).orderBy('version', 'desc').limit(limit)
    if (before !== undefined) query = query.where('version', '<', before)
    return (await query.execute()).map((row) => ({ version: row.version, appliedBy: row.applied_by, appliedAtMs: row.applied_at }))
  }
}

function record(row: Schema['policy_versions']): PolicyVersionRecord {
  return { version: row.version, text: row.text, appliedBy: row.applied_by, appliedAtMs: row.applied_at }
}
