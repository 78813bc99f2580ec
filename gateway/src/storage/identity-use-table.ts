import type { Kysely } from 'kysely'
import type { IdentityUse, IdentityUseStore, LiveUse } from '../governance/agents/identity-use.ts'
import type { Schema } from './schema.ts'

const NAMES_A_QUERY = 500

export class IdentityUseTable implements IdentityUseStore {
  readonly #db: Kysely<Schema>

  constructor(db: Kysely<Schema>) {
    this.#db = db
  }

  async agents(names?: readonly string[]): Promise<readonly IdentityUse[]> {
    let select = this.#db.selectFrom('identity_use').selectAll().where('role', 'in', ['agent', 'actor'])
    if (names !== undefined) select = select.where('name', 'in', names)
    return (await select.execute()).map(({ role, last_at, ...same }) => ({ ...same, role: role as IdentityUse['role'], lastAtMs: last_at }))
  }

  async peopleSeen(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const seen = new Map<string, number>()
    for (let at = 0; at < names.length; at += NAMES_A_QUERY) {
      const some = names.slice(at, at + NAMES_A_QUERY)
      const ended = await this.#db.selectFrom('identity_use').select(({ fn }) => ['name', fn.max('last_at').as('at')])
        .where('role', '=', 'person').where('name', 'in', some).groupBy('name').execute()
      const open = await this.#db.selectFrom('sessions').select(({ fn }) => ['identity_name as name', fn.max('opened_at').as('at')])
        .where('state', '=', 'open').where('identity_kind', '=', 'person').where('identity_name', 'in', some).groupBy('identity_name').execute()
      for (const { name, at: atMs } of [...ended, ...open]) seen.set(name, Math.max(seen.get(name) ?? 0, atMs))
    }
    return seen
  }

  async live(): Promise<readonly LiveUse[]> {
    const rows = await this.#db.selectFrom('sessions')
      .select(({ fn }) => ['identity_kind', 'identity_name', 'identity_issuer', 'actor', 'target', fn.countAll().as('sessions'), fn.max('opened_at').as('at')])
      .where('state', '=', 'open').groupBy(['identity_kind', 'identity_name', 'identity_issuer', 'actor', 'target']).execute()
    return rows.flatMap((row): LiveUse[] => {
      const both = { target: row.target, sessions: Number(row.sessions), lastAtMs: row.at }
      const subject: LiveUse = { ...both, role: row.identity_kind as 'agent' | 'person', name: row.identity_name, issuer: row.identity_issuer }
      return row.actor === '' ? [subject] : [subject, { ...both, role: 'actor', name: row.actor, issuer: '' }]
    })
  }
}
