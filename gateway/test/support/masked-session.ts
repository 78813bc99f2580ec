import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import pg from 'pg'
import { maskValue } from '../../src/governance/masking/apply-mask.ts'
import { CATALOG_FINGERPRINT, loadCatalog } from '../../src/protocols/postgres/catalog-queries.ts'
import type { Catalog } from '../../src/sql/catalog.ts'
import { findMaskUse } from '../../src/sql/lineage/mask-use.ts'
import { protectColumns, type ProtectedColumns } from '../../src/sql/lineage/protected-columns.ts'
import { loadParser, parseSql } from '../../src/sql/parser.ts'
import { MASKED_FIXTURES, SHOP_MASKS } from '../tables/masked-fixtures.ts'
import { startPostgres, type PostgresServer } from './postgres.ts'
import { createShop } from './shop.ts'

const TEXT_TYPES = new Set([19, 25, 1042, 1043])
const HASH_KEY = randomBytes(32)

/** A server with the shop, and what its administrator made over the masked tables. */
export interface MaskedShop {
  readonly server: PostgresServer
  /** Matches every form of a masked value. */
  readonly secrets: RegExp
}

export async function startMaskedShop(installation?: string): Promise<MaskedShop> {
  await loadParser()
  const server = await startPostgres({ auth: 'trust', settings: { fsync: 'off' }, ...(installation === undefined ? {} : { installation }) })
  await createShop(server)
  const client = new pg.Client(server.client('shop'))
  await client.connect()
  for (const sql of MASKED_FIXTURES) await client.query(sql)
  const values = (await client.query<{ value: string }>(`select unnest(array[email, ssn]) as value from customers
    union all select unnest(array[email, ssn]) from archive.customers union all select card_number from payments`)).rows
  await client.end()
  return { server, secrets: formsOf(values.map(({ value }) => value)) }
}

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
export class GovernedSession {
  readonly refusals: string[] = []
  readonly errors: string[] = []
  /** Statements that were let through. */
  ran = 0
  /** Values that were replaced. */
  masked = 0
  /** All that would have reached the client. */
  seen = ''
  readonly #client: pg.Client
  #known: Known | undefined

  constructor(server: PostgresServer) {
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
    this.ran += 1
    await this.#client.query('savepoint one')
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
  }

  #show(result: pg.QueryArrayResult<(string | null)[]>, mayReturn: boolean): void {
    for (const row of result.rows) {
      for (const [index, value] of row.entries()) {
        const field = result.fields[index]
        assert.ok(field !== undefined)
        const mask = mayReturn && field.tableID !== 0 ? this.#known?.protectedColumns.maskOf(field.tableID, field.columnID) : undefined
        if (mask !== undefined && value !== null) this.masked += 1
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
    // The fingerprint leaves temporary tables out; the gateway reads the catalog again after a session's own definitions.
    const temporary = await query("select coalesce(max(oid), 0) from pg_catalog.pg_class where relpersistence = 't'")
    const fingerprint = `${(await query(CATALOG_FINGERPRINT))[0]?.[0]} ${temporary[0]?.[0]}`
    let known = catalogs.get(fingerprint)
    if (known === undefined) {
      const catalog = await loadCatalog(query)
      known = { catalog, protectedColumns: protectColumns(catalog, SHOP_MASKS) }
      catalogs.set(fingerprint, known)
    }
    this.#known = known
  }
}

export async function governed(server: PostgresServer, run: (session: GovernedSession) => Promise<void>): Promise<GovernedSession> {
  const session = new GovernedSession(server)
  await session.open()
  try {
    await run(session)
  } finally {
    await session.close()
  }
  return session
}
