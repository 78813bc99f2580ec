import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { loadCatalog } from '../../src/protocols/postgres/catalog-queries.ts'
import { loadParser, StatementAnalyser } from '../../src/sql/statement-analyser.ts'
import { startPostgres } from '../support/postgres.ts'
import type { PostgresServer } from '../support/postgres.ts'
import { createShop } from '../support/shop.ts'
import { legitimateReads } from './legitimate-reads.ts'
import { writeEvasions } from './write-evasions.ts'

describe('what the analysis takes for a read', () => {
  let server: PostgresServer
  let client: pg.Client
  let analyser: StatementAnalyser

  before(async () => {
    await loadParser()
    server = await startPostgres()
    const shop = await createShop(server)
    client = new pg.Client({ ...server.client('shop'), user: shop.user, password: shop.password })
    await client.connect()
    for (const statement of new Set(writeEvasions.flatMap((evasion) => evasion.setup ?? []))) await client.query(statement)
    const asText = { getTypeParser: () => (value: string) => value }
    const catalog = await loadCatalog(async (text) =>
      (await client.query<(string | null)[]>({ text, rowMode: 'array', types: asText })).rows)
    analyser = new StatementAnalyser({ catalog })
  })

  after(async () => {
    await client.end()
    await server.stop()
  })

  it('has names that tell the members of both tables apart', () => {
    for (const table of [writeEvasions, legitimateReads]) {
      assert.equal(new Set(table.map((member) => `${member.class}: ${member.name}`)).size, table.length)
    }
    assert.ok(writeEvasions.length >= 170)
    assert.ok(legitimateReads.length >= 120)
  })

  for (const evasion of writeEvasions) {
    it(`not a read: ${evasion.class}: ${evasion.name}`, async () => {
      // Parsers that a text deep enough has ended are replaced meanwhile: what is caught must not be so for want of one.
      await sleep(evasion.class === 'size and depth' ? 50 : 0)
      const analyses = evasion.sql.map((text) => analyser.analyse(text))
      if (evasion.changesReading === true) assert.ok(analyses.some((analysis) => analysis.mayChangeReading))
      else assert.ok(analyses.some(({ facts }) => !facts.readOnly), JSON.stringify(analyses.map(({ facts }) => facts)))
    })
  }

  for (const { name, class: kind, sql } of legitimateReads) {
    it(`a read: ${kind}: ${name}`, async () => {
      for (const text of sql) {
        const { facts } = analyser.analyse(text)
        assert.ok(facts.readOnly && !facts.unknown, JSON.stringify(facts))
        await client.query(text)
      }
      await client.query('rollback')
      await client.query('discard all')
    })
  }
})
