import { type Kysely, sql } from 'kysely'
import type { AgentFacts } from '../governance/agents/agent-facts.ts'
import type { Campaign, CampaignChange, CampaignDecision, CampaignStore, CampaignSummary } from '../governance/agents/campaign.ts'
import type { Schema } from './schema.ts'

const ITEMS_A_STATEMENT = 200

type Body = Omit<Campaign, 'id' | 'state' | 'openedAtMs' | 'dueAtMs' | 'items'>

export class CampaignTable implements CampaignStore {
  readonly #db: Kysely<Schema>
  readonly #kind: 'sqlite' | 'postgres'

  constructor(db: Kysely<Schema>, kind: 'sqlite' | 'postgres') {
    this.#db = db
    this.#kind = kind
  }

  async add({ id, state, openedAtMs, dueAtMs, items, ...body }: Campaign): Promise<void> {
    await this.#db.transaction().execute(async (change) => {
      await change.insertInto('campaigns').values({ id, state, opened_at: openedAtMs, due_at: dueAtMs, body: JSON.stringify(body) }).execute()
      for (let at = 0; at < items.length; at += ITEMS_A_STATEMENT) {
        await change.insertInto('campaign_items').values(items.slice(at, at + ITEMS_A_STATEMENT)
          .map(({ agent, facts, decision }) => ({ campaign: id, agent, owner: facts.entry.owner.replaceAll('\0', ''), facts: JSON.stringify(facts), ...decided(decision) }))).execute()
      }
    })
  }

  get(id: string): Promise<Campaign | undefined> {
    return read(this.#db, id)
  }

  async list({ limit, owner }: { readonly limit: number; readonly owner?: string }): Promise<readonly CampaignSummary[]> {
    let select = this.#db.selectFrom('campaigns').selectAll().orderBy('opened_at', 'desc').orderBy('id', 'desc').limit(limit)
    if (owner !== undefined) {
      select = select.where('id', 'in', this.#db.selectFrom('campaign_items').select('campaign').where('owner', '=', owner))
    }
    const rows = await select.execute()
    let items = this.#db.selectFrom('campaign_items').select(({ fn }) => ['campaign', 'verdict', fn.countAll().as('count')])
      .where('campaign', 'in', rows.map(({ id }) => id)).groupBy(['campaign', 'verdict'])
    if (owner !== undefined) items = items.where('owner', '=', owner)
    const counts = rows.length === 0 ? [] : await items.execute()
    return rows.map((row) => {
      const of = counts.filter(({ campaign }) => campaign === row.id)
      const count = (verdict: string): number => Number(of.find((one) => one.verdict === verdict)?.count ?? 0)
      return { ...campaignOf(row), agents: of.reduce((sum, one) => sum + Number(one.count), 0), kept: count('keep'), removed: count('remove') }
    })
  }

  async change(id: string, change: (campaign: Campaign) => Promise<CampaignChange>): Promise<Campaign | undefined> {
    return this.#db.transaction().execute(async (db) => {
      // SQLite has one writer at a time anyway.
      if (this.#kind === 'postgres') await sql`select 1 from campaigns where id = ${id} for update`.execute(db)
      const before = await read(db, id)
      if (before === undefined) return undefined
      const { decisions, closed, applied } = await change(before)
      for (const [agent, decision] of decisions ?? []) {
        await db.updateTable('campaign_items').set(decided(decision)).where('campaign', '=', id).where('agent', '=', agent).execute()
      }
      if (closed !== undefined || applied !== undefined) {
        const { id: _id, state: _state, openedAtMs: _opened, dueAtMs: _due, items: _items, ...body } = before
        await db.updateTable('campaigns').set({
          ...(closed !== undefined && { state: 'closed' }),
          body: JSON.stringify({ ...body, ...(closed !== undefined && { closed }), ...(applied !== undefined && { applied }) }),
        }).where('id', '=', id).execute()
      }
      return read(db, id)
    })
  }
}

function decided(decision: CampaignDecision | undefined): Pick<Schema['campaign_items'], 'verdict' | 'decision'> {
  return { verdict: decision?.decision ?? null, decision: decision === undefined ? null : JSON.stringify(decision) }
}

async function read(db: Kysely<Schema>, id: string): Promise<Campaign | undefined> {
  const row = await db.selectFrom('campaigns').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) return undefined
  const items = await db.selectFrom('campaign_items').selectAll().where('campaign', '=', id).orderBy('agent').execute()
  return {
    ...campaignOf(row),
    items: items.map(({ agent, facts, decision }) => ({
      agent, facts: JSON.parse(facts) as AgentFacts, ...(decision !== null && { decision: JSON.parse(decision) as CampaignDecision }),
    })),
  }
}

function campaignOf({ id, state, opened_at: openedAtMs, due_at: dueAtMs, body }: Schema['campaigns']): Omit<Campaign, 'items'> {
  return { ...JSON.parse(body) as Body, id, state: state as Campaign['state'], openedAtMs, dueAtMs }
}
