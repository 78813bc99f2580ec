import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import pg from 'pg'
import { type Endpoint, type Journey, startJourney } from './endpoints.ts'
import { MASKED_WRITES } from './policies.ts'
import { leaksIn } from './shop.ts'
import { legitimateReads } from '../tables/legitimate-reads.ts'
import { MASKED_FIXTURES } from '../tables/masked-fixtures.ts'
import { maskedLegitimate } from '../tables/masked-legitimate.ts'
import { maskedReads } from '../tables/masked-reads.ts'
import { DEFINITION_FIXTURES, readsByDefinition } from '../tables/masked-reads-by-definition.ts'
import { writeEvasions } from '../tables/write-evasions.ts'

/** Both ways a client can send a statement: what one refuses the other must refuse too. */
export type Mode = 'simple' | 'extended'

/** The server itself takes these in no Parse message, or not without parameters. */
const SIMPLE_ONLY = new Set(['several statements', 'explain generic plan', 'statistics', 'settings', 'cursor of Tableau', 'pgAdmin at connect'])

const READS_ONLY = `
masks: []
rules:
  - { name: reads, when: operation.readOnly, then: allow }
`

/** The gateway's own login may do anything on the target: nothing but the gateway stands in the way. */
async function start(policy: string, agent?: string, fixtures: readonly string[] = []): Promise<Journey> {
  const journey = await startJourney(policy, agent)
  await journey.server.query(`alter role ${journey.shop.user} superuser`)
  for (const sql of fixtures) await journey.server.query(sql, [], journey.shop.database)
  return journey
}

/** Everything that came back from one session: rows, notices, notifications and errors, in every form a leak could take. */
async function attempt(endpoint: Endpoint, statements: readonly string[], mode: Mode): Promise<{ seen: string; errors: string[] }> {
  const seen: string[] = []
  const errors: string[] = []
  const client = new pg.Client({ ...endpoint, ssl: { ca: endpoint.ca }, connectionTimeoutMillis: 15_000, types: { getTypeParser: () => (value: unknown) => String(value) } })
  client.on('error', (error) => errors.push(String(error)))
  client.on('notice', (notice) => seen.push(JSON.stringify(Object.entries(notice))))
  client.on('notification', (notification) => seen.push(JSON.stringify(notification)))
  await client.connect()
  for (const text of statements) {
    try {
      const result: unknown = await client.query({ text, queryMode: mode, rowMode: 'array' } as pg.QueryArrayConfig)
      for (const { rows } of [result].flat() as pg.QueryArrayResult[]) seen.push(JSON.stringify(rows))
    } catch (error) {
      errors.push(error instanceof pg.DatabaseError ? `${error.code} ${error.message}` : String(error))
      seen.push(JSON.stringify(Object.entries(error as object)), String(error))
    }
  }
  await client.end().catch(() => undefined)
  return { seen: seen.join('\n'), errors }
}

/** A leak in the clear, reversed, or as hexadecimal digits or base64 of the text. */
function leaksInAnyForm(text: string): string[] {
  const hex = text.replaceAll(/(?:[0-9a-f]{2}){6,}/gi, (digits) => Buffer.from(digits, 'hex').toString('latin1'))
  const base64 = text.replaceAll(/[A-Za-z0-9+/]{12,}={0,2}/g, (encoded) => Buffer.from(encoded, 'base64').toString('latin1'))
  const forms = [text, text.split('').toReversed().join(''), hex, base64]
  return [...new Set(forms.flatMap(leaksIn))]
}

/** Write evasions, which must change nothing, and legitimate reads, which must run. */
export function testReadsOnly(mode: Mode): void {
  suite('under a rule that lets only reads through', { concurrency: 1 }, () => {
    let journey: Journey
    let endpoint: Endpoint
    /** Of the data as they were left; undefined when a test has to look. */
    let known: string | undefined
    before(async () => {
      journey = await start(READS_ONLY, 'nightly-report')
      endpoint = await journey.endpoint('gateway')
    })
    after(() => journey.stop())

    for (const evasion of writeEvasions) {
      test(`${mode}: nothing changes by: ${evasion.class}: ${evasion.name}`, async () => {
        if (evasion.setup !== undefined) known = undefined
        for (const sql of evasion.setup ?? []) await journey.server.query(sql, [], journey.shop.database).catch(() => undefined)
        const before = known ?? await journey.shop.fingerprint()
        await attempt(endpoint, evasion.sql, mode)
        known = await journey.shop.fingerprint()
        assert.equal(known, before)
      })
    }

    test('every legitimate statement runs', async () => {
      const failed: string[] = []
      for (const { name, sql } of legitimateReads) {
        if (mode === 'extended' && SIMPLE_ONLY.has(name)) continue
        const { errors } = await attempt(endpoint, [sql].flat(), mode)
        if (errors.length > 0) failed.push(`${mode}: ${name}: ${errors.join('; ')}`)
      }
      assert.deepEqual(failed, [])
    })
  })
}

/** Texts that the parser here does not read as the target does, or not at all. */
const UNREAD: readonly { readonly name: string; readonly sql: readonly string[] }[] = [
  { name: 'longer than what is analysed', sql: [`select lower(ssn) from customers -- ${'x'.repeat(1_100_000)}`] },
  { name: 'after standard_conforming_strings is off', sql: ['set standard_conforming_strings = off', "select lower(ssn), '\\' from customers"] },
  { name: 'in another encoding', sql: ["set client_encoding = 'LATIN1'", "select lower(ssn), 'ü' from customers"] },
  { name: 'nested too deep', sql: [`select ${'('.repeat(30_000)}lower(ssn)${')'.repeat(30_000)} from customers`] },
]

/** Ways to see a masked value, none of which may. */
export function testMaskedReads(name: string, policy: string, mode: Mode): void {
  suite(`under ${name}`, { concurrency: 1 }, () => {
    let journey: Journey
    let endpoint: Endpoint
    before(async () => {
      journey = await start(policy, undefined, [...MASKED_FIXTURES, ...DEFINITION_FIXTURES])
      endpoint = await journey.endpoint('gateway')
    })
    after(() => journey.stop())

    for (const { name: way, sql } of UNREAD) {
      test(`${mode}: no masked value comes out by a text ${way}`, async () => {
        assert.deepEqual(leaksInAnyForm((await attempt(endpoint, sql, mode)).seen), [])
      })
    }

    for (const read of [...maskedReads, ...readsByDefinition]) {
      test(`${mode}: no masked value comes out by: ${read.class}: ${read.name}`, async () => {
        for (const sql of read.setup ?? []) await journey.server.query(sql, [], journey.shop.database).catch(() => undefined)
        const { seen } = await attempt(endpoint, read.sql, mode)
        assert.deepEqual(leaksInAnyForm(seen), [])
      })
    }
  })
}

/** What touches no masked value, which must run. */
export function testMaskedLegitimate(mode: Mode): void {
  suite('with masks, statements that touch no masked value', { concurrency: 1 }, () => {
    let journey: Journey
    before(async () => {
      journey = await start(MASKED_WRITES, undefined, MASKED_FIXTURES)
    })
    after(() => journey.stop())

    test('run', async () => {
      const endpoint = await journey.endpoint('gateway')
      const failed: string[] = []
      for (const { name, sql } of maskedLegitimate) {
        // The server itself takes several statements in no Parse message.
        if (mode === 'extended' && name.endsWith(' in one message')) continue
        // What a transaction has not committed yet, the gateway's own connection cannot see.
        const wrapped = /^(temporary|new) /.test(name) ? [...sql, 'drop view if exists city_names'] : ['begin', ...sql, 'rollback']
        const { errors, seen } = await attempt(endpoint, wrapped, mode)
        if (errors.length > 0) failed.push(`${mode}: ${name}: ${errors.join('; ')}`)
        if (leaksInAnyForm(seen).length > 0) failed.push(`${mode}: ${name}: leaked`)
      }
      assert.deepEqual(failed, [])
    })
  })
}
