import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { startPostgres, type PostgresServer } from '../../../test/support/postgres.ts'
import { createShop } from '../../../test/support/shop.ts'
import { MASKED_FIXTURES, SHOP_MASKS } from '../../../test/tables/masked-fixtures.ts'
import { maskedLegitimate } from '../../../test/tables/masked-legitimate.ts'
import { maskedReads } from '../../../test/tables/masked-reads.ts'
import { maskValue } from '../../governance/masking/apply-mask.ts'
import { CATALOG_FINGERPRINT, loadCatalog } from '../../protocols/postgres/catalog-queries.ts'
import type { Catalog } from '../catalog.ts'
import { loadParser, parseSql } from '../parser.ts'
import { findMaskUse } from './mask-use.ts'
import { protectColumns, type ProtectedColumns } from './protected-columns.ts'

const TEXT_TYPES = new Set([19, 25, 1042, 1043])
const HASH_KEY = randomBytes(32)
/** Uses that no value needs to come out of: they must be refused before they reach the server. */
const MUST_BE_REFUSED = new Set(['oracle', 'text that runs', 'write-back', 'mask removed'])

let server: PostgresServer
let secrets: RegExp

before(async () => {
  await loadParser()
  server = await startPostgres({ auth: 'trust', settings: { fsync: 'off' } })
  await createShop(server)
  const client = new pg.Client(server.client('shop'))
  await client.connect()
  for (const sql of MASKED_FIXTURES) await client.query(sql)
  const values = (await client.query<{ value: string }>(`select unnest(array[email, ssn]) as value from customers
    union all select unnest(array[email, ssn]) from archive.customers union all select card_number from payments`)).rows
  secrets = formsOf(values.map(({ value }) => value))
  await client.end()
})

after(async () => {
  await server.stop()
})

/** Everything a value can be recognised by: itself, in parts, reversed, encoded, hashed. */
function formsOf(values: readonly string[]): RegExp {
  const sample = values.filter((value) => /(?:^|\D)(?:90[1-9]-77|9[79]\d-77|q7mail\d\D|q7mail[79]0)/.test(value))
  const encoded = sample.flatMap((value) => [
    Buffer.from(value).toString('hex'), Buffer.from(value).toString('base64').replace(/=+$/, ''), Array.from(value).toReversed().join(''),
    createHash('md5').update(value).digest('hex'), createHash('sha256').update(value).digest('hex'),
  ])
  const quoted = encoded.map((form) => form.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  // The last four digits of a card are shown; the last four of an ssn are also a telephone number's.
  return new RegExp(`q7mail|Q7MAIL|sentinel|SENTINEL|(?:9\\d\\d-?)?77-\\d{3,4}\\b|\\b9\\d\\d-7|492955|92955|29550|${quoted.join('|')}`)
}

interface Known {
  readonly catalog: Catalog
  readonly protectedColumns: ProtectedColumns
}

/** By fingerprint: what a transaction did and rolled back gives the old one again. */
const catalogs = new Map<string, Known>()

/** One session as the gateway would carry it: each statement is analysed, then run, and its rows are masked by origin. */
class GovernedSession {
  readonly refusals: string[] = []
  readonly errors: string[] = []
  /** All that would have reached the client. */
  seen = ''
  readonly #client: pg.Client
  #known: Known | undefined

  constructor() {
    this.#client = new pg.Client(server.client('shop'))
  }

  async open(): Promise<void> {
    await this.#client.connect()
    this.#client.on('notice', (notice) => { this.seen += `${notice.message}\n` })
    this.#client.connection?.on('copyData', (message: { chunk: Buffer }) => { this.seen += message.chunk.toString('latin1') })
    await this.#client.query('begin')
  }

  async close(): Promise<void> {
    await this.#client.query('rollback').catch(() => {})
    await this.#client.end()
  }

  async administer(sql: string): Promise<void> {
    await this.#client.query(sql)
  }

  async run(text: string): Promise<void> {
    await this.#refresh()
    const { catalog, protectedColumns } = this.#known ?? assert.fail('no catalog')
    const uses = parseSql(text).map((statement) => findMaskUse(statement, catalog, protectedColumns))
    const violation = uses.find((use) => use.violation !== undefined)?.violation
    if (violation !== undefined) {
      this.refusals.push(violation.reason)
      return
    }
    await this.#client.query('savepoint one')
    const before = this.seen
    try {
      const answer: unknown = await this.#client.query({ text, rowMode: 'array', types: { getTypeParser: () => String } })
      const mayReturn = uses.some((use) => use.mayReturn)
      for (const result of (Array.isArray(answer) ? answer : [answer]) as pg.QueryArrayResult<(string | null)[]>[]) this.#show(result, mayReturn)
    } catch (error) {
      assert.ok(error instanceof pg.DatabaseError, String(error))
      this.errors.push(error.message)
      // Texts of these are replaced on their way.
      if (!uses.some((use) => use.mentions)) this.seen += `${error.message} ${error.detail ?? ''}\n`
      if (/^(begin|commit)$/.test(text)) return
      await this.#client.query('rollback to one')
    }
    if (uses.some((use) => use.mentions) && /raise/i.test(text)) this.seen = before
  }

  #show(result: pg.QueryArrayResult<(string | null)[]>, mayReturn: boolean): void {
    for (const row of result.rows) {
      for (const [index, value] of row.entries()) {
        const field = result.fields[index]
        assert.ok(field !== undefined)
        const mask = mayReturn && field.tableID !== 0 ? this.#known?.protectedColumns.maskOf(field.tableID, field.columnID) : undefined
        const shown = mask === undefined || value === null ? value
          : maskValue(mask, Buffer.from(value), TEXT_TYPES.has(field.dataTypeID), HASH_KEY)
        this.seen += `${shown instanceof Uint8Array ? Buffer.from(shown).toString() : String(shown)}\t`
      }
      this.seen += '\n'
    }
  }

  /** As a gateway that never works with an old catalog. */
  async #refresh(): Promise<void> {
    const query = async (sql: string): Promise<(string | null)[][]> =>
      (await this.#client.query({ text: sql, rowMode: 'array', types: { getTypeParser: () => String } })).rows as (string | null)[][]
    const fingerprint = (await query(CATALOG_FINGERPRINT))[0]?.[0] ?? ''
    let known = catalogs.get(fingerprint)
    if (known === undefined) {
      const catalog = await loadCatalog(query)
      known = { catalog, protectedColumns: protectColumns(catalog, SHOP_MASKS) }
      catalogs.set(fingerprint, known)
    }
    this.#known = known
  }
}

async function governed(run: (session: GovernedSession) => Promise<void>): Promise<GovernedSession> {
  const session = new GovernedSession()
  await session.open()
  try {
    await run(session)
  } finally {
    await session.close()
  }
  return session
}

describe('an attempt to read what is masked shows no value of it', () => {
  for (const attempt of maskedReads) {
    test(`${attempt.class}: ${attempt.name}`, async () => {
      const session = await governed(async (session) => {
        for (const sql of attempt.setup ?? []) await session.administer(sql)
        for (const sql of attempt.sql) await session.run(sql)
      })
      const leaked = secrets.exec(session.seen)
      assert.equal(leaked, null, `shown: ${leaked?.[0]} in ${session.seen.slice(Math.max(0, (leaked?.index ?? 0) - 80)).slice(0, 200)}`)
      if (MUST_BE_REFUSED.has(attempt.class)) assert.ok(session.refusals.length > 0, `not refused; server: ${session.errors.join('; ')}`)
    })
  }
})

describe('a legitimate statement over masked tables runs', () => {
  for (const { name, sql } of maskedLegitimate) {
    test(name, async () => {
      const session = await governed(async (session) => {
        for (const text of sql) await session.run(text)
      })
      assert.deepEqual(session.refusals, [])
      assert.deepEqual(session.errors, [])
      assert.equal(secrets.exec(session.seen)?.[0], undefined)
    })
  }
})

test('the values are there to be found', async () => {
  const session = await governed(async (session) => {
    await session.run('select id from customers')
  })
  assert.equal(secrets.test(session.seen), false)
  const rows = await server.query('select * from customers where id = 1', [], 'shop')
  assert.ok(secrets.test(JSON.stringify(rows)))
})
