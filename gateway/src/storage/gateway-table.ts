import type { Kysely } from 'kysely'
import type { GatewayState } from '../governance/gateway-state.ts'
import type { Schema } from './schema.ts'

/** Gateways that are not heard of for so long are forgotten. */
const FORGET_MS = 30 * 86_400_000
const MAX_LISTED = 1_000

export class GatewayTable {
  readonly #db: Kysely<Schema>

  constructor(db: Kysely<Schema>) {
    this.#db = db
  }

  /** Puts down that a gateway runs, in place of what was known of it. */
  async beat(state: Omit<GatewayState, 'openSessions' | 'stoppedAtMs'>): Promise<void> {
    const { id, host, version, policyVersion, startedAtMs, seenAtMs } = state
    const row = { host, version, policy_version: policyVersion, started_at: startedAtMs, seen_at: seenAtMs, stopped_at: null }
    await this.#db.insertInto('gateways').values({ id, ...row }).onConflict((conflict) => conflict.column('id').doUpdateSet(row)).execute()
  }

  async stopped(id: string, atMs: number): Promise<void> {
    await this.#db.updateTable('gateways').set({ stopped_at: atMs }).where('id', '=', id).execute()
  }

  async forget(nowMs: number): Promise<void> {
    await this.#db.deleteFrom('gateways').where('seen_at', '<', nowMs - FORGET_MS).execute()
  }

  /** Those that started last, first. */
  async list(): Promise<readonly GatewayState[]> {
    const rows = await this.#db.selectFrom('gateways').selectAll().orderBy('started_at', 'desc').orderBy('id').limit(MAX_LISTED).execute()
    const open = await this.#db.selectFrom('sessions').select(['gateway', ({ fn }) => fn.countAll<number>().as('sessions')])
      .where('gateway', 'in', rows.length === 0 ? [''] : rows.map(({ id }) => id)).where('state', '=', 'open').groupBy('gateway').execute()
    const sessions = new Map(open.map((one) => [one.gateway, one.sessions]))
    return rows.map(({ id, host, version, policy_version: policyVersion, started_at: startedAtMs, seen_at: seenAtMs, stopped_at: stoppedAtMs }) => ({
      id, host, version, policyVersion, startedAtMs, seenAtMs, stoppedAtMs: stoppedAtMs ?? undefined, openSessions: sessions.get(id) ?? 0,
    }))
  }
}
